"""How two scores move together within a family: correlation, steps from size to size."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from .._statistics.correlation import pearson, permutation_p, residuals
from .scatter import Scatter
from .slope import Slope, errors_in_variables_slope

_FEWEST_MODELS = 5
#: A score that correlates more with size follows it.
ONLY_TREND = 0.9
#: A score is near chance within this share of the range above it.
_NEAR_CHANCE = 0.1


@dataclass(frozen=True)
class Correlation:
    """Correlation of two scores over the models of one family.

    - `r`, `p`: Pearson's r and its two-sided permutation p (NaN below 3 models, or where a score
      does not vary).
    - `partial_r`: r of what log10 N leaves over (NaN below 4 models); `partial_p`: its p.
    - `increment_r`: r of the changes from size to size (NaN below 3 steps).
    - `size_r`: r of each score with log10 N.
    - `notes`: `few_models` below 5; `only_trend` where a score correlates with log10 N above .9 in
      size: then r says little beyond how the two go with size.
    """

    models: int
    r: float
    p: float
    partial_r: float
    partial_p: float
    increment_r: float
    size_r: tuple[float, float]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """The coupling between two consecutive sizes of a family.

    `near_chance`: the smaller model's reasoning score lies within a tenth of the range above
    chance, so that a fall of the truth score can be no more than leaving chance.
    """

    smaller: str
    larger: str
    log10_params: float
    slope: Slope
    near_chance: bool


def correlate(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    log10_params: Float[np.ndarray, " models"],
    n_permutations: int = 10_000,
    seed: int = 0,
) -> Correlation:
    """Correlation of scores `x` and `y` (fractions), with what size alone explains beside it.

    Models in order of size. The partial r conditions on log10 N alone: where tokens or data change
    from size to size they are still in it. Its p permutes residuals (Freedman and Lane 1983).
    """
    n = len(x)
    enough = n >= 3
    r = pearson(x, y) if enough else math.nan
    p = permutation_p(x, y, n_permutations=n_permutations, seed=seed) if enough else math.nan
    partial = partial_p = math.nan
    if n >= 4 and np.ptp(log10_params) > 0:
        left_x = residuals(x, log10_params[:, None])
        left_y = residuals(y, log10_params[:, None])
        partial = pearson(left_x, left_y)
        partial_p = permutation_p(left_x, left_y, n_permutations=n_permutations, seed=seed)
    size_r = (pearson(x, log10_params), pearson(y, log10_params))
    notes = []
    if n < _FEWEST_MODELS:
        notes.append("few_models")
    if enough and max(abs(r_size) for r_size in size_r) > ONLY_TREND:
        notes.append("only_trend")
    return Correlation(
        models=n,
        r=r,
        p=p,
        partial_r=partial,
        partial_p=partial_p,
        increment_r=pearson(np.diff(x), np.diff(y)) if n >= 4 else math.nan,
        size_r=size_r,
        notes=tuple(notes),
    )


def steps(
    x: Float[np.ndarray, " models"],
    y: Float[np.ndarray, " models"],
    *,
    x_stderr: Float[np.ndarray, " models"],
    y_stderr: Float[np.ndarray, " models"],
    log10_params: Float[np.ndarray, " models"],
    models: tuple[str, ...],
    chance: float = 0.0,
    scatter: Scatter | None = None,
) -> tuple[Step, ...]:
    """The coupling of each step from one size to the next, smallest first.

    Models of one size make no step: the first of them stands for the size. `chance` is that of the
    reasoning benchmark. The phase of most single steps is `undetermined`, since 817 TruthfulQA
    questions give a standard error of 2.4 points to a difference.
    """
    order = np.argsort(log10_params, kind="stable")
    order = [
        i for k, i in enumerate(order) if k == 0 or log10_params[i] > log10_params[order[k - 1]]
    ]
    result = []
    for i, j in pairwise(order):
        both = [i, j]
        slope = errors_in_variables_slope(
            x[both], y[both], x_stderr=x_stderr[both], y_stderr=y_stderr[both], scatter=scatter
        )
        result.append(
            Step(
                smaller=models[i],
                larger=models[j],
                log10_params=float(log10_params[both].mean()),
                slope=slope,
                near_chance=bool(x[i] < chance + _NEAR_CHANCE * (1 - chance)),
            )
        )
    return tuple(result)
