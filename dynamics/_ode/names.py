"""The closed vocabularies of a fit, in a file that imports nothing heavy."""

from typing import Literal

PenaltyName = Literal["ridge", "l1", "stlsq", "best-subset", "trajectory"]
FitMethod = Literal["integral", "trajectory"]
Noise = Literal["measurement", "increment"]
