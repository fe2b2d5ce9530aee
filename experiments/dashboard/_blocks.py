"""What a view is made of: plain data that a browser shows without computing anything."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Block = dict[str, Any]
Cell = str | dict[str, Any]

#: A spreadsheet takes a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def view(title: str, question: str, blocks: Sequence[Block | None]) -> Block:
    """A page: its title, the one question that it answers, and its parts (None is no part)."""
    shown = [block for block in blocks if block is not None]
    return {"title": title, "question": question, "blocks": shown}


def lines(*texts: str) -> Block:
    """Paragraphs."""
    return {"kind": "lines", "lines": list(texts)}


def notice(title: str, *texts: str, tone: str = "info") -> Block:
    """A framed remark; `tone` is info, warning or error."""
    return {"kind": "notice", "tone": tone, "title": title, "lines": list(texts)}


def facts(*items: tuple[str, str, str]) -> Block:
    """A row of (label, value, what it means)."""
    return {
        "kind": "facts",
        "items": [{"label": label, "value": value, "note": note} for label, value, note in items],
    }


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    right: Sequence[int] = (),
    note: str = "",
    data: Block | None = None,
) -> Block:
    """Rows for people; `right` are the places of columns of numbers, `data` the CSV behind it."""
    return {
        "kind": "table",
        "title": title,
        "columns": list(columns),
        "rows": [list(row) for row in rows],
        "right": list(right),
        "note": note,
        "csv": data,
    }


def figure(
    name: str,
    title: str,
    *,
    traces: Sequence[Mapping],
    layout: Mapping,
    alt: str,
    data: Block,
    note: str = "",
    height: int = 420,
    steps: Block | None = None,
) -> Block:
    """A plotly figure; `alt` says in words what it shows, `steps` is a slider of other traces."""
    return {
        "kind": "figure",
        "name": name,
        "title": title,
        "traces": list(traces),
        "layout": dict(layout),
        "alt": alt,
        "csv": data,
        "note": note,
        "height": height,
        "steps": steps,
    }


def details(title: str, blocks: Sequence[Block | None], *, badges: Sequence[Cell] = ()) -> Block:
    """Something that opens: a title with badges, and the parts inside."""
    shown = [block for block in blocks if block is not None]
    return {"kind": "details", "title": title, "badges": list(badges), "blocks": shown}


def badge(text: str, tone: str) -> Cell:
    """A word with a colour of its own; `tone` is a phase or a verdict."""
    return {"text": text, "tone": tone}


def link(text: str, **state: str) -> Cell:
    """A word that leads to another state of the page."""
    return {"text": text, "state": state}


def csv_data(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Block:
    """A CSV file to save: scores as fractions, sizes as counts, nothing where there is no number.

    A text that a spreadsheet would run as a formula is written with an apostrophe before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return {"name": f"{name}.csv", "text": buffer.getvalue()}


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool | int):
        return value
    return f"{float(value):.10g}" if math.isfinite(value) else ""


def figure_text(*texts: str) -> str:
    """Lines of text in a figure, where plotly reads tags: those of names are escaped."""
    return "<br>".join(escape(text, quote=False) for text in texts)
