"""Truth against reasoning, a line per family: those whose phase is called stand out."""

import json
import math
from collections import Counter

import numpy as np

from ...data import shipped
from ...dynamics import CommonTurn, Diagnosis, FamilyDiagnosis, benchmark, table_names
from ...dynamics.phases import curve_band
from ..formats import interval, signed, size
from ..studies.diagnosis import by_evidence
from ._blocks import Chart, Label, Plot, csv_data, figure, figure_text
from ._style import (
    BAND,
    CONTEXT,
    INK,
    MUTED,
    PHASE_SYMBOLS,
    PHASES,
    band,
    layout,
    percent,
    trace,
)

#: What the truth score does in a phase as the reasoning score rises.
_DOES = {"tax": "falls", "bonus": "rises", "transition": "level", "undetermined": "open"}


#: A figure of more models has no marker but at the largest model of each family.
_MOST_MARKERS = 2000


def phase_diagram(diagnosis: Diagnosis) -> Chart:
    """The plane of the two scores, with the families' shared curve where a turn is established."""
    names = _names(diagnosis)
    several = by_evidence(diagnosis.families)
    columns = ("family", "model", "params", diagnosis.reasoning, diagnosis.truth, "phase")
    rows = [
        (f.family, model, 10**s, x, y, f.phase)
        for f in diagnosis.families
        for model, s, x, y in zip(f.models, f.log10_params, f.reasoning, f.truth, strict=True)
    ]
    turn = diagnosis.common_turn["reasoning"]
    return figure(
        "phase-diagram",
        finding(diagnosis),
        traces=[*_curve(diagnosis, turn), *_families(several, names)],
        layout=layout(
            x=percent(names[0]),
            y=percent(names[1]),
            shapes=_place(turn),
            legend={"itemsizing": "constant"},
        ),
        alt=f"A line per family in the plane of {names[0]} and {names[1]}; the table below has the "
        "same families with their phases.",
        data=csv_data("phase-diagram", columns, rows),
        note=f"Lines go from a family's small models to its large ones, {_markers(several)}. "
        "Coloured: families whose phase is called at their largest models; grey: those that the "
        f"scores leave open. {_curve_text(turn, names[0])}",
        source=source_text(diagnosis),
        height=560,
        labels=[_label(family) for family in several],
        picks="family",
    )


def finding(diagnosis: Diagnosis) -> str:
    """What the figure shows, as its title: in how many families the truth score falls or rises."""
    x, y = _names(diagnosis)
    phases = Counter(f.phase for f in diagnosis.families if f.current is not None)
    count = sum(phases.values())
    if not count:
        return f"{y} against {x}: no family has two sizes"
    said = [
        f"{words} in {phases[phase]}"
        for phase, words in (("tax", "falls"), ("bonus", "rises"), ("transition", "stays level"))
        if phases[phase]
    ]
    families = "family" if count == 1 else "families"
    if not said:
        return f"Whether {y} falls or rises with {x} stays open in all {count} {families}"
    left = phases["undetermined"]
    rest = f"; {left} {'stays' if left == 1 else 'stay'} open" if left else ""
    return f"Of {count} {families}, {y} {_listed(said)} as {x} grows{rest}"


def source_text(diagnosis: Diagnosis) -> str:
    """Where the scores come from: the origin of a shipped table, else the table's name."""
    if diagnosis.table not in table_names():
        return f"Source: {diagnosis.table}."
    facts = json.loads(shipped(f"{diagnosis.table}.json").read_text(encoding="utf-8"))
    origin = facts["origin"]
    return f"Source: {facts['title']} (table {diagnosis.table}). {origin[0].upper()}{origin[1:]}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _names(diagnosis: Diagnosis) -> tuple[str, str]:
    return benchmark(diagnosis.reasoning).compared, benchmark(diagnosis.truth).compared


def _families(several: list[FamilyDiagnosis], names: tuple[str, str]) -> list[Plot]:
    """A line per family, the open ones below the others: a trace per phase, as a browser draws
    hundreds of traces late."""
    phases = sorted(PHASES, key=lambda phase: phase != "undetermined")
    of_each = [(phase, [f for f in several if f.phase == phase]) for phase in phases]
    crowded = _is_crowded(several)
    return [
        one
        for phase, families in of_each
        if families
        for one in _of_phase(phase, families, names, crowded=crowded)
    ]


def _markers(several: list[FamilyDiagnosis]) -> str:
    if _is_crowded(several):
        return "and a marker stands at the largest, as there are too many for one at each"
    return "and markers grow with them"


def _is_crowded(several: list[FamilyDiagnosis]) -> bool:
    return sum(len(f.models) for f in several) > _MOST_MARKERS


