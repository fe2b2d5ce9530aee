"""C06: does the coupling turn at one critical scale?"""

import math

import numpy as np

from ... import dynamics
from ...common.numbers import bounded
from ._claim import LAST_DIGIT, Claim, Control, figure, judge
from ._margin import Margin
from ._tables import FamilyScores, LedgerTables, diagnosed, published_family, script_family
from ._transition import POOLED

_PUBLISHED = {"params": "3.5", "low": "2.9", "high": "13.4"}
#: The script's own draws, and the range of log10 N in which it keeps a minimum.
_SCRIPT_DRAWS, _SCRIPT_SEED, _RANGE = 10_000, 42, (7, 12)


def critical_scale(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C06: minimum of a quadratic through fourteen pooled models, models resampled."""
    pooled = [published_family(tables, name) for name in POOLED]
    size, truth = _points(pooled)
    point = dynamics.phases.critical_point_published(size, truth, n_boot=n_boot, seed=seed)
    typed = _script_resamples(*_points([script_family(tables, name) for name in POOLED]))
    figures = {
        f"{name}_from_script": figure(text, 10**value, scale=1e9, source="script")
        for (name, text), value in zip(_PUBLISHED.items(), typed, strict=True)
    } | {
        name: figure(text, 10**value, scale=1e9)
        for (name, text), value in zip(
            _PUBLISHED.items(), (point.vertex, point.low, point.high), strict=True
        )
    }
    claimed, least, most = (math.log10(figures[name].published or math.nan) for name in _PUBLISHED)
    margin = Margin(
        _curvature(size, truth) / 2,
        "half the curvature of the published quadratic: with less, truth rises above the scale by "
        "less than half of what that curve says",
    )
    found = diagnosed(tables, n_boot=n_boot, seed=seed)
    turn, by_reasoning = (found.common_turn[axis] for axis in ("log10_params", "reasoning"))
    pooled_quadratic = found.pooled["log10_params"]
    explains = turn.common_bend_r2 >= by_reasoning.common_bend_r2
    flat = turn.curvature_high < margin.value
    inside = turn.low <= claimed <= turn.high
    apart = turn.established and (turn.low > most or turn.high < least)
    bracketed = [f.family for f in found.families if f.critical.status == "bracketed"]
    return Claim(
        id="C06",
        claim="the coupling turns at one critical scale",
        figures=figures,
        tolerance_reason=(
            f"{LAST_DIGIT}; from the script: the median and the interval of its own "
            f"{_SCRIPT_DRAWS} draws over the 14 models typed in it; from the table: the minimum, "
            "whose Monte Carlo error is below the tolerance"
        ),
        control=Control(
            "curvature of truth in log10 N beyond a slope of each family's own, uniform table",
            turn.curvature,
            turn.curvature_low,
            turn.curvature_high,
            more={
                "gate_p": turn.gate_p,
                "gate_power": turn.power,
                **_place(turn),
                "r2_own_slopes": turn.own_slopes_r2,
                "r2_common_bend_log10_params": turn.common_bend_r2,
                "r2_common_bend_reasoning": by_reasoning.common_bend_r2,
                "gate_p_reasoning": by_reasoning.gate_p,
                "level_slope": found.level.slope,
                "level_low": found.level.low,
                "level_high": found.level.high,
                "families": found.level.families,
                "families_that_can_tell": found.turning.tested,
                "families_that_turn": len(found.turning.families),
                "families_with_a_minimum": len(bracketed),
                "no_minimum_share": pooled_quadratic.no_minimum_share,
                "within_r2_log10_params": pooled_quadratic.within_r2,
                "within_r2_reasoning": found.pooled["reasoning"].within_r2,
                "published_curvature": 2 * margin.value,
                "published_no_minimum_share": point.no_minimum_share,
            },
        ),
        margins={"curvature": margin},
        rule=(
            "supported if the gate of a common turn along log10 N is open, the interval of its "
            "place is bounded and holds the published scale, and log10 N explains within families "
            "no less than the reasoning score does; not_supported if the interval of the bend "
            "beyond own slopes lies below the margin, or an established place's interval shares "
            "nothing with the published one; undetermined otherwise"
        ),
        inference=judge(
            holds=turn.established
            and math.isfinite(turn.high - turn.low)
            and inside
            and explains
            and not flat,
            fails=flat or apart,
        ),
        reason=(
            f"Beyond a slope for each family truth bends along log10 N by "
            f"{bounded(turn.curvature, turn.curvature_low, turn.curvature_high, 3)}"
            " where the published curve "
            f"bends by {2 * margin.value:.3f}; the gate of a common turn is "
            f"{'open' if turn.established else 'shut'} (p = {turn.gate_p:.2f}, power "
            f"{turn.power:.2f}), and {len(found.turning.families)} of {found.turning.tested} "
            "families turn on their own. Coupling goes with level between families instead: their "
            f"slopes rise by "
            f"{bounded(found.level.slope, found.level.low, found.level.high, 1)}"
            " per unit of mean reasoning score."
        ),
    )


def _points(families: list[FamilyScores]) -> tuple[np.ndarray, np.ndarray]:
    size = np.concatenate([f.log10_params for f in families])
    return size, np.concatenate([f.y for f in families])


def _curvature(size: np.ndarray, truth: np.ndarray) -> float:
    return float(np.polyfit(size, truth, 2)[0])


def _script_resamples(size: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Median and 95 % ends of log10 N at the minimum over the draws that the script makes."""
    # The published ends are those of one stream of draws, of the generator that the script names.
    generator = np.random.RandomState(_SCRIPT_SEED)
    drawn = generator.choice(size.size, size=(_SCRIPT_DRAWS, size.size))
    centre = size.mean()
    u, y = size[drawn] - centre, truth[drawn]
    powers = np.stack([(u**k).sum(axis=1) for k in range(5)], axis=-1)
    normal = powers[:, np.arange(3)[:, None] + np.arange(3)]
    target = np.stack([(u**k * y).sum(axis=1) for k in range(3)], axis=-1)
    solvable = np.array([np.unique(row).size > 2 for row in u.round(9)])
    fitted = np.linalg.solve(normal[solvable], target[solvable][..., None])[..., 0]
    up = fitted[fitted[:, 2] > 0]
    vertex = centre - up[:, 1] / (2 * up[:, 2])
    kept = vertex[(vertex > _RANGE[0]) & (vertex < _RANGE[1])]
    if not kept.size:
        return math.nan, math.nan, math.nan
    median, low, high = np.quantile(kept, [0.5, 0.025, 0.975])
    return float(median), float(low), float(high)


def _place(turn: dynamics.CommonTurn) -> dict[str, float | None]:
    """Where the turn is, in parameters: as reported, and by estimator if there is one."""
    places = {"": turn, **{f"{name}_": place for name, place in turn.estimators.items()}}
    return {
        name + word: 10 ** getattr(point, end) if math.isfinite(getattr(point, end)) else None
        for name, point in places.items()
        for word, end in (("vertex", "place"), ("low", "low"), ("high", "high"))
    }
