"""Every pair: a map of all couplings of a table, open to each pair, and what follows from it."""

import dataclasses

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import Factors, Scan, ScanCell, ScanVerdict, benchmark
from ..formats import interval, plain, signed
from ..studies.scan import (
    MOVED_HEADER,
    MOVED_NOTE,
    answers,
    cell_note,
    clustered,
    coupling_text,
    given_clock,
    moved_rows,
    q_text,
)
from ._blocks import (
    Block,
    Cell,
    Csv,
    Plot,
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
from ._style import DIVERGING, FAINT, INK, MUTED, layout, titled, trace, whole_numbers

#: The colour of the verdict `between` is that of the published word for it.
_TONE: dict[ScanVerdict, str] = {
    "tax": "tax",
    "bonus": "bonus",
    "between": "transition",
    "undetermined": "undetermined",
}
#: Names stand beside the map while they can be read.
_MOST_NAMES = 60
_MOST_ROWS = 40
_COLUMNS = ("score", "along", "verdict", "coupling [95 %]", "q", "falls", "models")
#: Resamples behind the dimensions in the page; the command takes more where it is asked to.
_RESAMPLES = 500


def scan_view(table_: dynamics.ScoreTable) -> View:
    """The map, the answers, the pairs, the dimensions and what tuning moves."""
    found = dynamics.scan(table_, n_boot=_RESAMPLES)
    name = table_.name
    return make_view(
        "Every pair",
        "Which scores pay for a capability, which come with it, and how many dimensions are there?",
        [
            _facts(found),
            lines(*answers(found)),
            _map(found),
            _pairs(found, name, found.general, "Along the mean of the capabilities"),
            _pairs(found, name, found.cells, "Pair by pair"),
            _eigenvalues(found),
            _vectors(found.within),
            _by_family(found.within),
            _tuning(found),
        ],
    )


def _facts(found: Scan) -> Block:
    counts = {verdict: len(found.said(verdict)) for verdict in _TONE}
    turns = sum(cell.turn == "established" for cell in found.cells)
    beyond = found.within.beyond_general
    return facts(
        (
            "pairs",
            str(len(found.cells)),
            f"{counted(found.models, 'model')}, {counted(found.families, 'family')}",
        ),
        ("tax", str(counts["tax"]), "a point of the first costs a tenth or more of the second"),
        ("bonus", str(counts["bonus"]), "it brings a tenth or more"),
        ("undetermined", str(counts["undetermined"]), f"at {100 * found.q:g} % false discoveries"),
        ("turns", str(turns), "pairs in which families share one"),
        (
            "dimensions beyond the first",
            "–" if beyond is None else str(beyond),
            "inside families, more than chance",
        ),
    )


def _map(found: Scan) -> Block:
    r = found.matrix("r")
    down, across = clustered(r), clustered(r.T)
    rows = [found.reasoning[i] for i in down]
    columns = [found.others[i] for i in across]
    cell_of = {(cell.reasoning, cell.other): cell for cell in found.cells}
    said = [c for c in found.cells if c.verdict in ("tax", "bonus")]
    traces: list[Plot] = [
        plain(
            {
                "type": "heatmap",
                "x": columns,
                "y": rows,
                "z": r[np.ix_(down, across)],
                "text": [[_hover(cell_of.get((row, c))) for c in columns] for row in rows],
                "hovertemplate": "%{text}<extra></extra>",
                "hoverongaps": False,
                "zmin": -1,
                "zmax": 1,
                "colorscale": DIVERGING,
                "colorbar": {"title": {"text": "r"}, "thickness": 12, "len": 0.8},
                "xgap": 0.5,
                "ygap": 0.5,
            }
        ),
        trace(
            [c.other for c in said],
            [c.reasoning for c in said],
            mode="markers",
            marker={"size": 4 if len(found.cells) < 2_000 else 2, "color": INK},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]
    return figure(
        "scan",
        "Correlation inside families",
        traces=traces,
        layout=layout(
            x=_named(columns) | {"range": [-0.5, len(columns) - 0.5]},
            y=_named(rows) | {"range": [len(rows) - 0.5, -0.5]},
        ),
        alt=f"A cell for each of {len(rows)} scores along which {len(columns)} others are looked "
        "at, red where they go against one another and blue where they go together.",
        data=_csv("scan", found.cells),
        note="Rows and columns are in clusters; a dot: tax or bonus established. A cell opens its "
        "pair.",
        height=int(min(1100, max(320, 150 + 22 * min(len(rows), _MOST_NAMES)))),
        opens={"x": "truth", "y": "reasoning", "view": "overview"},
    )


def _named(names: list[str]) -> Plot:
    few = len(names) <= _MOST_NAMES
    return titled(
        "",
        type="category",
        tickvals=names if few else [],
        ticktext=[figure_text(_title(name)) for name in names] if few else [],
        tickfont={"size": 11},
        showgrid=False,
    )


def _hover(cell: ScanCell | None) -> str:
    if cell is None:
        return ""
    return figure_text(
        f"{_title(cell.other)} along {_title(cell.reasoning)}",
        f"{coupling_text(cell)} {cell.verdict}",
        f"{counted(cell.models, 'model')}, {counted(cell.families, 'family')}",
    )


def _title(name: str) -> str:
    return benchmark(name).compared


def _pairs(found: Scan, name: str, cells: tuple[ScanCell, ...], title: str) -> Block | None:
    if not cells:
        return None
    order = {"tax": 0, "bonus": 1, "between": 2, "undetermined": 3}
    ordered = sorted(cells, key=lambda c: (order[c.verdict], c.q if c.q == c.q else 2.0))
    rest = len(ordered) - _MOST_ROWS
    general = cells is found.general
    where = "" if general else " of the map"
    columns = [c for c in _COLUMNS if not (general and c == "along")]
    columns.insert(-1, given_clock(found))
    return table(
        title,
        columns,
        [_row(name, cell, general=general) for cell in ordered[:_MOST_ROWS]],
        right=tuple(range(len(columns) - 4, len(columns))),
        data=_csv("general", cells) if general else None,
        note=cell_note(found) + (f" {rest} more are in the CSV{where}." if rest > 0 else ""),
    )


def _row(name: str, cell: ScanCell, *, general: bool) -> list[Cell]:
    """A row of the table; the general one has no pair to open."""
    pair: list[Cell] = [_title(cell.other)]
    if not general:
        choice = {"table": name, "reasoning": cell.reasoning, "truth": cell.other}
        pair = [link(_title(cell.other), view="overview", **choice), _title(cell.reasoning)]
    return [
        *pair,
        badge(cell.verdict, _TONE[cell.verdict]),
        coupling_text(cell),
        q_text(cell.q),
        f"{cell.falling} of {cell.families}",
        signed(cell.r_given_size),
        str(cell.models),
    ]


def _eigenvalues(found: Scan) -> Block | None:
    known = [f for f in (found.within, found.pooled) if f.status == "ok"]
    if not known:
        return None
    traces: list[Plot] = []
    rows: list[tuple] = []
    for factors, colour, name in zip(
        known, (INK, MUTED), ("inside families", "over all models"), strict=False
    ):
        at = np.arange(1, factors.eigenvalues.size + 1) + (0 if factors is known[0] else 0.15)
        up, down = (
            np.maximum(abs(end - factors.eigenvalues), 0)
            for end in (factors.eigenvalues_high, factors.eigenvalues_low)
        )
        traces += [
            trace(
                at,
                factors.eigenvalues,
                mode="markers",
                marker={"size": 8, "color": colour},
                error_y={"type": "data", "array": plain(up), "arrayminus": plain(down),
                         "thickness": 1, "width": 3, "color": colour},
                name=name,
            ),
            trace(
                at[: factors.null.size],
                factors.null,
                mode="lines",
                line={"color": colour, "width": 1, "dash": "dot"},
                name=f"chance, {name}",
            ),
        ]  # fmt: skip
        null = np.append(factors.null, np.full(factors.eigenvalues.size, np.nan))
        rows += [
            (factors.kind, k + 1, value, low, high, most)
            for k, (value, low, high, most) in enumerate(
                zip(
                    factors.eigenvalues,
                    factors.eigenvalues_low,
                    factors.eigenvalues_high,
                    null,
                    strict=False,
                )
            )
        ]
    return figure(
        "dimensions",
        "Eigenvalues of the correlations between scores",
        traces=traces,
        layout=layout(
            x=whole_numbers("dimension", max(f.eigenvalues.size for f in known)),
            y=titled("eigenvalue", rangemode="tozero"),
            shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1,
                     "line": {"color": FAINT, "width": 1}}],
        ),
        alt="Each eigenvalue with its interval, and the line that chance would reach.",
        data=csv_data(
            "dimensions", ("kind", "dimension", "eigenvalue", "low", "high", "null"), rows
        ),
        note="Chance: what the next eigenvalue would be at most (95 %) if the dimensions before it "
        "were all there is. Intervals resample families.",
        height=340,
    )  # fmt: skip


