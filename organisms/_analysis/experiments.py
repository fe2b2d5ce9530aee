"""The experiments: which families to compare, and what of them."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ...common.nearest import there_are
from .._errors import OrganismError
from .._names import ExperimentName, ScoreName
from .._training.organism import Organism
from .curves import Curve, curves
from .score_table import ScoreRow
from .shift import QUANTITIES, Shift, shift


@dataclasses.dataclass(frozen=True)
class ControlledExperiment:
    """A control recipe and recipes that differ from it in one thing; `question` says in which."""

    question: str
    control: str
    treated: tuple[str, ...]


EXPERIMENTS: Mapping[ExperimentName, ControlledExperiment] = MappingProxyType(
    {
        "shape": ControlledExperiment(
            question="Same parameter counts: does width or depth move the critical size?",
            control="web",
            treated=("wide", "deep"),
        ),
        "unembedding": ControlledExperiment(
            question="Same trunk: does the rank of the output map move the critical size?",
            control="web",
            treated=("bottleneck", "widened"),
        ),
        "curation": ControlledExperiment(
            question="Same tokens: what does the share of misconception text do?",
            control="web",
            treated=("forum-00", "forum-25", "curated", "forum-65", "forum-90"),
        ),
        "training": ControlledExperiment(
            question="Same text: what do its order, its amount and the learning rate do?",
            control="web",
            treated=("late-reference", "half-tokens", "twice-tokens", "slow"),
        ),
    }
)


@dataclasses.dataclass(frozen=True)
class Contrast:
    """Difference of one score at one matched size, treated minus control, paired by seed.

    `params` are the control's; `mean` with its standard error `stderr` over `seeds` pairs.
    """

    score: ScoreName
    control: str
    treated: str
    params: int
    mean: float
    stderr: float
    seeds: int


def compare(
    experiment: ExperimentName, organisms: Iterable[Organism | ScoreRow], *, level: float = 0.95
) -> tuple[Shift, ...]:
    """Shifts of the dip by every treatment of an experiment for which there are organisms.

    **Arguments**: name of the experiment (a key of `EXPERIMENTS`), organisms of its families (the
    control's and at least one treatment's, over the same seeds), `level` of the intervals.

    **Returns** one `Shift` per treatment and quantity. **Raises** `OrganismError` for an unknown
    experiment and where the control or all treatments are missing.
    """
    if experiment not in EXPERIMENTS:
        raise OrganismError(f"no experiment {experiment!r}; {there_are(experiment, EXPERIMENTS)}")
    plan = EXPERIMENTS[experiment]
    groups: dict[str, list[Curve]] = {}
    for curve in curves(organisms):
        groups.setdefault(curve.family, []).append(curve)
    treated = [name for name in plan.treated if name in groups]
    if plan.control not in groups or not treated:
        raise OrganismError(
            f"experiment {experiment} needs organisms of {plan.control} and of one of "
            f"{', '.join(plan.treated)}"
        )
    return tuple(
        shift(groups[plan.control], groups[name], quantity=quantity, level=level)
        for name in treated
        for quantity in QUANTITIES
    )


def matched_contrasts(
    control: Iterable[Organism | ScoreRow],
    treated: Iterable[Organism | ScoreRow],
    *,
    score: ScoreName = "truth",
) -> tuple[Contrast, ...]:
    """Differences of a score size by size, for families whose sizes correspond in order.

    Needed where a family has no dip, so that its critical size does not exist.

    **Raises** `ValueError` where the two have different numbers of sizes or no seed in common.
    """
    first, second = ({c.seed: c for c in curves(group)} for group in (control, treated))
    common = sorted(set(first) & set(second))
    if not common:
        raise ValueError("the two families have no seed in common")
    contrasts = []
    for size in range(len(first[common[0]].log10_params)):
        pairs = []
        for seed in common:
            a, b = first[seed], second[seed]
            if len(a.log10_params) != len(b.log10_params):
                raise ValueError("the two families have different numbers of sizes")
            pairs.append(float(getattr(b, score)[size] - getattr(a, score)[size]))
        mean = sum(pairs) / len(pairs)
        spread = math.nan
        if len(pairs) > 1:
            spread = math.sqrt(sum((pair - mean) ** 2 for pair in pairs) / (len(pairs) - 1))
        contrasts.append(
            Contrast(
                score=score,
                control=first[common[0]].family,
                treated=second[common[0]].family,
                params=round(10 ** float(first[common[0]].log10_params[size])),
                mean=mean,
                stderr=spread / math.sqrt(len(pairs)),
                seeds=len(pairs),
            )
        )
    return tuple(contrasts)
