"""C05: does the coupling rise with log10 N?"""

import math

import numpy as np

from ...common.numbers import bounded
from ._claim import LAST_DIGIT, Claim, Control, figure, judge
from ._margin import Margin
from ._tables import FamilyScores, LedgerTables, diagnosed, published_family, script_family
from ._transition import POOLED, ratios


def running_coupling(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C05: least squares of gamma on log10 N over eleven steps.

    Once with Pythia as released and the Llamas as typed in the script, and once from the released
    table alone.
    """
    families = [published_family(tables, name) for name in POOLED]
    typed = [families[0], *(script_family(tables, name) for name in POOLED[1:])]
    slope, intercept, steps = _line(families)
    typed_slope, typed_intercept, _ = _line(typed)
    within = _running_within(families)
    drawn = _simulated(families, n_draws=min(n_boot, 4000), seed=seed)
    low, high = (float(v) for v in np.quantile(drawn, [0.025, 0.975]))
    without = {
        f"without_{left.name}": _running_within([f for f in families if f is not left])
        for left in families
    }
    figures = {
        "slope_from_script": figure("0.629", typed_slope, source="script"),
        "intercept_from_script": figure("-5.886", typed_intercept, source="script"),
        "slope": figure("0.629", slope),
        "intercept": figure("-5.886", intercept),
    }
    turn = diagnosed(tables, n_boot=n_boot, seed=seed).common_turn["reasoning"]
    bent = turn.curvature_low > 0
    claimed = figures["slope"].published or math.nan
    return Claim(
        id="C05",
        claim="the coupling rises with log10 N",
        figures=figures,
        tolerance_reason=(
            f"{LAST_DIGIT}; from the script: Pythia as released, Llama-1 and Llama-2 as typed in "
            "scripts/bootstrap_Nc.py"
        ),
        control=Control(
            "rise of gamma per decade within families, fitted without dividing",
            within,
            low,
            high,
            more={
                "steps": steps,
                **without,
                "gate_p": turn.gate_p,
                "gate_power": turn.power,
                "bend_beyond_own_slopes": turn.curvature,
                "bend_low": turn.curvature_low,
                "bend_high": turn.curvature_high,
                "bend_p": turn.bend_p,
            },
        ),
        margins={
            "rise": Margin(
                claimed, "the published slope itself: a smaller rise is not the published one"
            )
        },
        rule=(
            "increments of x_t on those of x_r and of x_r log10 N, a coupling of its own per "
            "family; interval by simulating the scores' binomial errors; supported if it lies "
            "above 0, so does the fit without any one family, and the gate of a common turn along "
            "the reasoning score is open (uniform table); not_supported if it lies below 0, or "
            "holds 0 and not the published slope while the uniform table shows no bend beyond "
            "own slopes (95 %)"
        ),
        inference=judge(
            holds=low > 0 and min(without.values()) > 0 and turn.established,
            fails=high < 0 or (low <= 0 <= high < claimed and not bent),
        ),
        reason=(
            f"With a coupling of its own for each family gamma rises by "
            f"{bounded(within, low, high)} per decade, and by "
            f"{min(without.values()):.2f} to {max(without.values()):.2f} without one of the three "
            f"families, beside {slope:.2f} from ratios; over all families of the uniform table "
            f"truth bends by "
            f"{bounded(turn.curvature, turn.curvature_low, turn.curvature_high)}"
            " beyond slopes of their own, and a common turn is "
            f"{'' if turn.established else 'not '}established (gate p = {turn.gate_p:.3f}, power "
            f"{turn.power:.2f})."
        ),
    )


def _line(families: list[FamilyScores]) -> tuple[float, float, int]:
    """Slope, intercept and number of steps of gamma on log10 N."""
    gamma, log10_params = (np.concatenate(v) for v in zip(*map(ratios, families), strict=True))
    slope, intercept = np.polyfit(log10_params, gamma, 1)
    return float(slope), float(intercept), int(gamma.size)


def _running_within(families: list[FamilyScores]) -> float:
    """Rise of gamma per decade: least squares of increments, each family its own coupling.

    No ratio is formed, so a step with a small change of the reasoning score weighs little instead
    of much. NaN where no family has two steps.
    """
    return float(_rise([f.x for f in families], [f.y for f in families], families))


def _rise(xs, ys, families: list[FamilyScores]) -> np.ndarray:
    """The rise for scores with any leading axes; sums in closed form per family."""
    top = bottom = 0.0
    for data, x, y in zip(families, xs, ys, strict=True):
        dx, dy = np.diff(x), np.diff(y)
        middle = (data.log10_params[1:] + data.log10_params[:-1]) / 2
        weight = 1 / (data.y_stderr[1:] ** 2 + data.y_stderr[:-1] ** 2)
        # Weighted by dx² / variance, the family's own coupling is a mean, taken out of both.
        heavy = weight * dx * dx
        centre = np.sum(heavy * middle, axis=-1, keepdims=True) / heavy.sum(axis=-1, keepdims=True)
        top = top + np.sum(weight * dx * (middle - centre) * dy, axis=-1)
        bottom = bottom + np.sum(heavy * (middle - centre) ** 2, axis=-1)
    return np.divide(top, bottom, out=np.full(np.shape(bottom), math.nan), where=bottom > 0)


def _simulated(families: list[FamilyScores], *, n_draws: int, seed: int) -> np.ndarray:
    """The rise with the scores' binomial errors added again, `n_draws` times."""
    generator = np.random.default_rng(seed)
    xs, ys = [], []
    for data in families:
        size = (n_draws, data.x.size)
        xs.append(data.x + data.x_stderr * generator.standard_normal(size))
        ys.append(data.y + data.y_stderr * generator.standard_normal(size))
    return _rise(xs, ys, families)
