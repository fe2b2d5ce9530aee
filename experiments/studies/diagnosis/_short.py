"""A diagnosis on one screen: three sentences, the surest families, a legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....common.words import counted, safe_line
from ....dynamics import CLOCKS
from ...accounts import account_line
from ...formats import interval
from ...text import Paint, cut_to_width, filled, text_table, text_width
from ._answers import place_value
from ._evidence import by_evidence
from ._text import gamma_text, heading
from ._three import three_sentences

if TYPE_CHECKING:
    from ....dynamics import Diagnosis, FamilyDiagnosis, TableWarning

_MOST = 10
#: Wider lines of prose are hard to read.
_PROSE = 100
#: What a name is cut to at most, before columns are left out.
_NAME = 12
_GAP = 2


@dataclass(frozen=True)
class _Column:
    """`spare`: columns that a narrow terminal lacks go in falling order; 0 stays."""

    title: str
    cells: list[str]
    spare: int = 0

    @property
    def width(self) -> int:
        return max(text_width(safe_line(cell)) for cell in (self.title, *self.cells))


def diagnosis_to_sentences(diagnosis: Diagnosis, *, width: int = 80) -> str:
    """The three sentences alone, in lines of at most `width` columns."""
    prose = min(width, _PROSE)
    return "\n".join(filled(sentence, prose) for sentence in three_sentences(diagnosis))


def diagnosis_to_short(
    diagnosis: Diagnosis,
    *,
    width: int = 80,
    all_warnings: bool = False,
    paint: Paint | None = None,
) -> str:
    """The page of one screen in lines of at most `width` columns, codes of `paint` not counted.

    The ten surest families; `all_warnings` lists warnings row by row instead of their counts.
    """
    parts = [
        f"{filled(heading(diagnosis), width)}\n{filled(account_line(diagnosis.account), width)}",
        diagnosis_to_sentences(diagnosis, width=width),
        _families(diagnosis, width, paint),
        "\n".join(_warnings(diagnosis.warnings, width, all_warnings)),
    ]
    return "\n\n".join(part for part in parts if part)


def _families(diagnosis: Diagnosis, width: int, paint: Paint | None) -> str:
    several = by_evidence(diagnosis.families)
    if not several:
        return ""
    shown = several[:_MOST]
    columns = _columns(diagnosis, shown)
    while sum(c.width + _GAP for c in columns[1:]) + min(columns[0].width, _NAME) > width:
        spare = max(columns, key=lambda column: column.spare)
        if not spare.spare:
            break
        columns.remove(spare)
    more = len(several) - len(shown)
    lines = [
        _table(columns, width, paint),
        *([filled(f"and {more} more (--full shows all)", width)] if more else []),
        _legend(diagnosis, shown, columns, width),
    ]
    return "\n".join(lines)


def _columns(diagnosis: Diagnosis, shown: list[FamilyDiagnosis]) -> list[_Column]:
    clock, show = CLOCKS[diagnosis.along], place_value(diagnosis)
    columns = [
        _Column("family", [f.family for f in shown]),
        _Column("n", [str(len(f.models)) for f in shown], spare=3),
        _Column(clock.points, [f"{show(f.time[0])}–{show(f.time[-1])}" for f in shown], spare=4),
        _Column("phase", [f.phase for f in shown]),
        _Column("γ now [95 %]", [gamma_text(f) for f in shown], spare=1),
    ]
    if any(f.critical.status == "bracketed" for f in shown):
        cells = [
            f"{show(f.critical.vertex)} {interval(f.critical.low, f.critical.high, show)}"
            if f.critical.status == "bracketed"
            else "–"
            for f in shown
        ]
        columns.append(_Column(f"turns at {clock.symbol} [95 %]", cells, spare=2))
    return columns


def _table(columns: list[_Column], width: int, paint: Paint | None) -> str:
    """The columns, names cut to what is left of `width`."""
    left = max(width - sum(c.width + _GAP for c in columns[1:]), 1)
    names = [cut_to_width(safe_line(name), left) for name in columns[0].cells]
    header = [cut_to_width(columns[0].title, left), *(c.title for c in columns[1:])]
    rows = list(zip(names, *(c.cells for c in columns[1:]), strict=True))
    phase = header.index("phase")
    right = tuple(i for i, column in enumerate(columns) if column.title == "n")
    return text_table(header, rows, right, {phase: paint} if paint else None)


def _legend(
    diagnosis: Diagnosis, shown: list[FamilyDiagnosis], columns: list[_Column], width: int
) -> str:
    clock = CLOCKS[diagnosis.along]
    behind = ", phases that rest on two models last" if any(f.support.thin for f in shown) else ""
    said = [f"The surest come first{behind}."] if len(shown) > 1 else []
    with_gamma = any(column.title.startswith("γ") for column in columns)
    if with_gamma:
        said.append(
            "γ now: points of truth per point of reasoning at the family's "
            f"{clock.last.removeprefix('the ')} (in brackets how many); tax: the whole interval "
            "lies below -0.1; bonus: above 0.1."
        )
    if with_gamma and any("°" in gamma_text(family) for family in shown):
        said.append("°: begins near chance, which is part of the fall.")
    if any(column.title.startswith("turns") for column in columns):
        seeds = ", by its seeds" if any(f.critical.by_seeds for f in shown) else ""
        said.append(f"Turns at: where truth is lowest{seeds}.")
    said.append("Words: nullcline explain WORD.")
    return filled(" ".join(said), min(width, _PROSE), indent="")


def _warnings(warnings: tuple[TableWarning, ...], width: int, everything: bool) -> Iterator[str]:
    if not warnings:
        return
    if not everything:
        yield _counts(warnings, width)
        return
    yield f"Warnings ({len(warnings)})"
    for warning in warnings:
        row = "" if warning.row is None else f"row {warning.row}: "
        yield "  " + filled(f"{warning.code}: {row}{warning.message}", width - 2, indent="    ")


def _counts(warnings: tuple[TableWarning, ...], width: int) -> str:
    """One line: how many warnings, of which kinds as far as the line goes."""
    if len(warnings) == 1:
        return cut_to_width(f"1 warning: {warnings[0].code} (--all-warnings shows it)", width)
    kinds = Counter(warning.code for warning in warnings).most_common()
    where = " (--all-warnings shows them)"
    for many in range(len(kinds), 0, -1):
        rest = sum(n for _, n in kinds[many:])
        said = [f"{n} {code}" for code, n in kinds[:many]] + ([f"{rest} other"] if rest else [])
        line = f"{counted(len(warnings), 'warning')}: {', '.join(said)}{where}"
        if text_width(line) <= width:
            return line
    return cut_to_width(f"{counted(len(warnings), 'warning')}{where}", width)
