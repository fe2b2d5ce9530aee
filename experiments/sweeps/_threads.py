"""Threads of one job, so that the jobs of one machine do not fight over its cores."""

import os

# XLA's CPU client takes the size of its pool from NPROC; the others are BLAS and OpenMP libraries.
_NAMES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",
)


def thread_variables(threads: int) -> dict[str, str]:
    """The environment in which every library takes this many threads."""
    return {name: str(threads) for name in _NAMES}


def limit_threads(threads: int) -> None:
    """Set the environment of this process and of those that it starts.

    It holds for libraries that are not imported yet; PyTorch is told again where it is.
    """
    import sys

    os.environ.update(thread_variables(threads))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
