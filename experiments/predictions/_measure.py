"""The value of a prediction's statistic on a panel, with its interval."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.statistics import binomial_stderr
from ._dates import earliest_dates
from ._rules import Rules, Statistic

_SURE = 1.96
_LEAST = 3  # two models always correlate perfectly


@dataclass(frozen=True)
class PanelValue:
    """A value with its 95 % interval on `n` models; NaN and `why` where there is none."""

    value: float
    low: float
    high: float
    n: int
    why: str = ""


def measure(statistic: Statistic, panel: pd.DataFrame, rules: Rules) -> PanelValue:
    """A statistic on the rows of a panel (scores as fractions, `lab` and `date` as text)."""
    if statistic.kind == "spread":
        return _spread(statistic, panel)
    if statistic.kind == "correlation":
        return _correlation(statistic, panel)
    return _residual(statistic, panel, rules.line)


def _nothing(why: str, n: int = 0) -> PanelValue:
    return PanelValue(math.nan, math.nan, math.nan, n, why)


def _missing(panel: pd.DataFrame, *names: str) -> str:
    """Why a statistic of some benchmarks has no value, empty where all have scores."""
    absent = [name for name in names if name not in panel or panel[name].isna().all()]
    return f"not in the table: {', '.join(absent)}" if absent else ""


def _stderr(panel: pd.DataFrame, name: str) -> np.ndarray:
    """As the table states it, of the benchmark's items where it does not; NaN for neither."""
    items = dynamics.benchmark(name).items
    score = panel[name].to_numpy(float)
    binomial = binomial_stderr(score, items) if items else np.full(len(panel), np.nan)
    if f"{name}_stderr" not in panel:
        return binomial
    stated = panel[f"{name}_stderr"].to_numpy(float)
    return np.where(np.isfinite(stated), stated, binomial)


def _spread(statistic: Statistic, panel: pd.DataFrame) -> PanelValue:
    name, by = statistic.benchmark, statistic.by
    if why := _missing(panel, *dict.fromkeys((by, name))):
        return _nothing(why)
    best = panel.dropna(subset=[by]).nlargest(statistic.top, by, keep="first")
    best = best.dropna(subset=[name])
    if len(best) < 2:
        return _nothing("too few models with the scores", len(best))
    found = dynamics.controls.spread(best[name].to_numpy(float), _stderr(best, name))
    return PanelValue(found.value, found.low, found.high, found.models)


def _correlation(statistic: Statistic, panel: pd.DataFrame) -> PanelValue:
    if why := _missing(panel, statistic.x, statistic.y):
        return _nothing(why)
    scores = {name: panel[name].to_numpy(float) for name in (statistic.x, statistic.y)}
    found = dynamics.controls.pair_correlation(scores, statistic.x, statistic.y)
    if found.models < _LEAST or math.isnan(found.r):
        return _nothing("too few models with both scores, or scores that do not vary", found.models)
    return PanelValue(found.r, found.low, found.high, found.models)


def _residual(statistic: Statistic, panel: pd.DataFrame, line: Mapping[str, str]) -> PanelValue:
    x, y = line["x"], line["y"]
    if why := _missing(panel, x, y):
        return _nothing(why)
    if not (panel["lab"] != "").any() or not (panel["date"] != "").any():
        return _nothing("not in the table: lab and date of the models")
    new = _releases(statistic, panel.dropna(subset=[x, y]))
    if not len(new):
        return _nothing(f"no model of {statistic.lab} after {statistic.after}")
    frozen = dynamics.load_figures(line["panel"])
    frozen = frozen[frozen["panel"] == line["rows"]]
    h = dynamics.controls.new_residuals(
        frozen[x].to_numpy(float),
        frozen[y].to_numpy(float),
        new_x=new[x].to_numpy(float),
        new_y=new[y].to_numpy(float),
        new_x_stderr=_stderr(new, x),
        new_y_stderr=_stderr(new, y),
    )
    pick = np.argmax if statistic.take == "largest" else np.argmin
    at = int(pick(h.residual))
    value, half = float(h.residual[at]), _SURE * float(h.stderr[at])
    return PanelValue(value, value - half, value + half, len(new))


def _releases(statistic: Statistic, panel: pd.DataFrame) -> pd.DataFrame:
    """The lab's first models after the day, whatever else its name has (Google DeepMind)."""
    after = statistic.after or datetime.date.min
    days = pd.Series(earliest_dates(panel["date"]), index=panel.index, dtype=object)
    dated = panel.assign(day=days)
    mine = dated["lab"].str.casefold().str.contains(statistic.lab.casefold(), regex=False)
    late = pd.Series([day is not None and day > after for day in dated["day"]], index=dated.index)
    return dated[mine & late].sort_values("day", kind="stable").head(statistic.releases)
