"""What a view is made of: plain data that a browser shows without computing anything."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Literal, NotRequired, SupportsFloat, TypedDict, cast

from ...common.cells import no_formula
from ..glossary import terms_in
from ._columns import empty_columns, left_out_text, sort_keys, text_of

#: A trace or a layout, whose keys and values are plotly's.
Plot = dict[str, object]


class Csv(TypedDict):
    """A file to save."""

    name: str
    text: str


class Badge(TypedDict):
    """A word with a colour of its own; `tone` is a phase or a verdict."""

    text: str
    tone: str


class Link(TypedDict):
    """A word that leads to another state of the page."""

    text: str
    state: dict[str, str]


Cell = str | Badge | Link


class Lines(TypedDict):
    kind: Literal["lines"]
    lines: list[str]


class Notice(TypedDict):
    kind: Literal["notice"]
    tone: str
    title: str
    lines: list[str]


class Fact(TypedDict):
    label: str
    value: str
    note: str


class Facts(TypedDict):
    kind: Literal["facts"]
    items: list[Fact]


class Table(TypedDict):
    kind: Literal["table"]
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    right: list[int]
    keys: list[list[float | None] | None]
    picks: str | None
    note: str
    csv: Csv | None


class Steps(TypedDict):
    """A slider: a label, and the traces of each of its steps after the first `fixed` ones."""

    label: str
    state: str
    at: int
    labels: list[str]
    fixed: int
    traces: list[list[Plot]]


class Label(TypedDict):
    """A name at a point of a figure: `name` as it is, `text` as plotly reads it."""

    x: float
    y: float
    name: str
    text: str
    color: str
    strong: bool


class Chart(TypedDict):
    kind: Literal["figure"]
    name: str
    title: str
    traces: list[Plot]
    layout: Plot
    alt: str
    csv: Csv
    note: str
    source: str
    height: int
    steps: Steps | None
    opens: dict[str, str] | None
    labels: list[Label]
    picks: str | None


#: A part that holds no other.
Plain = Lines | Notice | Facts | Table | Chart


class Details(TypedDict):
    kind: Literal["details"]
    title: str
    badges: list[Badge]
    blocks: list["Plain | Details"]
    ask: NotRequired[str]  # the view of the same choice whose parts come when it is opened


Block = Plain | Details


class View(TypedDict):
    """A page: its title, the one question that it answers, and its parts."""

    title: str
    question: str
    blocks: list[Block]


def view(title: str, question: str, blocks: Sequence[Block | None]) -> View:
    """A page: its title, the one question that it answers, its parts (None is no part), and last
    the words of the glossary that it uses."""
    shown = [block for block in blocks if block is not None]
    used = terms_in(" ".join([title, question, *_texts(shown)]))
    words = details("Words on this page", [lines(*(f"{t.name}: {t.text}" for t in used))])
    return {"title": title, "question": question, "blocks": [*shown, *([words] if used else [])]}


def _texts(blocks: Sequence[Block]) -> Iterator[str]:
    """What a reader reads in the blocks, figures and data files left aside."""
    for block in blocks:
        if block["kind"] == "lines":
            yield from block["lines"]
        elif block["kind"] == "notice":
            yield from (block["title"], *block["lines"])
        elif block["kind"] == "facts":
            yield from (f"{item['label']} {item['note']}" for item in block["items"])
        elif block["kind"] == "details":
            yield block["title"]
            yield from _texts(block["blocks"])
        else:
            yield f"{block['title']} {block['note']}"
            if block["kind"] == "table":
                yield from block["columns"]


def lines(*texts: str) -> Lines:
    """Paragraphs."""
    return {"kind": "lines", "lines": list(texts)}


def notice(title: str, *texts: str, tone: str = "info") -> Notice:
    """A framed remark; `tone` is info, warning or error."""
    return {"kind": "notice", "tone": tone, "title": title, "lines": list(texts)}


def facts(*items: tuple[str, str, str]) -> Facts:
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
    data: Csv | None = None,
    picks: str | None = None,
) -> Table:
    """Rows for people; `right` are the columns of numbers, from 0, `data` the CSV behind it.

    Columns in which no row has anything are left out, and the note says so. `keys` are the numbers
    that a column is sorted by (`sort_keys`). `picks`: the part of the page's state that a row
    highlights, by the link of its first cell.
    """
    texts = [[text_of(cell) for cell in row] for row in rows]
    empty = empty_columns(texts)
    kept = [column for column in range(len(columns)) if column not in empty]
    titles = [columns[column] for column in kept]
    left_out = left_out_text([columns[column] for column in empty])
    return {
        "kind": "table",
        "title": title,
        "columns": titles,
        "rows": [[row[column] for column in kept] for row in rows],
        "right": [place for place, column in enumerate(kept) if column in right],
        "keys": [sort_keys(columns[column], [row[column] for row in texts]) for column in kept],
        "picks": picks,
        "note": " ".join(text for text in (note, left_out) if text),
        "csv": data,
    }


def figure(
    name: str,
    title: str,
    *,
    traces: Sequence[Plot],
    layout: Plot,
    alt: str,
    data: Csv,
    note: str = "",
    source: str = "",
    height: int = 420,
    steps: Steps | None = None,
    opens: dict[str, str] | None = None,
    labels: Sequence[Label] = (),
    picks: str | None = None,
) -> Chart:
    """A plotly figure; `alt` says in words what it shows, `steps` is a slider of other traces.

    `opens`: what a click on a point leads to: the `view`, and into which parts of the page's state
    (`reasoning`, say) the point's `x` and `y` go. A table beside it must lead there too, for who
    has no mouse.

    `labels`: names to stand at points where there is room, the most wanted first. `picks`: the
    part of the state that a click on a trace highlights; a trace's `meta` says of each
    of its points whose it is. `source`:
    where the data come from.
    """
    return {
        "kind": "figure",
        "name": name,
        "title": title,
        "traces": list(traces),
        "layout": dict(layout),
        "alt": alt,
        "csv": data,
        "note": note,
        "source": source,
        "height": height,
        "steps": steps,
        "opens": opens,
        "labels": list(labels),
        "picks": picks,
    }


def details(title: str, blocks: Sequence[Block | None], *, badges: Sequence[Badge] = ()) -> Details:
    """Something that opens: a title with badges, and the parts inside."""
    shown = [block for block in blocks if block is not None]
    return {"kind": "details", "title": title, "badges": list(badges), "blocks": shown}


def later(title: str, ask: str) -> Details:
    """Something that is computed when it is opened: the parts of view `ask` of the same choice."""
    return {**details(title, []), "ask": ask}


def badge(text: str, tone: str) -> Badge:
    """A word with a colour of its own; `tone` is a phase or a verdict."""
    return {"text": text, "tone": tone}


def link(text: str, **state: str) -> Link:
    """A word that leads to another state of the page."""
    return {"text": text, "state": state}


def csv_data(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Csv:
    """A CSV file to save: scores as fractions, sizes as counts, nothing where there is no number.

    A text that a spreadsheet would run as a formula is written with an apostrophe before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([no_formula(column) for column in columns])
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return {"name": f"{name}.csv", "text": buffer.getvalue()}


def _plain(value: object) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str):
        return no_formula(value)
    if isinstance(value, int):
        return value
    number = float(cast("SupportsFloat", value))  # a float, of numpy or not
    return f"{number:.10g}" if math.isfinite(number) else ""


def figure_text(*texts: str) -> str:
    """Lines of text in a figure, where plotly reads tags: those of names are escaped."""
    return "<br>".join(escape(text, quote=False) for text in texts)
