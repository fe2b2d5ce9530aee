"""Family: one family's scores, its steps, and what would settle where it turns."""

import math
from collections.abc import Callable

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, benchmark
from ...dynamics.phases import ONLY_TREND
from ..formats import interval, signed, size, size_of_log
from ..studies.diagnosis import gamma_text
from ._blocks import (
    Block,
    Plot,
    View,
    badge,
    csv_data,
    facts,
    figure,
    figure_text,
    lines,
    notice,
    table,
)
from ._blocks import view as make_view
from ._overview import turn_text
from ._settle import settle_blocks
from ._style import BAND, FAINT, INK, PHASES, band, layout, percent, size_axis, titled, trace

_REACH = 4.0  # couplings beyond are drawn at the edge


def family_view(diagnosis: Diagnosis, family: FamilyDiagnosis) -> View:
    """Everything about one family and one pair of scores."""
    pair = benchmark(diagnosis.reasoning).compared, benchmark(diagnosis.truth).compared
    several = family.current is not None
    return make_view(
        family.family,
        f"Do {pair[0]} and {pair[1]} help or hurt one another as this family grows?",
        [
            _facts(family),
            None if several else notice("One size", "A coupling needs models of two sizes."),
            _notes(family, pair),
            _plane(diagnosis, family),
            _along_size(diagnosis, family),
            _steps_figure(family) if several else None,
            _steps_table(family) if several else None,
            *settle_blocks(diagnosis, family),
        ],
    )


def _facts(family: FamilyDiagnosis) -> Block:
    r = family.correlation
    turn = turn_text(family)
    bracketed = family.critical.status == "bracketed"
    value = size_of_log(family.critical.vertex) if bracketed else "not established"
    ends = interval(family.critical.low, family.critical.high, size_of_log) if bracketed else ""
    sides = [
        (f"γ {when} the turn", signed(slope.gamma), f"95 % {interval(slope.low, slope.high)}")
        for when, slope in zip(("before", "after"), family.about_turn or (), strict=False)
    ]
    return facts(
        ("phase now", family.phase, "at its largest models, 95 %"),
        ("γ now", signed(family.current.gamma) if family.current else "–", gamma_text(family)),
        ("truth turns at", value, f"95 % {ends}" if bracketed else turn),
        *sides,
        ("r", signed(r.r), f"given N: {signed(r.partial_r)}; {counted(r.models, 'model')}"),
    )


def _notes(family: FamilyDiagnosis, pair: tuple[str, str]) -> Block | None:
    meaning = {
        "few_models": "Under five models: r alone says little.",
        "only_trend": _trend_text(family, pair),
    }
    texts = [meaning[note] for note in family.correlation.notes if note in meaning]
    if any(step.near_chance for step in family.steps):
        texts.append(
            "Its smallest models are near chance; part of a fall of truth there is leaving chance."
        )
    return lines(" ".join(texts)) if texts else None


def _trend_text(family: FamilyDiagnosis, pair: tuple[str, str]) -> str:
    """Which of the scores follow size, and how: what r may be made of."""
    said = [
        f"{name} {'rises' if r > 0 else 'falls'} with size (r {signed(r)})"
        for name, r in zip(pair, family.correlation.size_r, strict=True)
        if abs(r) > ONLY_TREND
    ]
    return f"{' and '.join(said)}: r between the two says little beyond that."


def _points(family: FamilyDiagnosis, x: np.ndarray, **errors: object) -> Plot:
    return trace(
        x,
        100 * family.truth,
        mode="lines+markers",
        line={"color": PHASES[family.phase], "width": 1.2, "dash": "dot"},
        marker={"size": 8, "color": PHASES[family.phase]},
        error_y={
            "type": "data",
            "array": 196 * np.nan_to_num(family.truth_stderr),
            "thickness": 1,
            "width": 3,
        },
        text=[
            f"{figure_text(m)} ({size(10**s)})"
            for m, s in zip(family.models, family.log10_params, strict=True)
        ],
        hovertemplate="%{text}<br>%{y:.1f} % of truth<extra></extra>",
        name="models, 95 %",
        **errors,
    )


def _curve_traces(
    curve: dynamics.FamilyCurve | None, show: Callable[[np.ndarray], np.ndarray]
) -> list[Plot]:
    """The fitted quadratic with its band; `show` turns scores or sizes into the axis's unit."""
    if curve is None:
        return []
    margin = 0.06 * (curve.span[1] - curve.span[0])
    grid = np.linspace(curve.span[0] - margin, curve.span[1] + margin, 60)
    low, high = curve.band(grid)
    return [
        band(show(grid), 100 * np.clip(low, 0, 1), 100 * np.clip(high, 0, 1), name="its 95 % band"),
        trace(
            show(grid),
            100 * np.clip(curve(grid), 0, 1),
            mode="lines",
            line={"color": INK, "width": 2},
            name="fitted U" if curve.coefficients[2] > 0 else "fitted curve",
            hoverinfo="skip",
        ),
    ]


def _rows(family: FamilyDiagnosis) -> list[tuple]:
    columns = (
        family.models, 10**family.log10_params, family.reasoning, family.truth,
        family.reasoning_stderr, family.truth_stderr,
    )  # fmt: skip
    return list(zip(*columns, strict=True))


def _columns(diagnosis: Diagnosis) -> tuple[str, ...]:
    scores = diagnosis.reasoning, diagnosis.truth
    return ("model", "params", *scores, *(f"{name}_stderr" for name in scores))


