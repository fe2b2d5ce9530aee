"""Does width matter at equal size? A regression where width and depth were varied by design."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ...common.display import shown
from ...common.statistics import holm

#: Parameters of the blocks of a transformer grow as layers x width².
_WIDTH_POWER = 2
_TERMS = 3


@shown
@dataclass(frozen=True)
class ShapeEffect:
    """What width and size do to one score, over models of several shapes.

    - `by_width`, `low`, `high`: change of the score per decade of width at equal size (depth falls
      by two decades then), a fraction, with its 95 % interval; `p`: of none, after Holm over all
      benchmarks that are asked together.
    - `by_size`, `by_size_low`, `by_size_high`: per decade of parameters at one shape (width and
      depth grow alike).
    - `vif`: by how much width going with depth inflates the variance of either's effect; near 1
      where the design keeps them apart.
    - `shapes`: how many there are.
    """

    benchmark: str
    by_width: float
    low: float
    high: float
    p: float
    by_size: float
    by_size_low: float
    by_size_high: float
    vif: float
    shapes: int

    def within(self, share: float) -> bool:
        """Whether width does, at 95 %, less than `share` of what size does."""
        most = share * abs(self.by_size)
        return -most < self.low and self.high < most


def shape_effects(
    frame: pd.DataFrame, benchmarks: tuple[str, ...], *, last: int = 5, level: float = 0.95
) -> tuple[ShapeEffect, ...]:
    """The effect of width at equal size on each of `benchmarks`.

    **Arguments**: `frame`, rows with `model`, `d_model`, `layers`, `tokens` and the benchmarks as
    fractions; of a model with several checkpoints the `last` ones are averaged, which takes the
    noise of a single one away.

    Least squares of the score on log10 width and log10 depth. The parameters of the blocks grow as
    depth x width², so at equal size a decade more of width is two decades less of depth: its effect
    is b_width - 2 b_depth. At one shape a decade of parameters is a third of a decade of both:
    (b_width + b_depth) / 3.

    **Raises** ValueError for fewer than five shapes, or where width and depth do not vary apart.

    **Limits**: the shapes must have had the same data and tokens; embeddings, which grow with width
    alone, are not in the size.
    """
    rows = frame.sort_values("tokens", kind="stable").groupby("model", sort=True).tail(last)
    means = rows.groupby("model")[["d_model", "layers", *benchmarks]].mean()
    width, depth = (np.log10(means[name].to_numpy(float)) for name in ("d_model", "layers"))
    design = np.column_stack([np.ones(len(means)), width, depth])
    if len(means) < _TERMS + 2 or np.linalg.matrix_rank(design) < _TERMS:
        raise ValueError(
            f"{len(means)} shapes; give five or more whose width and depth do not go together"
        )
    inverse = np.linalg.inv(design.T @ design)
    dof = len(means) - _TERMS
    quantile = float(stats.t.ppf((1 + level) / 2, dof))
    contrasts = np.array([[0.0, 1.0, -_WIDTH_POWER], [0.0, 1 / 3, 1 / 3]])
    spread = np.sqrt(np.einsum("ci,ij,cj->c", contrasts, inverse, contrasts))
    found = []
    for name in benchmarks:
        score = means[name].to_numpy(float)
        beta = inverse @ (design.T @ score)
        left = score - design @ beta
        error = spread * np.sqrt(float(left @ left) / dof)
        found.append((name, contrasts @ beta, quantile * error, error[0]))
    p = holm([2 * float(stats.t.sf(abs(effect[0]) / error, dof)) for _, effect, _, error in found])
    together = float(np.corrcoef(width, depth)[0, 1])
    return tuple(
        ShapeEffect(
            benchmark=name,
            by_width=float(effect[0]),
            low=float(effect[0] - half[0]),
            high=float(effect[0] + half[0]),
            p=float(one),
            by_size=float(effect[1]),
            by_size_low=float(effect[1] - half[1]),
            by_size_high=float(effect[1] + half[1]),
            vif=1 / (1 - together**2),
            shapes=len(means),
        )
        for (name, effect, half, _), one in zip(found, p, strict=True)
    )
