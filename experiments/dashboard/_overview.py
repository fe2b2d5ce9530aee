"""Overview: what is known about all families of a table."""

import math
from collections import Counter

import numpy as np

from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, benchmark
from ..formats import interval, plain, signed, size, size_of_log
from ..studies.diagnosis import (
    POOLED_HEADER,
    POOLED_NOTE,
    SEEDS_NOTE,
    by_evidence,
    conclusions,
    gamma_text,
    pooled_rows,
    unseen_over_seeds,
)
from ._account import warnings_block
from ._blocks import (
    Block,
    Table,
    View,
    badge,
    csv_data,
    facts,
    figure,
    figure_text,
    lines,
    link,
    table,
)
from ._blocks import view as make_view
from ._phase_diagram import phase_diagram
from ._style import FAINT, INK, layout, size_axis, trace

TURN = {
    "bracketed": "inside its sizes",
    "not_bracketed": "not inside its sizes",
    "monotone": "no turn: monotone",
    "underdetermined": "too few models",
}


def overview(diagnosis: Diagnosis) -> View:
    """Phase, critical point and what stays undetermined, for all families."""
    pair = f"{benchmark(diagnosis.reasoning).compared} × {benchmark(diagnosis.truth).compared}"
    return make_view(
        "Overview",
        "What do the scores say about every family, and what do they leave open?",
        [
            _facts(diagnosis, pair),
            phase_diagram(diagnosis),
            families_table(diagnosis),
            lines(*conclusions(diagnosis)),
            turning_points(diagnosis),
            _pooled(diagnosis),
            warnings_block(diagnosis.warnings),
        ],
    )


def _facts(diagnosis: Diagnosis, pair: str) -> Block:
    several = [f for f in diagnosis.families if f.current is not None]
    phases = Counter(f.phase for f in several)
    turn = diagnosis.common_turn["reasoning"]
    place, note = "not established", "no turn that the families share along this score"
    if turn.established:
        place = f"{signed(100 * turn.place, 1)} %"
        note = f"95 % {interval(100 * turn.low, 100 * turn.high, lambda v: signed(v, 1))} of "
        note += benchmark(diagnosis.reasoning).compared
    return facts(
        (
            "families",
            str(len(several)),
            f"of two sizes or more; {counted(diagnosis.models, 'model')}; {pair}",
        ),
        ("tax", str(phases["tax"]), "coupling below -0.1 at their largest models"),
        ("bonus", str(phases["bonus"]), "coupling above 0.1"),
        ("undetermined", str(phases["undetermined"]), "the scores do not decide"),
        ("truth turns at", place, note),
    )


def families_table(diagnosis: Diagnosis) -> Table:
    """A row per family of two sizes or more."""
    several = by_evidence(diagnosis.families)
    rows = [
        (
            link(f.family, view="family", family=f.family),
            str(len(f.models)),
            f"{size(10 ** f.log10_params[0])}–{size(10 ** f.log10_params[-1])}",
            badge(f.phase, f.phase),
            gamma_text(f),
            signed(f.correlation.r) + ("*" if f.correlation.notes else ""),
            signed(f.correlation.partial_r),
            turn_text(f),
        )
        for f in several
    ]
    return table(
        "Families",
        ("family", "models", "sizes", "phase now", "γ now [95 %]", "r", "r given N", "truth turns"),
        rows,
        right=(1, 5, 6),
        note="Surest first. γ: points of truth per point of reasoning at the family's largest "
        "models (in round brackets how many). ° the smallest of them is near chance. r*: says "
        "little, as there are under 5 models or a score follows size at |r| > .9.",
        data=csv_data("families", *_frame(diagnosis)),
        picks="family",
    )


def _frame(diagnosis: Diagnosis) -> tuple[list[str], list[list]]:
    frame = diagnosis.to_pandas()
    return list(frame.columns), [list(plain(row)) for row in frame.to_numpy(object).tolist()]