def _vectors(factors: Factors) -> Block | None:
    if factors.status != "ok":
        return None
    count = factors.vectors.shape[1]
    columns = ("score", *(f"dimension {k + 1} [95 %]" for k in range(count)))
    rows = [
        [
            _title(name),
            *(
                f"{signed(factors.vectors[i, k])} "
                f"{interval(factors.vectors_low[i, k], factors.vectors_high[i, k])}"
                for k in range(count)
            ),
        ]
        for i, name in enumerate(factors.benchmarks)
    ]
    return table(
        "What goes together inside families",
        columns,
        rows,
        right=tuple(range(1, count + 1)),
        note="Eigenvectors of the correlations inside families, the first three; only those before "
        f"the {_ordinal(factors)} are more than chance.",
    )


def _by_family(factors: Factors) -> Block | None:
    if not factors.by_family:
        return None
    ordered = sorted(factors.by_family.items(), key=lambda item: -item[1].cosine)
    rows = [
        [family, str(one.models), f"{100 * one.share:.0f} %", signed(one.cosine)]
        for family, one in ordered
    ]
    return table(
        "The first dimension, family by family",
        ("family", "models", "share of its variance", "cosine with all"),
        rows,
        right=(1, 2, 3),
        note="The first eigenvector of each family of four models or more with all scores; cosine "
        "near 1: its scores go together as those of all families do.",
    )


def _ordinal(factors: Factors) -> str:
    return {0: "first", 1: "second", 2: "third", 3: "fourth"}.get(factors.dimensions or 0, "later")


def _tuning(found: Scan) -> Block | None:
    if not found.moved:
        return None
    return table("What tuning moves", MOVED_HEADER, moved_rows(found), right=(2, 3),
                 note=MOVED_NOTE)  # fmt: skip


def _csv(name: str, cells: tuple[ScanCell, ...]) -> Csv:
    columns = [field.name for field in dataclasses.fields(ScanCell)]
    return csv_data(name, columns, [[getattr(cell, c) for c in columns] for cell in cells])
