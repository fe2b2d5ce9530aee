"""C19 and C20: is h a property of a model, and a slope one of a lab?"""

import math
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from ... import dynamics
from ...common.statistics import holm
from ..formats import interval, signed
from ._claim import Claim, Control, figure, judge
from ._margin import ALPHA
from ._tables import LedgerTables, stderr_of_items

_X, _Y = "swe_bench_verified", "gpqa_diamond"
_SURE = 1.96
_FIRST, _LAST = "DeepSeek-V2.5", "DeepSeek V3.2"
_LABS = ("Google", "DeepSeek")


def _line(panel: pd.DataFrame) -> dynamics.controls.PopulationLine:
    x, y = panel[_X].to_numpy(float), panel[_Y].to_numpy(float)
    return dynamics.controls.population_line(
        x, y, x_stderr=stderr_of_items(x, _X), y_stderr=stderr_of_items(y, _Y)
    )


def fingerprint(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C19: h of a model, and whether it is there again under another harness."""
    panel = tables.frontier[tables.frontier["panel"] == "frozen"].reset_index(drop=True)
    harness = tables.frontier_one_harness.dropna(subset=[_X, _Y]).reset_index(drop=True)
    line, other = _line(panel), _line(harness)
    h = dict(zip(panel["model"], line.residual, strict=True))
    again = dict(zip(harness["frontier_model"], other.residual, strict=True))
    both = [name for name in h if name in again]
    r = dynamics.controls.pearson(
        np.array([h[name] for name in both]), np.array([again[name] for name in both])
    )
    low, high = dynamics.controls.correlation_interval(r, len(both))
    apart, pairs = _told_apart(panel, line)
    change, change_se = _change(panel, line)
    half = _SURE * change_se
    first, last = h.get(_FIRST, math.nan), h.get(_LAST, math.nan)
    return Claim(
        id="C19",
        claim="h is a fingerprint of a model; DeepSeek's turned from +11.2 to -4.7",
        figures={
            "h_DeepSeek-V2.5": figure("11.2", first, scale=0.01),
            "h_DeepSeek-V3.2": figure("-4.7", last, scale=0.01),
            "swing": figure("15.9", first - last, scale=0.01),
        },
        control=Control(
            "r of a model's h by makers' scores and by one harness",
            r,
            low,
            high,
            more={
                "models_in_both": len(both),
                "pairs_of_models": pairs,
                "pairs_told_apart": apart,
                "largest_h_stderr": float(np.max(line.residual_stderr)),
                "deepseek_change": change,
                "deepseek_change_low": change - half,
                "deepseek_change_high": change + half,
            },
        ),
        rule=(
            "supported if h of the same models by makers' scores and under one harness correlates "
            "above 0 at 95 %; not_supported if it correlates below 0 at 95 %, or less than .5 at "
            "95 %: then most of h is not the model's; undetermined otherwise"
        ),
        inference=judge(holds=low > 0, fails=high < 0 or (low <= 0 and high < 0.5)),
        reason=(
            f"h of {len(both)} models correlates at {signed(r)}{_ends(low, high)} between "
            f"makers' scores and one harness; {apart} of {pairs} pairs of models can be told apart "
            f"by it (item errors, Holm), and DeepSeek's change is {signed(100 * change, 1)} points"
            f"{_ends(100 * (change - half), 100 * (change + half), 1)}."
        ),
    )


def _ends(low: float, high: float, digits: int = 2) -> str:
    """An interval behind a number, or that there is none."""
    return (
        f" {interval(low, high, lambda value: signed(value, digits))}"
        if not math.isnan(low)
        else " (too few for an interval)"
    )


def _difference_stderr(panel: pd.DataFrame, line: dynamics.controls.PopulationLine) -> np.ndarray:
    """Standard error of the difference of two models' h: their items, and the line's slope."""
    x, y = panel[_X].to_numpy(float), panel[_Y].to_numpy(float)
    own = (line.slope * stderr_of_items(x, _X)) ** 2 + stderr_of_items(y, _Y) ** 2
    slope = line.residual_sd**2 / float(np.sum((x - x.mean()) ** 2))
    return np.sqrt(own[:, None] + own[None, :] + slope * (x[:, None] - x[None, :]) ** 2)


def _told_apart(panel: pd.DataFrame, line: dynamics.controls.PopulationLine) -> tuple[int, int]:
    """(pairs whose h differ at p < .05 after Holm's correction, pairs)."""
    stderr = _difference_stderr(panel, line)
    p = [
        2 * float(stats.norm.sf(abs(line.residual[i] - line.residual[j]) / stderr[i, j]))
        for i, j in combinations(range(len(panel)), 2)
    ]
    return int(np.sum(holm(p) < ALPHA)), len(p)


def _change(panel: pd.DataFrame, line: dynamics.controls.PopulationLine) -> tuple[float, float]:
    """DeepSeek's change of h with its standard error; NaN where a model is not there."""
    at = [np.flatnonzero(panel["model"] == name) for name in (_FIRST, _LAST)]
    if not all(places.size for places in at):
        return math.nan, math.nan
    i, j = (int(places[0]) for places in at)
    change = float(line.residual[j] - line.residual[i])
    return change, float(_difference_stderr(panel, line)[i, j])


def lab_slopes(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C20: slopes by lab, one slope for all, and the two labs that the paper names."""
    panel = tables.frontier[tables.frontier["panel"] == "frozen"]
    x, y = panel[_X].to_numpy(float), panel[_Y].to_numpy(float)
    lab = panel["lab"].to_numpy().astype(str)
    date = np.array([dynamics.controls.decimal_year(str(text)) for text in panel["date"]])
    lines = dynamics.controls.lab_lines(x, y, lab)
    p = dynamics.controls.equal_slopes_p(x, y, lab)
    p_date = dynamics.controls.equal_slopes_p(x, y, lab, given=date)
    harness = tables.frontier_one_harness.dropna(subset=[_X, _Y])
    p_harness = dynamics.controls.equal_slopes_p(
        harness[_X].to_numpy(float),
        harness[_Y].to_numpy(float),
        harness["lab"].to_numpy().astype(str),
    )
    slopes = {name: lines[name].slope if name in lines else math.nan for name in _LABS}
    low, high = _slopes_apart(*(lines.get(name) for name in _LABS))
    return Claim(
        id="C20",
        claim="a lab's slope is the quality of its recipe, five times apart",
        figures={
            "slope_Google": figure("1.15", slopes["Google"]),
            "slope_DeepSeek": figure("0.23", slopes["DeepSeek"]),
        },
        control=Control(
            "slope of Google less that of DeepSeek",
            slopes["Google"] - slopes["DeepSeek"],
            low,
            high,
            more={
                "labs": len(lines),
                "equal_slopes_p": p,
                "equal_slopes_given_date_p": p_date,
                "equal_slopes_one_harness_p": p_harness,
                **{f"models_{name}": line.models for name, line in lines.items()},
                **{f"slope_low_{name}": line.slope_low for name, line in lines.items()},
                **{f"slope_high_{name}": line.slope_high for name, line in lines.items()},
            },
        ),
        rule=(
            "supported if one slope for all labs with three models or more is rejected at p < .05, "
            "also given release date, and the two labs that the paper names differ at 95 % "
            "(Welch); not_supported if one slope given date gives differences as large in half of "
            "the draws (p >= .5); undetermined otherwise"
        ),
        inference=judge(
            holds=max(p, p_date) < ALPHA and (low > 0 or high < 0), fails=p_date >= 0.5
        ),
        reason=(
            f"One slope for {len(lines)} labs has p = {signed(p, 3)} ({signed(p_date, 3)} given "
            f"date; {signed(p_harness)} under one harness), and Google's less DeepSeek's is "
            f"{signed(slopes['Google'] - slopes['DeepSeek'])}{_ends(low, high)}."
        ),
    )


def _slopes_apart(
    first: dynamics.controls.PopulationLine | None, second: dynamics.controls.PopulationLine | None
) -> tuple[float, float]:
    """Welch's 95 % interval of the difference of two labs' slopes."""
    if first is None or second is None:
        return math.nan, math.nan
    variance, freedom = [], []
    for line in (first, second):
        dof = line.models - 2
        half = (line.slope_high - line.slope_low) / 2
        variance.append((half / float(stats.t.ppf(0.975, dof))) ** 2)
        freedom.append(dof)
    total = sum(variance)
    dof = total**2 / sum(v**2 / f for v, f in zip(variance, freedom, strict=True))
    half = float(stats.t.ppf(0.975, dof)) * math.sqrt(total)
    return first.slope - second.slope - half, first.slope - second.slope + half
