"""The models that one model is compared with: who is left out, where it ranks, who lies near."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from .._tables.benchmarks import benchmark
from .._tables.model_names import plain_name
from .._tables.scores import ScoreTable
from .given import GivenModel

#: Two models with two or more scores this near to each other are one under two names.
_SAME = 5e-4
_FEWEST_SAME = 2
#: In names without separators: a maker's before the family, and what says how data were cleaned.
_TWIN_WORDS = re.compile("^meta(?=llama)|deduped$|base$")
_LEAST_SHARED = 0.5
_FAR = 10.0


@dataclass(frozen=True)
class Rank:
    """Where one score lies: `below` of `models` models have less (ties count half)."""

    benchmark: str
    score: float
    below: float
    models: int

    @property
    def percentile(self) -> float:
        """Share of the models that have less, a fraction."""
        return self.below / self.models


@dataclass(frozen=True)
class NearModel:
    """A model near the one that is asked about.

    `distance`: root mean square of the differences of the scores that both have, each in standard
    deviations of all models. `params`: a count.
    """

    model: str
    family: str
    params: float
    distance: float


def without_twins(model: GivenModel, frame: pd.DataFrame) -> Bool[np.ndarray, " models"]:
    """Rows that are not the model itself: of another name in any spelling, with other scores."""
    name = _bare_name(model.name)
    twins = np.array([_bare_name(other) == name for other in frame["model"]], dtype=bool)
    shared = [b for b in model.scores if b in frame]
    if len(shared) >= _FEWEST_SAME:
        own = np.array([model.scores[b] for b in shared])
        gap = np.abs(frame[shared].to_numpy(float) - own)
        there = np.isfinite(gap).sum(axis=1) >= _FEWEST_SAME
        twins |= there & (np.where(np.isnan(gap), 0.0, gap) <= _SAME).all(axis=1)
    return ~twins


def _bare_name(model: str) -> str:
    """A name without what twins differ by: `meta-llama/Meta-Llama-3-8B` is `llama38b`."""
    return _TWIN_WORDS.sub("", plain_name(model)) or plain_name(model)


def levels(model: GivenModel, frame: pd.DataFrame) -> tuple[Rank, ...]:
    """Rank of every score that is given, among the models that have it."""
    found = []
    for name, score in model.scores.items():
        others = frame[name].dropna().to_numpy(float)
        if benchmark(name).lower_is_better:
            others, score = 1 - others, 1 - score
        below = float((others < score).sum() + 0.5 * (others == score).sum())
        if others.size:
            found.append(Rank(name, model.scores[name], below, int(others.size)))
    return tuple(found)


def distances(
    scores: dict[str, float], frame: pd.DataFrame, spread: pd.Series
) -> Float[np.ndarray, " models"]:
    """Distance of every model from the given scores; NaN where it has under half of them."""
    names = [name for name in scores if spread[name] > 0]
    if not names:
        return np.full(len(frame), math.nan)
    own = np.array([scores[name] for name in names])
    steps = (frame[names].to_numpy(float) - own) / spread[names].to_numpy(float)
    there = np.isfinite(steps)
    shared = there.sum(axis=1)
    squares = np.where(there, steps, 0.0) ** 2
    with np.errstate(invalid="ignore"):
        found = np.sqrt(squares.sum(axis=1) / np.where(shared, shared, np.nan))
    return np.where(shared >= _LEAST_SHARED * len(names), found, np.nan)


def nearest_models(
    model: GivenModel, table: ScoreTable, frame: pd.DataFrame, *, count: int
) -> tuple[NearModel, ...]:
    """The `count` models of `frame` nearest in standardised scores, the nearest first."""
    spread = frame[list(table.benchmarks)].std()
    distance = distances(dict(model.scores), frame, spread)
    order = np.argsort(distance, kind="stable")
    order = order[np.isfinite(distance[order])][:count]
    return tuple(
        NearModel(
            str(frame["model"].iloc[i]),
            str(frame["family"].iloc[i]),
            float(frame["params"].iloc[i]),
            float(distance[i]),
        )
        for i in order.tolist()
    )


def is_outside(model: GivenModel, table: ScoreTable, frame: pd.DataFrame) -> bool:
    """Whether the model lies farther from all others than any of them from its own nearest, or is
    ten times smaller or larger than all of them."""
    sizes = frame["params"].dropna().to_numpy(float)
    if sizes.size and (model.params < sizes.min() / _FAR or model.params > sizes.max() * _FAR):
        return True
    spread = frame[list(table.benchmarks)].std()
    names = list(model.scores)
    own = distances(dict(model.scores), frame, spread)
    if not np.isfinite(own).any():
        return True
    rows = frame[names].dropna()
    if len(rows) < 2:
        return True
    steps = rows.to_numpy(float) / spread[names].replace(0, np.nan).to_numpy(float)
    gaps = np.sqrt(np.nanmean((steps[:, None] - steps[None]) ** 2, axis=-1))
    np.fill_diagonal(gaps, np.inf)
    return bool(np.nanmin(own) > gaps.min(axis=1).max())
