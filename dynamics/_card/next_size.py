"""What the forecaster expects of the next size of one model's family."""

import math
from dataclasses import dataclass, replace
from typing import Literal

from .._forecast.predict import FamilyPrediction, extend
from .._tables.scores import ScoreTable
from .given import GivenModel, as_row

#: The next size where none is named.
_FACTOR = 2.0


@dataclass(frozen=True)
class ExpectedScore:
    """One benchmark at the next size: expected score, its band, the score now; fractions."""

    benchmark: str
    expected: float
    low: float
    high: float
    now: float


@dataclass(frozen=True)
class NextSize:
    """What the forecaster expects of the next size.

    - `params`; `scores`, with bands that hold about `level` of unseen families' models.
    - `distance`: of the model from those that taught the forecaster, about 1 where it is like them
      (`Distance`); `families`: how many taught it.
    - `status`: `ok`, or `not_computable`; `why` says what is missing.
    """

    status: Literal["ok", "not_computable"]
    params: float = math.nan
    scores: tuple[ExpectedScore, ...] = ()
    level: float = math.nan
    distance: float = math.nan
    families: int = 0
    why: str = ""


def next_size(
    model: GivenModel, table: ScoreTable, *, params: float | None = None, level: float = 0.9
) -> NextSize:
    """Scores expected at `params` (twice the model's by default) from this one model.

    The families of the shipped table `uniform` teach the forecaster, without the model's own if it
    is there. A model without a size, or without a score that they have, gets `not_computable`.
    Raises ValueError for `params` that are not above the model's.
    """
    if not math.isfinite(model.params):
        return NextSize("not_computable", why="the model's size is not known; give params=7B")
    wanted = _FACTOR * model.params if params is None else params
    if not wanted > model.params:
        raise ValueError(f"next_params is {wanted:.4g}, not above the model's {model.params:.4g}")
    one = replace(
        table,
        name=model.name,
        frame=as_row(model, table),
        benchmarks=tuple(model.scores),
        left_out=table.left_out.iloc[:0],
        warnings=(),
        sha256="",
    )
    try:
        found = extend(one, model.name, params=wanted, trained_on="uniform", level=level)
    except ValueError as error:
        return NextSize("not_computable", params=wanted, why=str(error))
    return _read(model, found)


def _read(model: GivenModel, found: FamilyPrediction) -> NextSize:
    scores = tuple(
        ExpectedScore(name, float(middle), float(low), float(high), model.scores[name])
        for name, middle, low, high in zip(
            found.benchmarks, found.predicted[0], found.low[0], found.high[0], strict=True
        )
    )
    return NextSize(
        status="ok",
        params=float(found.at[0]),
        scores=scores,
        level=found.level,
        distance=found.distance.value,
        families=len(found.trained_on),
    )
