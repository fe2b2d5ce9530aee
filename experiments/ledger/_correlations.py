"""C01 to C04: the cohort, and what correlations of two scores with size behind them can say."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ... import dynamics
from ._claim import COUNTS, Claim, Control, figure, judge
from ._tables import (
    PUBLISHED_TRUTH,
    REASONING,
    UNIFORM_TRUTH,
    LedgerTables,
    flagged,
    published_family,
)

_NOT_COUNTED = ("duplicate", "instruct", "not_measured", "source_without_score")
_FEWEST = 5
_LARGE = 7e9
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


_TREND_RULE = (
    "a family holds if r given log10 N has the sign of r at permutation p < .05 and the increments "
    "have that sign too; it cannot tell below 5 models; supported if all hold, not_supported if "
    "all that can tell do not hold (two unrelated trends then give the same r)"
)


def pythia_correlation(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C02: Pearson's r over the eight Pythia sizes."""
    data = published_family(tables, "Pythia")
    c = _correlate(data, n_boot=n_boot, seed=seed)
    p = _pearson_p(c.r, c.models)
    holds = _beyond_trend(c)
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
            },
        ),
        rule=_TREND_RULE,
        inference=judge(holds=holds, fails=not holds and c.models >= _FEWEST),
        reason=(
            f"Given log10 N, r is {c.partial_r:+.3f} (p = {c.partial_p:.2f}): with size the scores "
            f"correlate at {c.size_r[0]:+.3f} and {c.size_r[1]:+.3f}, so r = {c.r:+.3f} says only "
            "that one rises and one falls."
            if not holds
            else f"Given log10 N, r is still {c.partial_r:+.3f} (p = {c.partial_p:.3f})."
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
    partial = ", ".join(
        f"{name} {c.partial_r:+.2f} (increments {c.increment_r:+.2f})" for name, c in able.items()
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
            },
        ),
        rule=_TREND_RULE,
        inference=judge(holds=len(beyond) == len(found), fails=len(able) > 0 and len(beyond) == 0),
        reason=(
            f"{len(beyond)} of {len(able)} families with at least {_FEWEST} models "
            f"{'are' if len(beyond) != 1 else 'is'} more than two trends by r given log10 N: "
            f"{partial}."
        ),
    )


def large_models(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C04: Llama, Falcon and OPT above 7B pooled."""
    rows = tables.published.all_rows
    large = _above(rows[np.array([_selected(name) for name in rows["family"]], dtype=bool)])
    r = dynamics.controls.pearson(
        large[REASONING].to_numpy(float), large[PUBLISHED_TRUTH].to_numpy(float)
    )
    once = large[~flagged(large, "duplicate")]
    chosen = _within_families(once, PUBLISHED_TRUTH, n_draws=n_boot, seed=seed)
    everyone = _within_families(
        _above(tables.uniform.frame), UNIFORM_TRUTH, n_draws=n_boot, seed=seed
    )
    above = everyone.r > 0 and everyone.p < 0.05
    beyond = everyone.partial_r > 0 and everyone.partial_p < 0.05
    return Claim(
        id="C04",
        claim="large models cooperate: Llama, Falcon and OPT above 7B",
        figures={"r": figure("0.78", r, relation="above")},
        tolerance_reason="none: the paper states a lower bound",
        control=Control(
            "r within families, all families above 7B of the uniform table",
            everyone.r,
            more={
                "p": everyone.p,
                "partial_r": everyone.partial_r,
                "partial_p": everyone.partial_p,
                "models": everyone.models,
                "families": everyone.families,
                "chosen_r": chosen.r,
                "chosen_p": chosen.p,
                "chosen_partial_r": chosen.partial_r,
                "chosen_partial_p": chosen.partial_p,
                "chosen_models": chosen.models,
                "chosen_families": chosen.families,
            },
        ),
        rule=(
            "supported if r within families, over all families above 7B of the uniform table, is "
            "above 0 at p < .05 and stays so given log10 N; not_supported if it is not above 0 at "
            "p < .05; undetermined if it is, but not given log10 N"
        ),
        inference=judge(holds=above and beyond, fails=not above and everyone.families > 1),
        reason=(
            f"Within families r is {everyone.r:+.2f} (p = {everyone.p:.3f}; given log10 N "
            f"{everyone.partial_r:+.2f}) over all {everyone.families} families above 7B of the "
            f"uniform table, beside {chosen.r:+.2f} over the {chosen.families} chosen ones."
        ),
    )


def _selected(name: str) -> bool:
    return name.startswith("Llama") or name in ("Falcon", "OPT")


def _above(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["params"] > _LARGE).to_numpy()]


def _pearson_p(r: float, models: int) -> float:
    """Two-sided p of r for independent normal pairs, as published."""
    if models < 3 or not abs(r) < 1:
        return math.nan
    return float(2 * stats.t.sf(abs(r) * math.sqrt((models - 2) / (1 - r * r)), models - 2))


def _correlate(data, *, n_boot: int, seed: int) -> dynamics.Correlation:
    return dynamics.correlate(
        data.x, data.y, log10_params=data.log10_params, n_permutations=n_boot, seed=seed
    )


@dataclass(frozen=True)
class _Within:
    """r of two scores within families, plain and given log10 N, with permutation p values."""

    models: int
    families: int
    r: float
    p: float
    partial_r: float
    partial_p: float


def _within_families(rows: pd.DataFrame, truth: str, *, n_draws: int, seed: int) -> _Within:
    """Families with at least two models; what is left of a score is dealt out within families."""
    rows = rows.dropna(subset=[REASONING, truth])
    rows = rows[rows.groupby("family")["model"].transform("size") > 1]
    names = tuple(dict.fromkeys(rows["family"]))
    if len(names) == 0:
        return _Within(0, 0, *[math.nan] * 4)
    labels = rows["family"].to_numpy()
    offsets = np.column_stack([labels == name for name in names]).astype(float)
    size = np.log10(rows["params"].to_numpy(float))[:, None]
    found = []
    for design in (offsets, np.hstack([offsets, size])):
        x, y = (
            v - design @ np.linalg.lstsq(design, v, rcond=None)[0]
            for v in (rows[REASONING].to_numpy(float), rows[truth].to_numpy(float))
        )
        generator = np.random.default_rng(seed)
        dealt = np.tile(y, (n_draws, 1))
        for name in names:
            group = np.flatnonzero(labels == name)
            dealt[:, group] = generator.permuted(dealt[:, group], axis=1)
        r = dynamics.controls.pearson(x, y)
        hits = np.sum(np.abs(dealt @ x) >= abs(float(x @ y)) - 1e-12)
        found += [r, float((1 + hits) / (1 + n_draws))]
    return _Within(len(rows), len(names), *found)
