"""The scores of a table as arrays, families one after the other, so that sums over a family are
sums of a slice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from .._statistics.resampling import family_index
from .._tables.clock import CLOCKS
from .._tables.named import more_is_better
from .._tables.scores import ScoreTable


@dataclass(frozen=True)
class ScoreColumns:
    """Scores of models, those of a family one after the other.

    - `names`: the benchmarks; `scores` (fractions, more being better) and their standard `errors`,
      NaN where not known.
    - `time`: place on the table's clock; `date`: in years, NaN where not known.
    - `index`: number of each model's family; `starts`: the first model of each family.
    """

    names: tuple[str, ...]
    scores: Float[np.ndarray, "models benchmarks"]
    errors: Float[np.ndarray, "models benchmarks"]
    time: Float[np.ndarray, " models"]
    date: Float[np.ndarray, " models"]
    index: Int[np.ndarray, " models"]
    starts: Int[np.ndarray, " families"]
    families: tuple[str, ...]

    @property
    def known(self) -> Bool[np.ndarray, "models benchmarks"]:
        """Which scores there are."""
        return np.isfinite(self.scores)

    def sums(self, values: Float[np.ndarray, "models *columns"]) -> np.ndarray:
        """Sums by family; families are the first axis."""
        return np.add.reduceat(values, self.starts, axis=0)


class Centred(NamedTuple):
    """Values about the mean of their family over the models that count, 0 for the others; `models`
    of each family."""

    values: Float[np.ndarray, "models benchmarks"]
    models: Float[np.ndarray, "families benchmarks"]


def score_columns(table: ScoreTable, names: Sequence[str]) -> ScoreColumns:
    """The columns `names` of a table, which are benchmarks of it."""
    _, index = family_index(table.frame["family"].to_numpy())
    order = np.argsort(index, kind="stable")
    frame = table.frame.iloc[order]
    index = index[order]
    scores = np.column_stack([more_is_better(frame, name).to_numpy(float) for name in names])
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    return ScoreColumns(
        names=tuple(names),
        scores=scores,
        errors=np.column_stack([table.stderr(name, frame) for name in names]),
        time=table.time(frame),
        date=CLOCKS["date"].position(frame),
        index=index,
        starts=starts,
        families=tuple(frame["family"].iloc[starts]),
    )


def centre(
    columns: ScoreColumns,
    values: Float[np.ndarray, "models benchmarks"],
    counts: Bool[np.ndarray, "models benchmarks"],
) -> Centred:
    """`values` about their family's mean over the models that `counts`."""
    models = columns.sums(counts.astype(float))
    total = columns.sums(np.where(counts, values, 0.0))
    mean = np.divide(total, models, out=np.zeros_like(total), where=models > 0)
    return Centred(np.where(counts, values - mean[columns.index], 0.0), models)


def with_mean(columns: ScoreColumns, of: Sequence[str], name: str) -> ScoreColumns:
    """The same columns and one more, `name`: the mean of the scores `of` for models with all of
    them, their errors taken as independent."""
    at = [columns.names.index(one) for one in of]
    mean = columns.scores[:, at].mean(axis=1, keepdims=True)
    error = np.sqrt((columns.errors[:, at] ** 2).sum(axis=1, keepdims=True)) / len(at)
    return replace(
        columns,
        names=(*columns.names, name),
        scores=np.hstack([columns.scores, mean]),
        errors=np.hstack([columns.errors, error]),
    )