def _plane(diagnosis: Diagnosis, family: FamilyDiagnosis) -> Block:
    names = benchmark(diagnosis.reasoning).compared, benchmark(diagnosis.truth).compared
    curve = dynamics.family_curve(family.reasoning, family.truth, y_stderr=family.truth_stderr)
    across = {
        "error_x": {
            "type": "data",
            "array": 196 * np.nan_to_num(family.reasoning_stderr),
            "thickness": 1,
            "width": 3,
        }
    }
    return figure(
        "truth-against-reasoning",
        f"{names[1]} against {names[0]}",
        traces=[
            *_curve_traces(curve, lambda x: 100 * x),
            _points(family, 100 * family.reasoning, **across),
        ],
        layout=layout(x=percent(names[0]), y=percent(names[1])),
        alt=f"The models of the family from small to large in the plane of the two scores, with "
        f"{'a fitted quadratic and its band' if curve else 'no curve: fewer than three sizes'}.",
        data=csv_data("truth-against-reasoning", _columns(diagnosis), _rows(family)),
        note=""
        if curve is None
        else "The band is of the curve, with the noise that the numbers of questions set.",
    )


def _along_size(diagnosis: Diagnosis, family: FamilyDiagnosis) -> Block | None:
    if len(family.models) < 2:
        return None
    curve = dynamics.family_curve(family.log10_params, family.truth, y_stderr=family.truth_stderr)
    low, high = family.log10_params[0] - 0.4, family.log10_params[-1] + 0.4
    shapes = []
    critical = family.critical
    if critical.status == "bracketed":
        ends = np.clip([critical.low, critical.high], low, high)
        shapes = [
            {
                "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
                "x0": float(ends[0]), "x1": float(ends[1]), "fillcolor": BAND, "line": {"width": 0},
            },
            {
                "type": "line", "yref": "paper", "y0": 0, "y1": 1,
                "x0": critical.vertex, "x1": critical.vertex,
                "line": {"color": INK, "width": 1, "dash": "dash"},
            },
        ]  # fmt: skip
    title = benchmark(diagnosis.truth).compared
    return figure(
        "truth-along-size",
        f"{title} along the number of parameters",
        traces=[*_curve_traces(curve, lambda x: x), _points(family, family.log10_params)],
        layout=layout(x=size_axis(low, high), y=percent(title), shapes=shapes),
        alt=f"The truth score of each model by size. Turn: {turn_text(family)}.",
        data=csv_data("truth-along-size", _columns(diagnosis), _rows(family)),
        note=f"Truth turns: {turn_text(family)}.",
        height=360,
    )


def _steps_figure(family: FamilyDiagnosis) -> Block:
    shown = [s for s in family.steps if math.isfinite(s.slope.gamma)]
    middle = [float(np.clip(s.slope.gamma, -_REACH, _REACH)) for s in shown]
    ends = [np.clip([s.slope.low, s.slope.high], -_REACH, _REACH) for s in shown]
    colours = [PHASES[s.slope.phase] for s in shown]
    traces = [
        trace(
            [s.log10_params for s in shown],
            middle,
            mode="markers",
            marker={
                "size": 9,
                "color": colours,
                "symbol": ["circle-open" if s.near_chance else "circle" for s in shown],
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [float(e[1]) - m for e, m in zip(ends, middle, strict=True)],
                "arrayminus": [m - float(e[0]) for e, m in zip(ends, middle, strict=True)],
                "color": INK,
                "thickness": 1,
                "width": 4,
            },
            text=[
                figure_text(
                    f"{s.smaller} to {s.larger}",
                    f"γ {signed(s.slope.gamma)} {interval(s.slope.low, s.slope.high)}",
                )
                for s in shown
            ],
            hovertemplate="%{text}<extra></extra>",
            name="step, 95 %",
        )
    ]
    shapes = [
        {
            "type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -0.1, "y1": 0.1,
            "fillcolor": BAND, "line": {"width": 0}, "layer": "below",
        },
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
            "line": {"color": FAINT, "width": 1}, "layer": "below",
        },
    ]  # fmt: skip
    ends_of_axis = family.log10_params[0] - 0.2, family.log10_params[-1] + 0.2
    return figure(
        "steps",
        "Coupling γ of each step from size to size",
        traces=traces,
        layout=layout(
            x=size_axis(*ends_of_axis, "parameters N, middle of the step"),
            y=titled("γ"),
            shapes=shapes,
            showlegend=False,
        ),
        alt="The coupling of each step with its 95 % interval; the table below has the numbers.",
        data=csv_data("steps", _STEP_COLUMNS, _step_rows(family)),
        note=f"Grey: between tax and bonus. Open markers begin near chance. Cut at ±{_REACH:g}.",
        height=340,
    )


_STEP_COLUMNS = (
    "from", "to", "params", "gamma", "low", "high", "p_tax", "p_bonus", "phase", "near_chance",
)  # fmt: skip


def _step_rows(family: FamilyDiagnosis) -> list[tuple]:
    return [
        (
            s.smaller, s.larger, 10**s.log10_params, s.slope.gamma, s.slope.low, s.slope.high,
            s.slope.p_tax, s.slope.p_bonus, s.slope.phase, s.near_chance,
        )
        for s in family.steps
    ]  # fmt: skip


def _steps_table(family: FamilyDiagnosis) -> Block:
    rows = [
        (
            f"{s.smaller} → {s.larger}",
            badge(s.slope.phase, s.slope.phase),
            signed(s.slope.gamma) + ("°" if s.near_chance else ""),
            interval(s.slope.low, s.slope.high),
            signed(s.slope.p_tax),
            signed(s.slope.p_bonus),
        )
        for s in family.steps
    ]
    return table(
        "Steps",
        ("step", "phase", "γ", "95 %", "P(γ < -0.1)", "P(γ > 0.1)"),
        rows,
        right=(2, 4, 5),
        note="° begins near chance. Intervals from the benchmarks' numbers of questions.",
        data=csv_data("steps", _STEP_COLUMNS, _step_rows(family)),
    )
