"""Checks that several commands share."""

import argparse


def check_resampling(options: argparse.Namespace) -> None:
    """Raise ValueError for too few resamples or a negative seed."""
    if options.n_boot < 100:
        raise ValueError(f"--n-boot {options.n_boot} is too few for an interval; give 100 or more")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is negative; give 0 or more")
