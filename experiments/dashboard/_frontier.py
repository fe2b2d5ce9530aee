"""Frontier: the population line of the newest models, and what stands above it."""

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.statistics import binomial_stderr
from ...common.words import counted
from ...dynamics import benchmark
from ..formats import day, interval, signed
from ._blocks import Block, Csv, View, csv_data, facts, figure, figure_text, lines, table
from ._blocks import view as make_view
from ._lab_markers import lab_markers
from ._one_harness import one_harness_blocks
from ._predictions import predictions_blocks
from ._style import FAINT, INK, layout, percent, titled, trace

_X, _Y = "swe_bench_verified", "gpqa_diamond"


def frontier_view(panel: pd.DataFrame | None = None, harness: pd.DataFrame | None = None) -> View:
    """Line, residuals h with intervals, labs, dates, and the simpler predictors beside it; the same
    pair under one harness; and where the dated predictions stand."""
    panel = dynamics.load_figures("frontier") if panel is None else panel
    harness = dynamics.load_figures("frontier_one_harness") if harness is None else harness
    panel = panel[panel["panel"] == "frozen"].reset_index(drop=True)
    x, y = panel[_X].to_numpy(float), panel[_Y].to_numpy(float)
    lab = panel["lab"].to_numpy().astype(str)
    date = np.array([dynamics.controls.decimal_year(str(text)) for text in panel["date"]])
    line = dynamics.controls.population_line(x, y, x_stderr=_stderr(x, _X), y_stderr=_stderr(y, _Y))
    effects = dynamics.controls.lab_effects(np.column_stack([x, date]), y, lab)
    panel = panel.assign(h=line.residual, h_stderr=line.residual_stderr, year=date)
    ends = interval(line.slope_low, line.slope_high)
    given = interval(effects.low, effects.high)
    return make_view(
        "Frontier",
        "Do two capabilities still rise together among the newest models, beyond what date says?",
        [
            facts(
                ("slope", signed(line.slope), f"{_t(_Y)} per {_t(_X)}, 95 % {ends}"),
                ("slope given lab and date", signed(effects.slope), f"95 % {given}"),
                ("r", signed(line.r), f"{counted(line.models, 'model')}, {len(set(lab))} labs"),
                ("scatter", f"{100 * line.residual_sd:.1f} pp", "standard deviation about it"),
            ),
            _plane(panel, line),
            _residuals(panel),
            _by_date(panel),
            _predictors(x, y, date, lab),
            _labs(x, y, lab),
            lines("Scores above are reported by the makers, at settings that they chose."),
            *one_harness_blocks(panel, harness),
            *predictions_blocks(),
        ],
    )


def _t(name: str) -> str:
    return benchmark(name).title


def _stderr(score: np.ndarray, name: str) -> np.ndarray:
    return binomial_stderr(score, benchmark(name).items)


def _data(panel: pd.DataFrame) -> Csv:
    columns = ["lab", "model", "date", _X, _Y, "h", "h_stderr"]
    return csv_data("frontier", columns, panel[columns].to_numpy(object).tolist())


def _plane(panel: pd.DataFrame, line: dynamics.controls.PopulationLine) -> Block:
    ends = np.array([panel[_X].min(), panel[_X].max()])
    fitted = trace(
        100 * ends,
        100 * (line.intercept + line.slope * ends),
        mode="lines",
        line={"color": INK, "width": 2},
        name="population line",
        hoverinfo="skip",
    )
    hover = "%{x:.1f} %, %{y:.1f} %"
    return figure(
        "population-line",
        f"{_t(_Y)} against {_t(_X)}",
        traces=[
            fitted,
            *lab_markers(panel, 100 * panel[_X], 100 * panel[_Y], hover=hover),
        ],
        layout=layout(x=percent(_t(_X)), y=percent(_t(_Y))),
        alt="A marker per model, coloured by lab, with the least-squares line through all.",
        data=_data(panel),
        height=500,
    )