def _of_phase(
    phase: str, families: list[FamilyDiagnosis], names: tuple[str, str], *, crowded: bool
) -> list[Plot]:
    """The lines of these families in one trace, with a gap after each; `meta` says whose a point
    is. The markers are a trace of their own where they are few of many."""
    called = phase != "undetermined"
    colour = PHASES[phase] if called else CONTEXT
    x, y, sizes, texts, owners = [], [], [], [], []
    for family in families:
        x += [*(100 * family.reasoning).tolist(), None]
        y += [*(100 * family.truth).tolist(), None]
        sizes += [(5 if called else 4) + 0.9 * i for i in range(len(family.models))] + [0]
        texts += [*_texts(family, names), ""]
        owners += [family.family] * (len(family.models) + 1)
    line = {"color": colour, "width": 2 if called else 1.2}
    # plotly would draw markers of several sizes pale, with a white edge.
    whole = {"opacity": 1, "line": {"width": 0}}
    marker = {"color": colour, "symbol": PHASE_SYMBOLS[phase], **whole}
    common = {
        "hovertemplate": "%{text}<extra></extra>",
        "name": f"{phase}: {_DOES[phase]} ({len(families)})",
        "legendrank": 1 + list(PHASES).index(phase),
    }
    if not crowded:
        marker = {**marker, "size": sizes}
        shown = {"mode": "lines+markers", "line": line, "marker": marker}
        return [trace(x, y, text=texts, meta=owners, **shown, **common)]
    ends = [at - 1 for at, value in enumerate(x) if value is None]
    x_end, y_end, text_end, owner_end = (
        [values[at] for at in ends] for values in (x, y, texts, owners)
    )
    common["legendgroup"] = phase
    return [
        trace(x, y, text=texts, meta=owners, mode="lines", line=line, showlegend=False, **common),
        trace(
            x_end,
            y_end,
            text=text_end,
            meta=owner_end,
            mode="markers",
            marker={**marker, "size": [7] * len(ends)},
            **common,
        ),
    ]


def _texts(family: FamilyDiagnosis, names: tuple[str, str]) -> list[str]:
    places = zip(
        family.models,
        family.log10_params,
        100 * family.reasoning,
        100 * family.truth,
        strict=True,
    )
    return [
        figure_text(
            family.family,
            f"{model}, {size(10**s)}",
            f"{names[0]} {x:.1f} %",
            f"{names[1]} {y:.1f} %",
        )
        for model, s, x, y in places
    ]


def _label(family: FamilyDiagnosis) -> Label:
    called = family.phase != "undetermined"
    return {
        "x": float(100 * family.reasoning[-1]),
        "y": float(100 * family.truth[-1]),
        "name": family.family,
        "text": figure_text(family.family),
        "color": PHASES[family.phase] if called else MUTED,
        "strong": called,
    }


def _curve(diagnosis: Diagnosis, turn: CommonTurn) -> list[Plot]:
    """The pooled curve with its band; nothing is drawn that is not established."""
    if not turn.established or turn.curve is None:
        return []
    grid = np.linspace(*turn.curve.span, 80)
    families = diagnosis.families
    low, high = curve_band(
        turn.curve,
        np.concatenate([f.reasoning for f in families]),
        np.concatenate([f.truth for f in families]),
        np.concatenate([np.repeat(f.family, len(f.models)) for f in families]),
        at=grid,
    )
    middle = turn.curve(grid)
    inside = (middle >= 0) & (middle <= 1)  # a spline knows no bounds; scores have them
    low, high = (np.where(inside, np.clip(edge, 0, 1), np.nan) for edge in (low, high))
    return [
        band(100 * grid, 100 * low, 100 * high, name="its 95 % band"),
        trace(
            100 * grid,
            100 * np.where(inside, middle, np.nan),
            mode="lines",
            line={"color": INK, "width": 2.5},
            name="all families: spline, an offset for each",
            hoverinfo="skip",
        ),
    ]


def _place(turn: CommonTurn) -> list[Plot]:
    """The place of the shared turn with its interval."""
    if not turn.established:
        return []
    ends = np.clip([turn.low, turn.high], 0, 1) * 100
    return [
        {
            "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "x0": float(ends[0]), "x1": float(ends[1]), "fillcolor": BAND, "line": {"width": 0},
        },
        {
            "type": "line", "yref": "paper", "y0": 0, "y1": 1,
            "x0": 100 * turn.place, "x1": 100 * turn.place,
            "line": {"color": INK, "width": 1, "dash": "dash"},
        },
    ]  # fmt: skip


def _curve_text(turn: CommonTurn, x: str) -> str:
    """Whether a pooled curve is drawn, and why not."""
    if turn.established:
        ends = interval(100 * turn.low, 100 * turn.high, lambda v: signed(v, 1))
        return (
            "Thick, without markers: the curve that the families share, with its 95 % band. It "
            "turns at "
            f"{100 * turn.place:.1f} % (dashed), 95 % {ends} (grey column)."
        )
    if math.isnan(turn.gate_p):
        return (
            f"Whether the families share a turn along {x} cannot be tested here, so no pooled "
            "curve is drawn."
        )
    return (
        f"No turn along {x} that the families share is established, so no pooled curve and no band "
        "are drawn."
    )
