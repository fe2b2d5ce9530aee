"""The coupling of the families near one model: what is usual where it stands.

It says nothing of the model's own coupling, which one model does not have.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from .._phases.measured import MeasuredScores
from .._phases.random_effects import combine_scores
from .._phases.scatter import Scatter
from .._phases.slope import Phase, phase_of
from .._statistics.resampling import family_index
from .._tables.benchmarks import benchmark

#: Models of each family that its local slope is taken from.
_WINDOW = 3
_FEWEST_FAMILIES = 3
#: The reasoning score counts as near chance within this share of the range above it.
_NEAR_CHANCE = 0.1
#: What is known of the place: the reasoning score and the size, or one of them.
By = Literal["score and size", "score", "size", "nothing"]


@dataclass(frozen=True)
class NearFamily:
    """A family near the model: the slope of its `models` models that lie nearest.

    - `slope`, `stderr`: coupling and its standard error, from item noise and the scatter between
      models; `gain`: how the reasoning score rises per decade of size there.
    - `distance`: of its nearest model in reasoning score and log10 of size, each in standard
      deviations of all models; `scores`: of the models, with what errors they have.
    """

    family: str
    models: tuple[str, ...]
    slope: float
    stderr: float
    gain: float
    distance: float
    scores: MeasuredScores = field(repr=False, compare=False)


@dataclass(frozen=True)
class Neighbourhood:
    """The mean coupling of the families near a model.

    - `phase`: what the 95 % interval `low`, `high` of the mean `gamma` leaves no doubt about, else
      `undetermined`; `why` says what else leaves it open.
    - `between_sd`: standard deviation of the couplings of single families about the mean, so a
      further family's lies within about two of them.
    - `near_chance`: the model's reasoning score is near chance, so part of a tax is leaving it.
    - `by`: what the families were chosen by, never the truth score (choosing by it would bend
      slopes towards zero).
    """

    phase: Phase
    gamma: float
    low: float
    high: float
    between_sd: float
    families: tuple[NearFamily, ...]
    by: By
    near_chance: bool
    why: str = ""


def neighbourhood(
    pair: pd.DataFrame,
    *,
    reasoning: str,
    score: float,
    log10_params: float,
    count: int,
    scatter: Scatter,
    outside: bool = False,
) -> Neighbourhood:
    """The mean coupling of the `count` families nearest in reasoning score and size.

    **Arguments:** `pair`, models with `family`, `model`, `x`, `y`, their standard errors and `time`
    (log10 of sizes); `score`, `log10_params`, the model's, NaN where it is not known.

    Each family counts by its three models (two where it has no more) about the one nearest to the
    given; slopes vary by their errors and truly, and are combined as `combine_families` does. A
    family whose scores there differ by little more than their errors does not count. `undetermined`
    below three families, from a size alone, and where an error is not known or the model lies
    outside of all models (`outside`).
    """
    by = _by(score, log10_params)
    chance = benchmark(reasoning).chance
    near_chance = bool(score - chance < _NEAR_CHANCE * (1 - chance))
    if by == "nothing":
        return _open(by, (), near_chance, f"neither {reasoning} nor a size is given")
    if by == "size":
        return _open(by, (), near_chance, "a size alone says nothing of a phase; give a score")
    found = near_families(
        pair, score=score, log10_params=log10_params, count=count, scatter=scatter
    )
    if len(found) < _FEWEST_FAMILIES:
        return _open(by, found, near_chance, f"{len(found)} families have two sizes to compare")
    if not all(math.isfinite(family.stderr) for family in found):
        return _open(by, found, near_chance, "no standard error is known for one of the scores")
    mean = combine_scores([family.scores for family in found])
    if mean.families < _FEWEST_FAMILIES:
        few = f"{mean.families} families differ in {reasoning} by more than its errors"
        return _open(by, found, near_chance, few)
    why = "no model of the table has such a score or size" if outside else ""
    return Neighbourhood(
        phase="undetermined" if outside else phase_of(mean.low, mean.high),
        gamma=mean.mean,
        low=mean.low,
        high=mean.high,
        between_sd=mean.between_sd,
        families=found,
        by=by,
        near_chance=near_chance,
        why=why,
    )


def near_families(
    pair: pd.DataFrame, *, score: float, log10_params: float, count: int, scatter: Scatter
) -> tuple[NearFamily, ...]:
    """The families of two sizes or more, nearest first, each with its local slope."""
    place = {"x": score, "time": log10_params}
    steps = [
        ((pair[column] - at) / pair[column].std()).to_numpy(float)
        for column, at in place.items()
        if math.isfinite(at)
    ]
    distance = np.sqrt(np.mean(np.square(steps), axis=0))
    values = {c: pair[c].to_numpy(float) for c in ("x", "y", "x_stderr", "y_stderr", "time")}
    models = pair["model"].to_numpy()
    found = []
    names, index = family_index(pair["family"].to_numpy())
    for i, name in enumerate(names.tolist()):
        rows = np.flatnonzero(index == i)
        order = rows[np.argsort(values["time"][rows], kind="stable")]
        anchor = int(np.argmin(distance[order]))
        window = order[_window(anchor, len(order))]
        if min(np.unique(values[c][window]).size for c in ("x", "time")) > 1:
            there = {c: value[window] for c, value in values.items()}
            far = float(distance[order[anchor]])
            found.append(_near_family(str(name), models[window], there, far, scatter))
    return tuple(sorted(found, key=lambda family: family.distance)[:count])


def _window(anchor: int, models: int) -> slice:
    first = max(0, min(anchor - _WINDOW // 2, models - _WINDOW))
    return slice(first, first + _WINDOW)


def _near_family(
    name: str, models: np.ndarray, there: dict[str, np.ndarray], distance: float, scatter: Scatter
) -> NearFamily:
    x, y, x_error, y_error = (there[c] for c in ("x", "y", "x_stderr", "y_stderr"))
    slope, spread = _corrected_slope(x, y, x_error)
    noise = np.mean(y_error**2) + scatter.sd**2 + slope**2 * np.mean(x_error**2)
    return NearFamily(
        family=name,
        models=tuple(map(str, models)),
        slope=slope,
        stderr=float(np.sqrt(noise / spread)),
        gain=float(np.polyfit(there["time"], x, 1)[0]),
        distance=distance,
        scores=MeasuredScores(x, y, x_error, np.hypot(y_error, scatter.sd)),
    )


def _corrected_slope(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    x_stderr: Float[np.ndarray, " models"],
) -> tuple[float, float]:
    """Least squares without the pull to zero of errors in `x`, and the sum of squares of `x`.

    The errors add (n - 1) se² to the sum of squares on average; where that is half of it or more
    the window says next to nothing, its standard error is wide, and it stays as it is.
    """
    centred = x - x.mean()
    spread = float(centred @ centred)
    by_error = float((len(x) - 1) * np.mean(x_stderr**2))
    true = spread - by_error if by_error < spread / 2 else spread
    return float(centred @ y) / true, true


def _by(score: float, log10_params: float) -> By:
    known = math.isfinite(score), math.isfinite(log10_params)
    names: dict[tuple[bool, bool], By] = {
        (True, True): "score and size", (True, False): "score",
        (False, True): "size", (False, False): "nothing",
    }  # fmt: skip
    return names[known]


def _open(by: By, families: tuple[NearFamily, ...], near_chance: bool, why: str) -> Neighbourhood:
    nan = math.nan
    return Neighbourhood(
        "undetermined", nan, -math.inf, math.inf, nan, families, by, near_chance, why
    )
