"""Is a correlation of two benchmarks more than what all benchmarks share?"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy import stats

from ...common.nearest import there_are
from .._statistics.correlation import pearson, residuals

#: An other benchmark is given where this share of the pair's models have it.
_SHARE = 0.9


@dataclass(frozen=True)
class PairCorrelation:
    """Pearson's r of two benchmarks over the models that have both, with Fisher's interval.

    The interval takes models as independent; models of one lab are not, so it is too narrow.
    """

    first: str
    second: str
    models: int
    r: float
    low: float
    high: float


@dataclass(frozen=True)
class GeneralFactor:
    """A pair of benchmarks beside all pairs, and given the others.

    - `pair`: its own correlation; `given_others`: the same given the mean of the standardised
      others, over the models that have all of them (NaN where fewer than `least` models do).
    - `pairs`: every pair with `least` models or more; `positive`: how many lie above 0 at 95 %.
    """

    pair: PairCorrelation
    given_others: PairCorrelation
    others: tuple[str, ...]
    pairs: tuple[PairCorrelation, ...]
    positive: int


def correlation_interval(r: float, free: int, *, level: float = 0.95) -> tuple[float, float]:
    """Fisher's interval of a correlation of `free` values, given variables taken off; NaN below 4.

    **Source:** Fisher (1921), Metron 1.
    """
    if not math.isfinite(r) or free < 4:
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    half = float(stats.norm.ppf((1 + level) / 2)) / math.sqrt(free - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def pair_correlation(
    scores: Mapping[str, Float[np.ndarray, " models"]], first: str, second: str
) -> PairCorrelation:
    """r of two of the `scores` over the models that have both (NaN: not measured)."""
    x, y = np.asarray(scores[first], float), np.asarray(scores[second], float)
    both = np.isfinite(x) & np.isfinite(y)
    models, r = int(both.sum()), pearson(x[both], y[both])
    return PairCorrelation(first, second, models, r, *correlation_interval(r, models))


def general_factor(
    scores: Mapping[str, Float[np.ndarray, " models"]],
    pair: tuple[str, str],
    *,
    least: int = 10,
) -> GeneralFactor:
    """The correlation of a pair beside every pair's, and given what the other benchmarks share.

    **Arguments:** `scores`, benchmark -> fraction per model, NaN where not measured; `pair`, two of
    them; `least`, the models that a pair needs to count. Given are the others that nine in ten of
    the pair's models have, so that few models are lost.

    Raises ValueError where one of the pair is not in `scores`.
    """
    missing = [name for name in pair if name not in scores]
    if missing:
        raise ValueError(f"no scores of {missing[0]!r}; {there_are(missing[0], scores)}")
    values = {name: np.asarray(column, dtype=np.float64) for name, column in scores.items()}
    have = np.isfinite(values[pair[0]]) & np.isfinite(values[pair[1]])
    others = tuple(
        name
        for name, column in values.items()
        if name not in pair and np.sum(have & np.isfinite(column)) >= _SHARE * max(have.sum(), 1)
    )
    found = [pair_correlation(values, a, b) for a, b in combinations(values, 2)]
    pairs = tuple(p for p in found if p.models >= least and math.isfinite(p.r))
    return GeneralFactor(
        pair=pair_correlation(values, *pair),
        given_others=_given(values, pair, others, least),
        others=others,
        pairs=pairs,
        positive=sum(p.low > 0 for p in pairs),
    )


def _given(
    values: Mapping[str, np.ndarray], pair: tuple[str, str], others: tuple[str, ...], least: int
) -> PairCorrelation:
    """Partial r given the mean of the others, each standardised over the models that count."""
    used = np.all([np.isfinite(values[name]) for name in (*pair, *others)], axis=0)
    models = int(used.sum())
    if not others or models < least:
        return PairCorrelation(*pair, models, math.nan, math.nan, math.nan)
    columns = np.array([values[name][used] for name in others])
    spread = columns.std(axis=1, keepdims=True)
    shared = np.mean(
        (columns - columns.mean(axis=1, keepdims=True)) / np.where(spread, spread, 1), 0
    )
    x, y = (residuals(values[name][used], shared[:, None]) for name in pair)
    r = pearson(x, y)
    return PairCorrelation(*pair, models, r, *correlation_interval(r, models - 1))
