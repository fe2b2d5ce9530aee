"""C07: has each family a critical scale of its own?"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ...common.statistics import holm
from ._claim import Claim, Control, Figure, figure, judge
from ._margin import ALPHA
from ._tables import FamilyScores, LedgerTables, diagnosed, gamma_steps, published_family
from ._transition import ratios

_TURNS = {
    "OPT": "0.12",
    "Cerebras-GPT": "1.3",
    "GPT-Neo": "1.3",
    "BLOOM": "1.7",
    "Pythia": "3.5",
    "Falcon": "7.0",
    "Phi": None,
    "Qwen3": None,
}
_READINGS = {
    "smaller model": lambda a, b: a,
    "mean of both": lambda a, b: (a + b) / 2,
    "geometric mean": lambda a, b: math.sqrt(a * b),
    "larger model": lambda a, b: b,
}


@dataclass(frozen=True)
class _Sides:
    """p that a family does not fall to a scale, or not rise from it; and that it does not do the
    contrary on one side. 1 where a side has fewer than two sizes."""

    not_turning: float
    not_contrary: float


def turns_by_family(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C07: by family, the first step with gamma above 0.

    Which size of the step the paper prints is not stated; the reading that reproduces most of its
    numbers is taken.
    """
    families = {name: published_family(tables, name) for name in _TURNS}
    steps = {name: _turn(data) for name, data in families.items()}
    chosen, figures = _best_reading(families, steps)
    found = diagnosed(tables, n_boot=n_boot, seed=seed)
    gate = found.common_turn["log10_params"]
    dated = {
        name: _sides(families[name], f.published, f.tolerance, scatter=found.scatter.sd)
        for name, f in figures.items()
        if f.published is not None
    }
    turning = [name for name, sides in dated.items() if sides.not_turning < ALPHA]
    adjusted = holm([sides.not_contrary for sides in dated.values()])
    contrary = [name for name, p in zip(dated, adjusted, strict=True) if p < ALPHA]
    return Claim(
        id="C07",
        claim="each family has a critical scale of its own",
        figures=figures,
        tolerance_reason=f"one unit of the last printed digit; size of a step read as: {chosen}",
        control=Control(
            "families that do the contrary on one side of their published scale",
            len(contrary),
            more={
                "published_scales": len(dated),
                "turning_steps": sum(steps[name] is not None for name in dated),
                "families_that_fall_and_rise_there": len(turning),
                **{f"p_bonus_{name}": p for name, p in _sure(families, steps, dated).items()},
                **{f"p_turn_{name}": sides.not_turning for name, sides in dated.items()},
                **{f"p_contrary_{n}": float(p) for n, p in zip(dated, adjusted, strict=True)},
                "families_that_turn_uniform": len(found.turning.families),
                "families_tested_uniform": found.turning.tested,
                "power_uniform": found.turning.power,
                "gate_p_log10_params": gate.gate_p,
            },
        ),
        rule=(
            "line of truth in log10 N up to the published scale and from it on, errors binomial "
            "and the scatter between models; supported if every family with a published scale "
            "falls to it and rises from it, each at p < .05; not_supported if at least half of "
            "them rise before it or fall after it at p < .05 after Holm's correction over them; "
            "undetermined otherwise"
        ),
        inference=judge(
            holds=0 < len(dated) == len(turning), fails=0 < len(dated) <= 2 * len(contrary)
        ),
        reason=(
            f"Of {len(dated)} families with a published scale {len(turning)} fall to it and rise "
            f"from it at p < .05{_named(turning)}, and {len(contrary)} do the contrary on one "
            f"side{_named(contrary)}; in the uniform table {len(found.turning.families)} of "
            f"{found.turning.tested} families turn inside their own sizes, where "
            f"{found.turning.power:.2f} would be seen to if they followed the pooled curve."
        ),
    )


def _named(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _turn(data: FamilyScores) -> int | None:
    """The first step with gamma above 0 after one that is not; None where there is none."""
    gamma, _ = ratios(data)
    up = np.flatnonzero(gamma > 0)
    return int(up[0]) if up.size and up[0] > 0 else None


def _sure(
    families: dict[str, FamilyScores], steps: dict[str, int | None], dated: Collection[str]
) -> dict[str, float]:
    """P(gamma > 0.1) of the turning step, of the families that have one and a published scale."""
    return {
        name: gamma_steps(families[name])[at].slope.p_bonus
        for name, at in steps.items()
        if at is not None and name in dated
    }


def _best_reading(
    families: dict[str, FamilyScores], steps: dict[str, int | None]
) -> tuple[str, dict[str, Figure]]:
    """Name and figures of the reading that reproduces most of the published scales."""
    by_reading = {
        reading: {
            name: figure(
                text,
                None
                if (at := steps[name]) is None
                else size_of(*families[name].params[at : at + 2]),
                scale=1e9,
            )
            for name, text in _TURNS.items()
        }
        for reading, size_of in _READINGS.items()
    }
    chosen = max(by_reading, key=lambda name: sum(f.reproduced for f in by_reading[name].values()))
    return chosen, by_reading[chosen]


def _sides(data: FamilyScores, scale: float, tolerance: float, *, scatter: float) -> _Sides:
    """A size within the last printed digit of the scale belongs to both sides."""
    fall = _slope_p(data, data.params <= scale + tolerance, sign=-1, scatter=scatter)
    rise = _slope_p(data, data.params >= scale - tolerance, sign=1, scatter=scatter)
    contrary = [1 - p for p in (fall, rise) if not math.isnan(p)]
    return _Sides(
        not_turning=1.0 if math.isnan(fall + rise) else max(fall, rise),
        # Either side alone contradicts the scale, so the smaller p counts, for two tests.
        not_contrary=min([1.0, *(len(contrary) * p for p in contrary)]),
    )


def _slope_p(data: FamilyScores, rows: np.ndarray, *, sign: int, scatter: float) -> float:
    """One-sided p that the line of truth in log10 N does not go the way of `sign`.

    NaN for fewer than two sizes."""
    x, y = data.log10_params[rows], data.y[rows]
    if np.unique(x).size < 2:
        return math.nan
    variance = data.y_stderr[rows] ** 2 + scatter**2
    weight = 1 / variance
    d = x - np.average(x, weights=weight)
    information = float(np.sum(weight * d * d))
    slope = float(np.sum(weight * d * y)) / information
    return float(stats.norm.sf(sign * slope * math.sqrt(information)))
