"""The four figures of a diagnosis, those of them that have something to show."""

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ...common.words import counted
from ...dynamics import CLOCKS, Diagnosis, benchmark
from ..formats import size
from ._style import FAINT, INK, PHASE_COLOURS, canvas, remove, save


def write_diagnosis_figures(diagnosis: Diagnosis, folder: Path) -> dict[str, str]:
    """Phase diagram, couplings by score, critical points by family, width null: PNG and SVG.

    **Returns** the figures that would be empty, and why; they are not written, and those of an
    earlier run are removed.
    """
    several = [f for f in diagnosis.families if f.critical.status != "underdetermined"]
    steps = [step for f in diagnosis.families for step in f.steps]
    turn = diagnosis.common_turn[CLOCKS[diagnosis.along].axis]
    empty = {}
    if not any(math.isfinite(step.slope.gamma) for step in steps):
        empty["coupling_by_reasoning"] = "no family has a step with a slope"
    if not several and not turn.established:
        empty["critical_points"] = "no family has sizes enough to look for a turn"
    if not diagnosis.width:
        empty["width_null"] = "no family has widths enough"
    drawn = {
        "phase_diagram": (5.0, lambda figure: _phase_diagram(figure, diagnosis)),
        "coupling_by_reasoning": (4.0, lambda figure: _couplings(figure, diagnosis)),
        "critical_points": (
            1.6 + 0.24 * len(several),
            lambda figure: _critical_points(figure, diagnosis, several),
        ),
        "width_null": (
            1.6 + 0.24 * len(diagnosis.width),
            lambda figure: _width_null(figure, diagnosis),
        ),
    }
    for name, (height, draw) in drawn.items():
        if name in empty:
            remove(folder, name)
            continue
        with canvas(7, height) as figure:
            draw(figure)
            save(figure, folder, name)
    return empty


def _phase_diagram(figure: Figure, diagnosis: Diagnosis) -> None:
    """Truth against reasoning, a line per family; curve and place of an established turn."""
    axes = figure.subplots()
    for family in diagnosis.families:
        colour = PHASE_COLOURS[family.phase]
        x, y = 100 * family.reasoning, 100 * family.truth
        axes.plot(x, y, "-o", color=colour, markersize=3, linewidth=1, alpha=0.75)
    turn = diagnosis.common_turn["reasoning"]
    if turn.established and turn.curve is not None:  # nothing is drawn that is not established
        grid = np.linspace(*turn.curve.span, 200)
        axes.plot(100 * grid, 100 * turn.curve(grid), color=INK, linewidth=2, label="spline")
        axes.axvline(100 * turn.place, color=INK, linewidth=0.8, linestyle="--")
        span = np.clip([turn.low, turn.high], 0, 1) * 100
        axes.axvspan(*span, color=FAINT, alpha=0.4, linewidth=0, label="shared turn, 95 %")
    for phase, colour in PHASE_COLOURS.items():
        if any(f.phase == phase for f in diagnosis.families):
            axes.plot([], [], "-o", color=colour, markersize=3, label=f"{phase} now")
    axes.legend(fontsize=8)
    axes.set_xlabel(f"{benchmark(diagnosis.reasoning).compared} (%)")
    axes.set_ylabel(f"{benchmark(diagnosis.truth).compared} (%)")
    axes.set_title(f"{counted(len(diagnosis.families), 'family')}, from small to large")


def _couplings(figure: Figure, diagnosis: Diagnosis) -> None:
    """The coupling of every step at its mean reasoning score, with its interval."""
    axes = figure.subplots()
    reach = 4.0
    for family in diagnosis.families:
        scores = dict(zip(family.models, family.reasoning, strict=True))
        for step in family.steps:
            slope = step.slope
            if not math.isfinite(slope.gamma):
                continue
            x = 50 * (scores[step.smaller] + scores[step.larger])
            colour = PHASE_COLOURS[slope.phase]
            ends = np.clip([slope.low, slope.high], -reach, reach)
            axes.plot([x, x], ends, color=colour, linewidth=0.8, alpha=0.6)
            inside = np.clip(slope.gamma, -reach, reach)
            fill = "white" if step.near_chance else colour
            axes.plot(x, inside, "o", color=colour, markersize=3.5, markerfacecolor=fill)
    axes.axhspan(-0.1, 0.1, color=FAINT, alpha=0.5, linewidth=0)
    axes.set_ylim(-reach, reach)
    for phase, colour in PHASE_COLOURS.items():
        axes.plot([], [], "o", color=colour, markersize=3.5, label=phase)
    axes.plot([], [], "o", color=INK, markerfacecolor="white", markersize=3.5, label="near chance")
    axes.legend(fontsize=8, ncols=5, loc="upper left")
    axes.set_xlabel(f"{benchmark(diagnosis.reasoning).compared}, mean of the step (%)")
    axes.set_ylabel("γ of the step, 95 %")
    axes.set_title(f"Coupling from size to size (cut at ±{reach:g})")


def _critical_points(figure: Figure, diagnosis: Diagnosis, several: list) -> None:
    """Where truth turns along the clock, family by family, and pooled."""
    axes = figure.subplots()
    clock = CLOCKS[diagnosis.along]
    starts, ends = [f.time[0] for f in several], [f.time[-1] for f in several]
    low, high = min(starts, default=7.0) - 1, max(ends, default=12.0) + 1
    names = []
    for row, family in enumerate(several):
        critical = family.critical
        first, last = family.time[0], family.time[-1]
        axes.plot([first, last], [row, row], color=FAINT, linewidth=6, solid_capstyle="butt")
        found = critical.status == "bracketed"
        colour = INK if found else PHASE_COLOURS["undetermined"]
        if math.isfinite(critical.vertex):
            axes.plot(np.clip([critical.low, critical.high], low, high), [row, row], color=colour)
            if low < critical.vertex < high:
                fill = colour if found else "white"
                axes.plot(
                    critical.vertex, row, "o", color=colour, markersize=4, markerfacecolor=fill
                )
        names.append(f"{family.family} ({critical.status.replace('_', ' ')})")
    turn = diagnosis.common_turn[clock.axis]
    if turn.established:
        row = len(several)
        axes.plot(np.clip([turn.low, turn.high], low, high), [row] * 2, color=PHASE_COLOURS["tax"])
        axes.plot(turn.place, row, "D", color=PHASE_COLOURS["tax"], markersize=5)
        names.append("all families")
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(low, high)
    ticks = np.arange(math.ceil(low), math.floor(high) + 1)
    axes.set_xticks(ticks, [f"{t:.0f}" if clock.is_date else size(10.0**t) for t in ticks])
    named = "parameters" if clock.name == "params" else clock.name
    axes.set_xlabel(
        f"{named} at the minimum of the truth score, 95 %; grey: the family's {clock.points}"
    )


def _width_null(figure: Figure, diagnosis: Diagnosis) -> None:
    """Correlation of the ratios to width, beside what independent scores give."""
    axes = figure.subplots()
    for row, width in enumerate(diagnosis.width.values()):
        ends = [width.null_low, width.null_high]
        axes.plot(ends, [row, row], color=FAINT, linewidth=6, solid_capstyle="butt")
        axes.plot(width.ratio_r, row, "o", color=INK, markersize=4)
    axes.set_yticks(range(len(diagnosis.width)), list(diagnosis.width), fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("r of the two scores divided by d_model; grey: independent scores, 95 %")
