"""C04: do large models cooperate? Within families, by more than one cut of what is large."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ... import dynamics
from ...common.numbers import bounded
from ..formats import added
from ._claim import Claim, Control, figure, judge
from ._margin import ALPHA, Margin
from ._tables import PUBLISHED_TRUTH, REASONING, UNIFORM_TRUTH, LedgerTables, flagged

#: What "above 7B" may mean: 7.0e9 left out, kept, and everything that makers round to 7B kept.
_CUTS = {"above_7B": 7e9, "from_7.0B": 7e9 * (1 - 1e-9), "from_6.5B": 6.5e9 * (1 - 1e-9)}
_STRICT = "above_7B"
_MARGIN = Margin(
    0.2, "r within families: a smaller one shares less than a twenty-fifth of the variance"
)


def large_models(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C04: Llama, Falcon and OPT above 7B pooled."""
    rows = tables.published.all_rows
    named = rows[np.array([_selected(name) for name in rows["family"]], dtype=bool)]
    chosen = _within_families(
        _above(named[~flagged(named, "duplicate")], _CUTS[_STRICT]),
        PUBLISHED_TRUTH,
        n_draws=n_boot,
        seed=seed,
    )
    found = {
        cut: _within_families(
            _above(tables.uniform.frame, least), UNIFORM_TRUTH, n_draws=n_boot, seed=seed
        )
        for cut, least in _CUTS.items()
    }
    strict = found[_STRICT]
    above = [cut for cut, w in found.items() if w.r > 0 and w.p < ALPHA]
    beyond = [cut for cut in above if found[cut].partial_r > 0 and found[cut].partial_p < ALPHA]
    none = [cut for cut, w in found.items() if w.high < _MARGIN.value]
    return Claim(
        id="C04",
        claim="large models cooperate: Llama, Falcon and OPT above 7B",
        figures={
            "r": figure("0.78", _plain_r(named, _CUTS[_STRICT]), relation="above"),
            "r_from_7.0B": figure("0.78", _plain_r(named, _CUTS["from_7.0B"]), relation="above"),
        },
        tolerance_reason="none: the paper states a lower bound",
        control=Control(
            "r within families, all families above 7B of the uniform table",
            strict.r,
            strict.low,
            strict.high,
            more={
                "p": strict.p,
                "partial_r": strict.partial_r,
                "partial_p": strict.partial_p,
                "models": strict.models,
                "families": strict.families,
                **{
                    f"{name}_{cut}": getattr(w, name)
                    for cut, w in found.items()
                    if cut != _STRICT
                    for name in ("r", "low", "high", "p", "partial_r", "partial_p", "models")
                },
                **{
                    f"chosen_{name}": getattr(chosen, name)
                    for name in ("r", "p", "partial_r", "partial_p", "models", "families")
                },
            },
        ),
        margins={"r": _MARGIN},
        rule=(
            "r within families of the uniform table, by three cuts: above 7B, 7.0B and above, and "
            "all that is rounded to 7B or more; supported if by each it is above 0 at p < .05 and "
            "stays so given log10 N; not_supported if by each its 95 % interval lies below the "
            "margin; undetermined otherwise, as then the cut or the trend with size decides"
        ),
        inference=judge(
            holds=len(beyond) == len(found), fails=len(none) == len(found) and not above
        ),
        reason=(
            "Within families r is "
            + ", ".join(
                f"{bounded(w.r, w.low, w.high, plus=True)} (p = {w.p:.3f}) {_WORDS[cut]}"
                for cut, w in found.items()
            )
            + f"; given log10 N {added(min(w.partial_r for w in found.values()))} to "
            f"{added(max(w.partial_r for w in found.values()))}. The {chosen.families} chosen "
            f"families have {added(chosen.r)}."
        ),
    )


_WORDS = {
    "above_7B": "above 7B",
    "from_7.0B": "with models of exactly 7.0B",
    "from_6.5B": "with all that are rounded to 7B",
}


def _selected(name: str) -> bool:
    return name.startswith("Llama") or name in ("Falcon", "OPT")


def _above(rows: pd.DataFrame, least: float) -> pd.DataFrame:
    return rows[(rows["params"] > least).to_numpy()]


def _plain_r(rows: pd.DataFrame, least: float) -> float:
    large = _above(rows, least)
    return dynamics.controls.pearson(
        large[REASONING].to_numpy(float), large[PUBLISHED_TRUTH].to_numpy(float)
    )


@dataclass(frozen=True)
class _Within:
    """r of two scores within families, plain and given log10 N, with permutation p values.

    `low`, `high`: Fisher's 95 % interval of the plain r, a degree of freedom less per family.
    """

    models: int
    families: int
    r: float
    low: float
    high: float
    p: float
    partial_r: float
    partial_p: float


def _within_families(rows: pd.DataFrame, truth: str, *, n_draws: int, seed: int) -> _Within:
    """Families with at least two models; what is left of a score is dealt out within families."""
    rows = rows.dropna(subset=[REASONING, truth])
    rows = rows[rows.groupby("family")["model"].transform("size") > 1]
    names = tuple(dict.fromkeys(rows["family"]))
    if len(names) == 0:
        return _Within(0, 0, *[math.nan] * 6)
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
        found.append((r, float((1 + hits) / (1 + n_draws))))
    (r, p), (partial_r, partial_p) = found
    low, high = _fisher(r, len(rows) - len(names))
    return _Within(len(rows), len(names), r, low, high, p, partial_r, partial_p)


def _fisher(r: float, free: int) -> tuple[float, float]:
    """Fisher's 95 % interval of a correlation with `free` degrees of freedom about the means."""
    if free < 3 or math.isnan(r):
        return -1.0, 1.0
    if abs(r) >= 1:
        return r, r
    half = float(stats.norm.ppf(0.975)) / math.sqrt(free - 2)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
