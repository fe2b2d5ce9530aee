"""C05 to C07: where the coupling turns, pooled and by family."""

import math

import numpy as np

from ... import dynamics
from ._claim import Claim, Control, figure, judge
from ._tables import (
    REASONING,
    UNIFORM_TRUTH,
    FamilyScores,
    LedgerTables,
    gamma_steps,
    published_family,
    stderr_of_items,
)

_POOLED = ("Pythia", "Llama-1", "Llama-2")
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
_SURE = 0.975
_FEWEST = 4


def _ratios(data: FamilyScores) -> tuple[np.ndarray, np.ndarray]:
    """gamma and mean log10 N of every step, as published: plain ratios of differences."""
    rise = np.diff(data.x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.diff(data.y) / rise, (data.log10_params[1:] + data.log10_params[:-1]) / 2


def running_coupling(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C05: least squares of gamma on log10 N over eleven steps."""
    families = [published_family(tables, name) for name in _POOLED]
    gamma, log10_params = (np.concatenate(v) for v in zip(*map(_ratios, families), strict=True))
    slope, intercept = np.polyfit(log10_params, gamma, 1)
    within = _running_within(families)
    drawn = _simulated(families, n_draws=min(n_boot, 4000), seed=seed)
    low, high = (float(v) for v in np.quantile(drawn, [0.025, 0.975]))
    without = {
        f"without_{left.name}": _running_within([f for f in families if f is not left])
        for left in families
    }
    holds = low > 0 and min(without.values()) > 0
    return Claim(
        id="C05",
        claim="the coupling rises with log10 N",
        figures={
            "slope": figure("0.629", float(slope)),
            "intercept": figure("-5.886", float(intercept)),
        },
        control=Control(
            "rise of gamma per decade within families, fitted without dividing",
            within,
            low,
            high,
            more={"steps": int(gamma.size), **without},
        ),
        rule=(
            "increments of x_t on those of x_r and of x_r log10 N, a coupling of its own per "
            "family; interval by simulating the scores' binomial errors; supported if it lies "
            "above 0 and so does the fit without any one family; not_supported if it lies below "
            "0, or holds 0 and not the computed slope"
        ),
        inference=judge(
            holds=holds, fails=high < 0 or (low <= 0 <= high and not low <= slope <= high)
        ),
        reason=(
            f"With a coupling of its own for each family gamma rises by {within:.2f} "
            f"[{low:.2f}, {high:.2f}] per decade, and by "
            f"{min(without.values()):.2f} to {max(without.values()):.2f} without one of the three "
            f"families, beside {slope:.2f} from ratios."
        ),
    )


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


def critical_scale(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C06: minimum of a quadratic through fourteen pooled models, models resampled."""
    families = [published_family(tables, name) for name in _POOLED]
    log10_params = np.concatenate([f.log10_params for f in families])
    truth = np.concatenate([f.y for f in families])
    published = dynamics.phases.critical_point_published(
        log10_params, truth, n_boot=n_boot, seed=seed
    )
    figures = {
        "params": figure("3.5", 10**published.vertex, scale=1e9),
        "low": figure("2.9", 10**published.low, scale=1e9),
        "high": figure("13.4", 10**published.high, scale=1e9),
    }
    rows = tables.uniform.frame.dropna(subset=[REASONING, UNIFORM_TRUTH])
    size, y = np.log10(rows["params"].to_numpy(float)), rows[UNIFORM_TRUTH].to_numpy(float)
    error = stderr_of_items(y, UNIFORM_TRUTH)
    labels = rows["family"].to_numpy()
    by_size, by_reasoning = (
        dynamics.critical_point(axis, y, labels, y_stderr=error, n_boot=n_boot, seed=seed)
        for axis in (size, rows[REASONING].to_numpy(float))
    )
    own = dynamics.critical_points_by_family(size, y, labels, y_stderr=error)
    able = [f for f in own if f.status != "underdetermined"]
    bracketed = sum(f.status == "bracketed" for f in able)
    claimed, least, most = (math.log10(f.published or math.nan) for f in figures.values())
    bounded = math.isfinite(by_size.low) and math.isfinite(by_size.high)
    inside = by_size.low <= claimed <= by_size.high
    apart = by_size.low > most or by_size.high < least
    explains = by_size.within_r2 >= by_reasoning.within_r2
    return Claim(
        id="C06",
        claim="the coupling turns at one critical scale",
        figures=figures,
        tolerance_reason="one unit of the last printed digit; Monte Carlo error is below it",
        control=Control(
            "minimum along log10 N with an offset per family, uniform table (params)",
            # A turning point that the interval does not bound on both sides is none to show.
            10**by_size.vertex if bounded else None,
            10**by_size.low if math.isfinite(by_size.low) else None,
            10**by_size.high if math.isfinite(by_size.high) else None,
            more={
                "no_minimum_share": by_size.no_minimum_share,
                **{
                    f"{other.method}_{end}": 10 ** getattr(other, end)
                    for other in by_size.alternatives
                    for end in ("vertex", "low", "high")
                },
                "within_r2_log10_params": by_size.within_r2,
                "within_r2_reasoning": by_reasoning.within_r2,
                "families": by_size.families,
                "families_that_can_tell": len(able),
                "families_with_a_minimum": bracketed,
                "published_no_minimum_share": published.no_minimum_share,
            },
        ),
        rule=(
            "supported if the interval is bounded, holds the published scale, and log10 N explains "
            "within families no less than the reasoning score does; not_supported if there is no "
            "minimum or the interval shares nothing with the published one; undetermined otherwise"
        ),
        inference=judge(
            holds=by_size.status == "ok" and bounded and inside and explains,
            fails=by_size.status == "no_minimum" or apart,
        ),
        reason=(
            f"The interval over families goes from {_params(by_size.low)} to "
            f"{_params(by_size.high)}, log10 N explains {by_size.within_r2:.2f} of the variance "
            "within families where the reasoning score explains "
            f"{by_reasoning.within_r2:.2f}, and {bracketed} of {len(able)} families bracket a "
            "minimum of their own."
        ),
    )


def _params(log10: float) -> str:
    if not math.isfinite(log10):
        return "no bound"
    return f"{10**log10 / 1e9:.2f}B"


def _turn(data: FamilyScores) -> int | None:
    """The first step with gamma above 0 after one that is not; None where there is none."""
    gamma, _ = _ratios(data)
    up = np.flatnonzero(gamma > 0)
    return int(up[0]) if up.size and up[0] > 0 else None


_READINGS = {
    "smaller model": lambda a, b: a,
    "mean of both": lambda a, b: (a + b) / 2,
    "geometric mean": lambda a, b: math.sqrt(a * b),
    "larger model": lambda a, b: b,
}


def turns_by_family(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C07: by family, the first step with gamma above 0.

    Which size of the step the paper prints is not stated; the reading that reproduces most of its
    numbers is taken.
    """
    families = {name: published_family(tables, name) for name in _TURNS}
    turns = {name: _turn(data) for name, data in families.items()}

    def figures(reading):
        return {
            name: figure(
                text,
                None
                if (at := turns[name]) is None
                else reading(*families[name].params[at : at + 2]),
                scale=1e9,
            )
            for name, text in _TURNS.items()
        }

    def agreement(reading) -> int:
        return sum(f.reproduced for f in figures(reading).values())

    chosen = max(_READINGS, key=lambda name: agreement(_READINGS[name]))
    sure = {}
    for name, at in turns.items():
        if at is not None and _TURNS[name] is not None:
            sure[name] = gamma_steps(families[name])[at].slope.p_bonus
    certain = sum(p > _SURE for p in sure.values())
    dated = sum(text is not None for text in _TURNS.values())
    return Claim(
        id="C07",
        claim="each family has a critical scale of its own",
        figures=figures(_READINGS[chosen]),
        tolerance_reason=f"one unit of the last printed digit; size of a step read as: {chosen}",
        control=Control(
            "turning steps with P(gamma > 0.1) above .975",
            certain,
            more={
                "turning_steps": len(sure),
                "published_scales": dated,
                **{f"p_bonus_{name}": p for name, p in sure.items()},
            },
        ),
        rule=(
            "supported if every published scale has a turning step and all of them have "
            "P(gamma > 0.1) above .975; not_supported if fewer than half of the published scales "
            "have such a step; undetermined otherwise"
        ),
        inference=judge(holds=certain >= dated, fails=2 * certain < dated),
        reason=(
            f"Of {dated} published scales {len(sure)} have a step from gamma of at most 0 to above "
            f"it, and {certain} of these have P(gamma > 0.1) above .975"
            + (f" ({', '.join(f'{name} {p:.2f}' for name, p in sure.items())})." if sure else ".")
        ),
    )
