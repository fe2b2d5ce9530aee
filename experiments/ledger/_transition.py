"""What claims about the transition share: which families, and gamma as published."""

import numpy as np

from ._tables import FamilyScores

#: The families behind the published slope and scale.
POOLED = ("Pythia", "Llama-1", "Llama-2")


def ratios(data: FamilyScores) -> tuple[np.ndarray, np.ndarray]:
    """gamma and mean log10 N of every step, as published: plain ratios of differences."""
    rise = np.diff(data.x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.diff(data.y) / rise, (data.log10_params[1:] + data.log10_params[:-1]) / 2
