"""Clocks: along what the models of a family, or the checkpoints of one, are put in order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd
from jaxtyping import Float

from ...common.nearest import there_are

Along = Literal["params", "tokens", "flops", "step", "date"]

#: Operations of training per token and parameter (Kaplan et al. 2020, arXiv:2001.08361).
_FLOPS_PER_PARAMETER = 6.0
#: Day and month, or month and day.
_EITHER_WAY = r"(0?[1-9]|1[0-2])[/.](0?[1-9]|1[0-2])[/.]\d{4}"


@dataclass(frozen=True)
class Clock:
    """One clock, and how it is spoken of.

    - `name`: as `--along` calls it; `axis`: the name of its positions in results.
    - `title`: of an axis; `symbol`: in the heading of a column; `points`: what several positions of
      a family are called.
    - `last`: the end of a family along it.
    - `trains`: whether it runs while one model is trained, so that checkpoints are its points.

    - `middle`: a usual position. What predicts along sizes runs at one unit per decade at 10^9.5
      parameters, so positions along other clocks are moved there from their middle.

    Positions are log10 of counts (parameters, tokens, FLOPs, steps), or years for dates.
    """

    name: Along
    axis: str
    title: str
    symbol: str
    points: str
    last: str
    middle: float
    trains: bool = False

    @property
    def word(self) -> str:
        """What it is in a sentence: size, tokens, FLOPs, steps, date."""
        return {"params": "size", "step": "steps"}.get(self.name, self.symbol)

    @property
    def is_date(self) -> bool:
        """Whether positions are years and not logarithms of counts."""
        return self.name == "date"

    def position(self, frame: pd.DataFrame) -> Float[np.ndarray, " rows"]:
        """Where each row of a score table stands; NaN where it does not say, -inf at a count of 0.

        FLOPs that are not stated are 6 x parameters (active ones where given) x tokens.
        """
        if self.is_date:
            return _years(frame)
        counts = flops_of(frame) if self.name == "flops" else _numbers(frame, self.name)
        return self.places(counts)

    def places(self, values: Float[np.ndarray, " _"]) -> Float[np.ndarray, " _"]:
        """The positions of counts, or of years, which are their own."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return values if self.is_date else np.log10(values)

    def value(self, position: float) -> float:
        """The count at a position, or the year."""
        if self.is_date or math.isnan(position):
            return position
        return 10**position if abs(position) < 300 else math.copysign(math.inf, position)


_TRAINING = ("points", "the last points")
CLOCKS: Mapping[str, Clock] = MappingProxyType(
    {
        clock.name: clock
        for clock in (
            Clock("params", "log10_params", "log N", "N", "sizes", "the largest models", 9.5),
            Clock("tokens", "log10_tokens", "log tokens", "tokens", *_TRAINING, 10.5, trains=True),
            Clock("flops", "log10_flops", "log FLOPs", "FLOPs", *_TRAINING, 20.5, trains=True),
            Clock("step", "log10_step", "log step", "step", *_TRAINING, 3.5, trains=True),
            Clock("date", "date", "date", "date", "dates", "the latest models", 2023.0),
        )
    }
)


def clock_of(along: str) -> Clock:
    """The clock of that name. Raises ValueError with the names there are."""
    if along not in CLOCKS:
        raise ValueError(f"along is {along!r}; {there_are(along, get_args(Along))}")
    return CLOCKS[along]


def flops_of(frame: pd.DataFrame) -> Float[np.ndarray, " rows"]:
    """FLOPs of training as stated, else from parameters and tokens."""
    params = _numbers(frame, "params")
    active = _numbers(frame, "active_params")
    computed = (
        _FLOPS_PER_PARAMETER
        * np.where(np.isnan(active), params, active)
        * _numbers(frame, "tokens")
    )
    stated = _numbers(frame, "flops")
    return np.where(np.isnan(stated), computed, stated)


def _numbers(frame: pd.DataFrame, column: str) -> Float[np.ndarray, " rows"]:
    if column not in frame:
        return np.full(len(frame), np.nan)
    return frame[column].to_numpy(float)


def _years(frame: pd.DataFrame) -> Float[np.ndarray, " rows"]:
    """Dates as years with their fraction: the second of July 2024 is 2024.5. Days are exact to
    1e-12 years in 64 bits. NaN for what may be two dates (03/04/2024), and for plain counts of days
    or seconds, whose origin nobody says."""
    if "date" not in frame:
        return np.full(len(frame), np.nan)
    written = frame["date"].astype(str).str.strip()
    decimal = pd.to_numeric(written.where(written.str.fullmatch(r"\d{4}\.\d+")), errors="coerce")
    doubtful = written.str.fullmatch(_EITHER_WAY) | written.str.fullmatch(r"\d{5,7}|\d{9,}")
    plain = written.mask(doubtful | decimal.notna(), "")
    dates = pd.to_datetime(plain, errors="coerce", format="mixed", utc=True)
    days = dates.dt.day_of_year.to_numpy(float) - 1
    length = np.where(dates.dt.is_leap_year.to_numpy(bool), 366.0, 365.0)
    return decimal.fillna(dates.dt.year + days / length).to_numpy(float)