def turn_text(family: FamilyDiagnosis) -> str:
    """Where the family turns, or why that is not known."""
    critical = family.critical
    if critical.status == "bracketed":
        return (
            f"{size_of_log(critical.vertex)} {interval(critical.low, critical.high, size_of_log)}"
        )
    return unseen_over_seeds(family) or TURN[critical.status]


def turning_points(diagnosis: Diagnosis) -> Block | None:
    """Each family's own turn along the size, with its interval."""
    several = [f for f in diagnosis.families if f.critical.status != "underdetermined"]
    if not several:
        return None
    low = min(f.log10_params[0] for f in several) - 1
    high = max(f.log10_params[-1] for f in several) + 1
    names = [figure_text(f.family) for f in several]
    sizes_x, sizes_y, ends_x, ends_y = [], [], [], []
    for name, f in zip(names, several, strict=True):
        sizes_x += [f.log10_params[0], f.log10_params[-1], None]
        sizes_y += [name, name, None]
        if math.isfinite(f.critical.vertex):
            ends_x += [*np.clip([f.critical.low, f.critical.high], low, high), None]
            ends_y += [name, name, None]
    traces = [
        trace(sizes_x, sizes_y, mode="lines", line={"color": FAINT, "width": 9}, name="its sizes",
              hoverinfo="skip"),
        trace(ends_x, ends_y, mode="lines", line={"color": INK, "width": 1.4}, name="95 %",
              hoverinfo="skip"),
    ]  # fmt: skip
    for established, symbol in ((True, "circle"), (False, "circle-open")):
        shown = [
            (f.critical.vertex, name)
            for name, f in zip(names, several, strict=True)
            if low < f.critical.vertex < high and (f.critical.status == "bracketed") == established
        ]
        if shown:
            traces.append(
                trace(
                    [x for x, _ in shown],
                    [name for _, name in shown],
                    mode="markers",
                    marker={"color": INK, "size": 8, "symbol": symbol},
                    name="turn" if established else "minimum of the curve, not established",
                    text=[size_of_log(x) for x, _ in shown],
                    hovertemplate="%{y}: %{text}<extra></extra>",
                )
            )
    rows = [
        (f.family, f.critical.status, *(_count(v) for v in _ends(f)), f.critical.p_value)
        for f in several
    ]
    return figure(
        "turning-points",
        "Where each family's truth score turns, by its own models",
        traces=traces,
        layout=layout(
            x=size_axis(low, high),
            y={"type": "category", "autorange": "reversed", "tickfont": {"size": 12}},
            margin={"l": 110, "r": 16, "t": 12, "b": 48},
        ),
        alt="For each family the sizes that were measured and the interval of its turning point; "
        "the families' table has the same in its last column.",
        data=csv_data("turning-points", ("family", "status", "params", "low", "high", "p"), rows),
        note=SEEDS_NOTE + " The interval is Student's."
        if any(f.critical.by_seeds for f in several)
        else "Lind and Mehlum's test of a U in log N, with Fieller's interval.",
        height=110 + 26 * len(several),
    )


def _ends(family: FamilyDiagnosis) -> tuple[float, float, float]:
    return family.critical.vertex, family.critical.low, family.critical.high


def _count(log10_params: float) -> float:
    small = math.isfinite(log10_params) and abs(log10_params) < 300
    return 10**log10_params if small else math.nan


def _pooled(diagnosis: Diagnosis) -> Block:
    plain_rows = [
        (axis, turn.established, turn.place, turn.low, turn.high, turn.gate_p, turn.power,
         turn.within_r2, turn.own_slopes_r2, turn.common_bend_r2)
        for axis, turn in diagnosis.common_turn.items()
    ]  # fmt: skip
    columns = ("axis", "established", "place", "low", "high", "gate_p", "power", "within_r2",
               "own_slopes_r2", "common_bend_r2")  # fmt: skip
    return table(
        "All families together, an offset for each",
        POOLED_HEADER,
        pooled_rows(diagnosis),
        right=(3, 4, 6, 7),
        note=POOLED_NOTE,
        data=csv_data("all-families", columns, plain_rows),
    )
