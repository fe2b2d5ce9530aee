"""Scores along a family, and where they turn."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ...common.display import shown
from ...common.turns import about_size, lowest, turns_by_seed, vertex_at_lowest
from .._training.organism import Organism
from .score_table import ScoreRow


@shown
@dataclasses.dataclass(frozen=True)
class Curve:
    """One seed of one family, sizes in rising order.

    `log10_params`, `log10_width` (of the residual stream), `truth`, `truth_reference`,
    `truth_plain`, `reasoning` (fractions) and `loss` (nats per token) have one entry per size.
    """

    family: str
    seed: int
    log10_params: np.ndarray
    log10_width: np.ndarray
    truth: np.ndarray
    truth_reference: np.ndarray
    truth_plain: np.ndarray
    reasoning: np.ndarray
    loss: np.ndarray


@dataclasses.dataclass(frozen=True)
class Dip:
    """The tax phase of one curve.

    - `log10_critical`: log10 of the size at which truthfulness is lowest, from the parabola through
      the lowest measured size and its two neighbours; NaN where the lowest size is the smallest or
      the largest one. Of equally low sizes the smallest counts as the lowest.
    - `log10_critical_width`: log10 of the width at that size, by straight lines between the sizes.
    - `depth`: truthfulness of the smallest size minus the lowest, as a fraction.
    - `recovery`: truthfulness of the largest size minus the lowest.
    - `bracketed`: whether the lowest size lies inside the range.
    """

    log10_critical: float
    log10_critical_width: float
    depth: float
    recovery: float
    bracketed: bool


@dataclasses.dataclass(frozen=True)
class Turn:
    """What one seed's curve does about the size at which the *other* seeds are lowest.

    The lowest of several noisy scores lies below its neighbours by chance; a size that other seeds
    chose does not. `size_index` is the index of that size, the smallest one where several are
    equally low; "there" is the mean over that size and its two neighbours, as seeds turn at
    somewhat different sizes. `depth` is truthfulness of the smallest size minus that there,
    `recovery` truthfulness of the largest size minus that there.
    """

    size_index: int
    depth: float
    recovery: float


def curves(organisms: Iterable[Organism | ScoreRow]) -> tuple[Curve, ...]:
    """The organisms sorted into one curve per family and seed."""
    groups: dict[tuple[str, int], list[Organism | ScoreRow]] = {}
    for organism in organisms:
        groups.setdefault((organism.family, organism.seed), []).append(organism)
    sorted_curves = []
    for (family, seed), members in sorted(groups.items()):
        members.sort(key=lambda organism: organism.params)
        columns = {
            name: np.array([getattr(member, name) for member in members])
            for name in ("truth", "truth_reference", "truth_plain", "reasoning", "loss")
        }
        log10_params = np.log10([member.params for member in members])
        log10_width = np.log10([member.width for member in members])
        sorted_curves.append(
            Curve(
                family=family,
                seed=seed,
                log10_params=log10_params,
                log10_width=log10_width,
                **columns,
            )
        )
    return tuple(sorted_curves)


def dip(curve: Curve) -> Dip:
    """Where and how deep the curve's minimum of truthfulness is.

    **Limits**: three sizes and their noise decide the critical size; its spread over seeds, not
    a standard error of one curve, says how well it is known.
    """
    at = int(lowest(curve.truth))
    log10_critical = vertex_at_lowest(curve.log10_params, curve.truth)
    return Dip(
        log10_critical=log10_critical,
        log10_critical_width=float(
            np.interp(log10_critical, curve.log10_params, curve.log10_width)
        ),
        depth=float(curve.truth[0] - curve.truth[at]),
        recovery=float(curve.truth[-1] - curve.truth[at]),
        bracketed=0 < at < len(curve.truth) - 1,
    )


def turns(group: Sequence[Curve]) -> dict[int, Turn]:
    """The turn of every seed of one family, by seed.

    With a single seed its own lowest size is taken, and chance is in its depth. **Raises**
    `ValueError` where the curves are of several families or have different sizes.
    """
    group = list(group)
    mean_curve(group)  # raises where they are no replicates
    found = turns_by_seed(np.stack([curve.truth for curve in group]))
    columns = zip(found.size_index, found.depth, found.recovery, strict=True)
    return {
        curve.seed: Turn(size_index=int(at), depth=float(depth), recovery=float(recovery))
        for curve, (at, depth, recovery) in zip(group, columns, strict=True)
    }


def local_mean(values: np.ndarray, size_index: int) -> float:
    """Mean over one size and its neighbours."""
    return float(about_size(values)[size_index])


def mean_curve(group: Sequence[Curve]) -> Mapping[str, np.ndarray]:
    """Mean over seeds and its standard error, size by size, for curves of one family.

    **Returns** `log10_params`, then each score and `<score>_stderr`. **Raises** `ValueError` where
    the curves have different sizes.
    """
    if not group or any(
        not np.array_equal(curve.log10_params, group[0].log10_params) for curve in group
    ):
        raise ValueError("mean_curve needs curves of one family with the same sizes")
    result = {"log10_params": group[0].log10_params}
    for name in ("truth", "truth_reference", "truth_plain", "reasoning", "loss"):
        stacked = np.stack([getattr(curve, name) for curve in group])
        result[name] = stacked.mean(axis=0)
        spread = (
            stacked.std(axis=0, ddof=1) if len(group) > 1 else np.full(stacked.shape[1], np.nan)
        )
        result[f"{name}_stderr"] = spread / math.sqrt(len(group))
    return result
