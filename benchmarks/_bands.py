"""Bands where recipes are left out or more families measure them, and what distance tells."""

from dataclasses import dataclass

import numpy as np
from _coverage.section import Table
from jaxtyping import Bool, Float
from scipy.stats import spearmanr

from nullcline import dynamics
from nullcline.common.progress import Progress
from nullcline.dynamics.forecast import Cohort, CohortFamily

#: Families of one recipe: trained on the same data, or one lab's on the next one's.
_RECIPES = {
    "the Pile": ("Pythia", "GPT-Neo/J", "Cerebras-GPT", "RWKV", "OPT", "GPT-2"),
    "code": ("StarCoder", "StarCoder2", "CodeLlama", "DeepSeek-Coder"),
    "Llama": ("Llama", "Llama-2", "Llama-3.1", "OpenLlama", "Yi-1.5"),
    "Qwen": ("Qwen", "Qwen1.5", "Qwen2"),
    "multilingual": ("BLOOM", "XGLM"),
}
_FARTHEST = 5  # families of the table of distances


@dataclass(frozen=True)
class _Held:
    """One family predicted without it: error in points, and where its scores fell."""

    name: str
    distance: float
    error: float
    inside: Float[np.ndarray, " bands"]
    width: Float[np.ndarray, " bands"]


def band_rows(progress: Progress) -> Table:
    """Share inside and width of the bands, by what is left out and by what measures them."""
    cohort, judges = _cohort(), _judges()
    lines = []
    for leave in ("family", "lab", "recipe"):
        held = _left_out(cohort, judges, leave, progress)
        error, inside, width = (
            np.mean([getattr(one, field) for one in held], axis=0)
            for field in ("error", "inside", "width")
        )
        groups = len({_group(family, leave) for family in cohort.families})
        lines.append(
            [f"{leave} ({groups} groups)", f"{error:.2f}"]
            + [f"{share:.0%}, {points:.1f} pp" for share, points in zip(inside, width, strict=True)]
        )
    header = ["left out", "error, pp", "in bands of 90 % of the fit, width",
              f"with {len(judges)} further families"]  # fmt: skip
    return Table(header, lines)


def distance_rows(progress: Progress) -> Table:
    """Rank correlations of the distance with the error, and the farthest families."""
    cohort, judges = _cohort(), _judges()
    held = _left_out(cohort, judges, "family", progress)
    forecaster = dynamics.fit_forecaster(cohort)
    held += [_held([forecaster], cohort.families, judge, cohort.benchmarks) for judge in judges]
    distance = np.array([one.distance for one in held])
    error = np.array([one.error for one in held])
    outside = 1 - np.array([one.inside[0] for one in held])
    worst = len(held) - error.argsort().argsort()
    lines = [
        [held[i].name, f"{distance[i]:.1f}", f"{error[i]:.2f} ({worst[i]}.)",
         f"{held[i].inside[0]:.0%}"]
        for i in np.argsort(-distance)[:_FARTHEST]
    ]  # fmt: skip
    for label, values in (("error", error), ("share outside its bands", outside)):
        rank, chance = spearmanr(distance, values)
        text = f"{rank:.2f} (p {chance:.2f})"
        lines.append(
            [f"rank correlation of distance and {label}, {len(held)} families", text, "", ""]
        )
    header = ["farthest families", "distance", "error, pp (rank)", "in bands of the fit"]
    return Table(header, lines)


def _cohort() -> Cohort:
    return dynamics.held_out_cohort(dynamics.load_table("uniform"))


def _judges() -> list[CohortFamily]:
    """Families of two sizes or more of the shipped tables that the cohort has not."""
    seen, found = {family.name for family in _cohort().families}, []
    for name in dynamics.forecast.SHIPPED_TEACHERS:
        wide = dynamics.held_out_cohort(dynamics.load_table(name), min_models=2, same_size="first")
        found += [family for family in wide.families if family.name not in seen]
        seen |= {family.name for family in wide.families}
    return found


def _group(family: CohortFamily, leave: str) -> str:
    if leave == "lab":
        return family.lab
    recipe = next((name for name, of in _RECIPES.items() if family.name in of), family.name)
    return recipe if leave == "recipe" else family.name


def _left_out(
    cohort: Cohort, judges: list[CohortFamily], leave: str, progress: Progress
) -> list[_Held]:
    """Every family of the cohort, predicted without its group."""
    groups = list(dict.fromkeys(_group(family, leave) for family in cohort.families))
    held = []
    for i, group in enumerate(groups):
        progress(f"bands, {leave} left out", i, len(groups))
        rest = tuple(f for f in cohort.families if _group(f, leave) != group)
        others = Cohort(rest, cohort.benchmarks, cohort.left_out)
        both = [dynamics.fit_forecaster(others, judges=who) for who in ((), judges)]
        targets = [f for f in cohort.families if _group(f, leave) == group]
        held += [_held(both, rest, target, cohort.benchmarks) for target in targets]
    progress(f"bands, {leave} left out", len(groups), len(groups))
    return held


def _held(
    forecasters: list[dynamics.Forecaster],
    others: tuple[CohortFamily, ...],
    target: CohortFamily,
    benchmarks: tuple[str, ...],
) -> _Held:
    """The target by forecasters that differ in their bands alone."""
    start, grid, observed = float(target.log10_n[0]), target.log10_n[1:], target.scores[1:]
    scores = forecasters[0].scores(target.scores[:1], target.log10_n[:1], grid)
    bands = [one.interval(scores, start, grid) for one in forecasters]
    inside: list[Bool[np.ndarray, "models benchmarks"]] = [
        (low <= observed) & (observed <= high) for low, high in bands
    ]
    return _Held(
        target.name,
        dynamics.forecast.family_distance(target, others, benchmarks).value,
        100 * float(np.abs(scores - observed).mean()),
        np.array([np.mean(each) for each in inside]),
        np.array([100 * np.mean(high - low) for low, high in bands]),
    )