def _residuals(panel: pd.DataFrame) -> Block:
    ordered = panel.sort_values("h")
    half = 1.96 * ordered["h_stderr"].to_numpy(float)
    names = [figure_text(name) for name in ordered["model"]]
    sure = np.abs(ordered["h"].to_numpy(float)) > half
    return figure(
        "above-the-line",
        "h: how far each model stands above the line",
        traces=[
            trace(
                100 * ordered["h"].to_numpy(float),
                names,
                mode="markers",
                marker={"size": 7, "color": INK, "symbol": np.where(
                    sure, "circle", "circle-open").tolist()},
                error_x={"type": "data", "array": (100 * half).tolist(), "thickness": 1,
                         "width": 3, "color": INK},
                hovertemplate="%{y}: %{x:.1f} pp<extra></extra>",
                name="h",
            )
        ],
        layout=layout(
            x=titled("h (percentage points), 95 %"),
            y={"type": "category", "tickfont": {"size": 11}},
            showlegend=False,
            shapes=[{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0,
                     "line": {"color": FAINT, "width": 1.5}}],
        ),
        alt="Each model's distance from the line with its interval; filled markers exclude zero.",
        data=_data(panel),
        note=f"{int(sure.sum())} of {len(sure)} intervals exclude 0; of independent models one in "
        "twenty would by chance.",
        height=90 + 20 * len(names),
    )  # fmt: skip


def _by_date(panel: pd.DataFrame) -> Block:
    known = panel[np.isfinite(panel["year"])]
    days = known["year"].map(day)
    return figure(
        "h-by-date",
        "h by release date",
        traces=lab_markers(known, days, 100 * known["h"], hover="%{x|%Y-%m}, %{y:.1f} pp"),
        layout=layout(
            x=titled("release", type="date", tickformat="%Y-%m"),
            y=titled("h (percentage points)"),
            shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
                     "line": {"color": FAINT, "width": 1.5}}],
        ),
        alt="Each model's distance from the line by its release date, coloured by lab.",
        data=_data(panel),
        height=400,
    )  # fmt: skip


def _predictors(x: np.ndarray, y: np.ndarray, date: np.ndarray, lab: np.ndarray) -> Block:
    candidates = {
        f"{_t(_X)}": x[:, None],
        "release date": date[:, None],
        f"{_t(_X)} and date": np.column_stack([x, date]),
        "mean of the other labs": np.empty((len(x), 0)),
    }
    errors = {
        name: dynamics.controls.leave_one_lab_out(c, y, lab) for name, c in candidates.items()
    }
    rows = [
        (name, f"{100 * held.mean:.1f}", f"{100 * held.sd:.1f}", str(len(held.labs)))
        for name, held in errors.items()
    ]
    plain_rows = [(name, held.mean, held.sd, len(held.labs)) for name, held in errors.items()]
    return table(
        f"What predicts {_t(_Y)} of a lab that was left out",
        ("predictor", "error (pp)", "sd over labs (pp)", "labs"),
        rows,
        right=(1, 2, 3),
        note="Mean absolute error over the labs with three models or more.",
        data=csv_data("predictors", ("predictor", "error", "sd", "labs"), plain_rows),
    )


def _labs(x: np.ndarray, y: np.ndarray, lab: np.ndarray) -> Block:
    fits = dynamics.controls.lab_lines(x, y, lab)
    rows = [
        (name, str(line.models), signed(line.slope), interval(line.slope_low, line.slope_high))
        for name, line in fits.items()
    ]
    plain_rows = [
        (name, line.models, line.slope, line.slope_low, line.slope_high)
        for name, line in fits.items()
    ]
    p = dynamics.controls.equal_slopes_p(x, y, lab)
    return table(
        "A line for each lab with three models or more",
        ("lab", "models", "slope", "95 %"),
        rows,
        right=(1, 2),
        note=f"That all have one slope: p = {signed(p)}.",
        data=csv_data("labs", ("lab", "models", "slope", "low", "high"), plain_rows),
    )
