"""A diagnosis on one screen: three sentences, the surest families, a legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....common.words import counted
from ....dynamics import CLOCKS
from ...accounts import account_line
from ...formats import interval
from ...page import MOST_ROWS, Page, PageColumn, page_to_sentences, page_to_text
from ...text import Paint, cut_to_width, filled, text_width
from ._answers import place_value
from ._evidence import by_evidence
from ._text import gamma_text, heading
from ._three import three_sentences

if TYPE_CHECKING:
    from ....dynamics import Diagnosis, FamilyDiagnosis, TableWarning

_GAMMA = "γ now [95 %]"


def diagnosis_to_sentences(diagnosis: Diagnosis, *, width: int = 80) -> str:
    """The three sentences alone, in lines of at most `width` columns."""
    return page_to_sentences(_page(diagnosis), width=width)


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
    page = page_to_text(_page(diagnosis), width=width, paint=paint)
    warnings = "\n".join(_warnings(diagnosis.warnings, width, all_warnings))
    return f"{page}\n\n{warnings}" if warnings else page


def _page(diagnosis: Diagnosis) -> Page:
    several = by_evidence(diagnosis.families)
    shown = several[:MOST_ROWS]
    return Page(
        heading=(heading(diagnosis), account_line(diagnosis.account)),
        sentences=three_sentences(diagnosis),
        columns=_columns(diagnosis, shown),
        more=len(several) - len(shown),
        legend=_legend(diagnosis, shown),
    )


def _columns(diagnosis: Diagnosis, shown: list[FamilyDiagnosis]) -> list[PageColumn]:
    clock, show = CLOCKS[diagnosis.along], place_value(diagnosis)
    columns = [
        PageColumn("family", [f.family for f in shown]),
        PageColumn("n", [str(len(f.models)) for f in shown], spare=3, right=True),
        PageColumn(clock.points, [f"{show(f.time[0])}–{show(f.time[-1])}" for f in shown], spare=4),
        PageColumn("phase", [f.phase for f in shown], coloured=True),
        PageColumn(_GAMMA, [gamma_text(f) for f in shown], spare=1),
    ]
    if any(f.critical.status == "bracketed" for f in shown):
        cells = [
            f"{show(f.critical.vertex)} {interval(f.critical.low, f.critical.high, show)}"
            if f.critical.status == "bracketed"
            else "–"
            for f in shown
        ]
        columns.append(PageColumn(_turns_title(diagnosis), cells, spare=2))
    return columns


def _legend(diagnosis: Diagnosis, shown: list[FamilyDiagnosis]) -> list[tuple[str, str]]:
    clock = CLOCKS[diagnosis.along]
    behind = ", phases that rest on two models last" if any(f.support.thin for f in shown) else ""
    chance = any("°" in gamma_text(family) for family in shown)
    seeds = ", by its seeds" if any(f.critical.by_seeds for f in shown) else ""
    sizes = "N: parameters. " if diagnosis.along == "params" else ""
    first = [("", f"The surest come first{behind}.")] if len(shown) > 1 else []
    return [
        *first,
        (
            _GAMMA,
            "γ now, the coupling: points of truth per point of reasoning at the family's "
            f"{clock.last.removeprefix('the ')} (in brackets how many); tax: the whole interval "
            "lies below -0.1; bonus: above 0.1."
            + (" °: begins near chance, which is part of the fall." if chance else ""),
        ),
        (_turns_title(diagnosis), f"Turns at: where truth is lowest{seeds}."),
        ("", f"{sizes}Words: nullcline explain WORD."),
    ]


def _turns_title(diagnosis: Diagnosis) -> str:
    return f"turns at {CLOCKS[diagnosis.along].symbol} [95 %]"


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
