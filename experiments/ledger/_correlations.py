"""C01 to C03: the cohort, and what correlations of two scores with size behind them can say."""

import math

import numpy as np
from scipy import stats

from ... import dynamics
from ..formats import added
from ._claim import COUNTS, Claim, Control, figure, judge
from ._tables import FamilyScores, LedgerTables, flagged, published_family

_NOT_COUNTED = ("duplicate", "instruct", "not_measured", "source_without_score")
_FEWEST = 5
_OTHER_FAMILIES = {
    "Cerebras-GPT": "-0.983",
    "OPT": "-0.428",
    "BLOOM": "-0.981",
    "GPT-Neo": "-0.982",
}


def cohort(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C01: how many models and families, and how many of them are what they are counted as."""
    rows = tables.published.all_rows
    counts = {flag: int(flagged(rows, flag).sum()) for flag in (*_NOT_COUNTED, "wrong_family")}
    out = np.any([flagged(rows, flag) for flag in _NOT_COUNTED], axis=0)
    left, without = int(np.sum(~out)), rows[~out]
    families = int(without.loc[~flagged(without, "wrong_family"), "family"].nunique())
    fewer = len(rows) - left
    return Claim(
        id="C01",
        claim="63 base models of 16 families",
        figures={
            "models": figure("63", len(rows)),
            "families": figure("16", rows["family"].nunique()),
        },
        tolerance_reason=COUNTS,
        control=Control(
            "distinct measured base models", left, more={"families": families, **counts}
        ),
        rule="supported if every row is a distinct measured base model in its own family",
        inference=judge(
            holds=fewer == 0 and counts["wrong_family"] == 0,
            fails=fewer > 0 or counts["wrong_family"] > 0,
        ),
        reason=(
            f"{left} of {len(rows)} rows are distinct measured base models "
            f"({counts['duplicate']} duplicates, {counts['instruct']} instruct, "
            f"{counts['not_measured']} not measured, {counts['source_without_score']} without a "
            f"score in their source), and {counts['wrong_family']} are filed under another family."
        ),
    )


def _beyond_trend(c: dynamics.Correlation) -> bool:
    """Whether a correlation is more than two trends in size: partial r and increments agree."""
    agree = np.sign(c.partial_r) == np.sign(c.increment_r) == np.sign(c.r)
    return bool(agree and c.partial_p < 0.05)


def _trends_alone(data: FamilyScores, *, n_draws: int, seed: int) -> tuple[float, float]:
    """95 % range of r for two unrelated trends: each score's line in log10 N, and what is left of
    it dealt out among the sizes."""
    size = data.log10_params
    generator = np.random.default_rng(seed)
    drawn = []
    for score in (data.x, data.y):
        line = np.polyval(np.polyfit(size, score, 1), size)
        left = np.tile(score - line, (n_draws, 1))
        drawn.append(line + generator.permuted(left, axis=1))
    x, y = (v - v.mean(axis=1, keepdims=True) for v in drawn)
    r = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    low, high = np.quantile(r, [0.025, 0.975])
    return float(low), float(high)


def _trends(size_r: tuple[float, float]) -> str:
    """How two scores go with size."""
    rising = sum(r > 0 for r in size_r)
    return ("both fall", "one rises and one falls", "both rise")[rising]


_TREND_RULE = (
    "a family holds if r given log10 N has the sign of r at permutation p < .05 and the increments "
    "have that sign too; two trends explain it if its r lies in the 95 % range that two unrelated "
    "trends in log10 N give; it cannot tell below 5 models; supported if all hold, not_supported "
    "if two trends explain all that can tell (r then says nothing of coupling, nor of its absence)"
)


def pythia_correlation(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C02: Pearson's r over the eight Pythia sizes."""
    data = published_family(tables, "Pythia")
    c = _correlate(data, n_boot=n_boot, seed=seed)
    p = _pearson_p(c.r, c.models)
    holds = _beyond_trend(c)
    low, high = _trends_alone(data, n_draws=n_boot, seed=seed)
    explained = not holds and c.models >= _FEWEST and low <= c.r <= high
    return Claim(
        id="C02",
        claim="Pythia: the two scores anticorrelate",
        figures={"r": figure("-0.989", c.r), "p": figure("1e-5", p, relation="below")},
        control=Control(
            "partial r given log10 N",
            c.partial_r,
            more={
                "partial_p": c.partial_p,
                "permutation_p": c.p,
                "increment_r": c.increment_r,
                "r_reasoning_size": c.size_r[0],
                "r_truth_size": c.size_r[1],
                "models": c.models,
                "two_trends_low": low,
                "two_trends_high": high,
            },
        ),
        rule=_TREND_RULE,
        inference=judge(holds=holds, fails=explained),
        reason=(
            f"Given log10 N, r is {added(c.partial_r, 3)} (p = {c.partial_p:.2f}): with size the "
            f"scores correlate at {added(c.size_r[0], 3)} and {added(c.size_r[1], 3)}, and two "
            f"unrelated trends like these give r from {added(low, 3)} to {added(high, 3)}, so "
            f"r = {added(c.r, 3)} says only that "
            f"{_trends(c.size_r)}."
            if explained
            else f"Given log10 N, r is {added(c.partial_r, 3)} (p = {c.partial_p:.2f}), and two "
            f"unrelated trends give {added(low, 3)} to {added(high, 3)}."
            if not holds
            else f"Given log10 N, r is still {added(c.partial_r, 3)} (p = {c.partial_p:.3f})."
        ),
    )


def other_correlations(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C03: the same over four other families."""
    found = {
        name: _correlate(published_family(tables, name), n_boot=n_boot, seed=seed)
        for name in _OTHER_FAMILIES
    }
    able = {name: c for name, c in found.items() if c.models >= _FEWEST}
    beyond = [name for name, c in able.items() if _beyond_trend(c)]
    ranges = {
        name: _trends_alone(published_family(tables, name), n_draws=n_boot, seed=seed)
        for name in able
    }
    explained = [
        name
        for name, (low, high) in ranges.items()
        if name not in beyond and low <= found[name].r <= high
    ]
    partial = ", ".join(
        f"{name} {added(c.partial_r)} (increments {added(c.increment_r)})"
        for name, c in able.items()
    )
    return Claim(
        id="C03",
        claim="four other families: the two scores anticorrelate",
        figures={name: figure(r, found[name].r) for name, r in _OTHER_FAMILIES.items()},
        control=Control(
            "families whose r is more than two trends in log10 N",
            len(beyond),
            more={
                "families": len(found),
                "families_that_can_tell": len(able),
                **{f"partial_r_{name}": c.partial_r for name, c in found.items()},
                **{f"partial_p_{name}": c.partial_p for name, c in found.items()},
                **{f"increment_r_{name}": c.increment_r for name, c in found.items()},
                **{f"two_trends_low_{name}": low for name, (low, _) in ranges.items()},
                **{f"two_trends_high_{name}": high for name, (_, high) in ranges.items()},
                "families_explained_by_two_trends": len(explained),
            },
        ),
        rule=_TREND_RULE,
        inference=judge(holds=len(beyond) == len(found), fails=0 < len(able) == len(explained)),
        reason=(
            f"{len(beyond)} of {len(able)} families with at least {_FEWEST} models "
            f"{'are' if len(beyond) != 1 else 'is'} more than two trends by r given log10 N, and "
            f"{len(explained)} have an r that two unrelated trends give: {partial}."
        ),
    )


def _pearson_p(r: float, models: int) -> float:
    """Two-sided p of r for independent normal pairs, as published."""
    if models < 3 or not abs(r) < 1:
        return math.nan
    return float(2 * stats.t.sf(abs(r) * math.sqrt((models - 2) / (1 - r * r)), models - 2))


def _correlate(data, *, n_boot: int, seed: int) -> dynamics.Correlation:
    return dynamics.correlate(
        data.x, data.y, log10_params=data.log10_params, n_permutations=n_boot, seed=seed
    )
