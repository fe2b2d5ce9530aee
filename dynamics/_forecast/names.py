"""The closed vocabularies of a forecast, in a file that imports nothing heavy."""

from typing import Literal

Protocol = Literal["A", "B", "third"]
Leave = Literal["family", "lab"]
SameSize = Literal["leave_out", "first"]
TrainedOn = Literal["uniform", "own", "both"]
