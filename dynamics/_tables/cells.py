"""Cells as people write them: what is text, what is missing, what is a number."""

import html
import math
import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

_MISSING = frozenset(
    {
        *("", "-", "--", "---", "–", "—", "−", "?", "*", ".", "..", "...", "…", "/"),
        *("na", "n/a", "n.a.", "#n/a", "#na", "<na>", "nan", "none", "null", "nil", "nr"),
        *("tbd", "tba", "pending", "missing", "not available", "not reported", "not measured"),
        *("#value!", "#div/0!", "#ref!", "#num!", "#name?", "unknown"),
    }
)
_PLAIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9./+-]*")  # nothing to clean, as most cells
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|br|code|div|em|font|i|img|p|s|small|span|strong|sub|sup|td|u)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\[\]]{0,1000})\]\([^()\s]{0,2000}\)")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_EMPHASIS = ("**", "__", "`", "*", "_")
_NUMBER = r"[-+−]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:e[-+]?[0-9]{1,3})?"
_SCORE = re.compile(
    rf"({_NUMBER})\s*(%)?"
    rf"(?:\s*\(?\s*(?:±|\+/-|\+-|\\pm)\s*({_NUMBER})\s*%?\s*\)?)?\s*[*†‡§¶^⬆⬇↑↓]*",
    re.IGNORECASE,
)
# 1,400,000 or 1_400_000 or 1 400 000, never 6,9
_GROUPED = r"[1-9][0-9]{0,2}(?:[,_ ][0-9]{3})+"
_COUNT = re.compile(
    rf"[~≈]?\s*(?:([0-9]{{1,4}})\s*[x×]\s*)?({_GROUPED}|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"
    r"\s*([a-z]*)\.?(?:\s*(?:params?|parameters|tokens?))?",
    re.IGNORECASE,
)
_SUFFIX = MappingProxyType(
    {
        **dict.fromkeys(("",), 1.0),
        **dict.fromkeys(("k", "thousand"), 1e3),
        **dict.fromkeys(("m", "mn", "mio", "million", "millions", "mm"), 1e6),
        **dict.fromkeys(("b", "bn", "g", "billion", "billions", "mrd"), 1e9),
        **dict.fromkeys(("t", "tn", "trillion", "trillions"), 1e12),
    }
)
# Experts share attention and embeddings: 8x7B has 46.7e9 parameters, 8x22B has 141e9.
SHARE_OF_PRODUCT = 0.8


class ScoreCells(NamedTuple):
    """A column of scores as written: `values`, standard errors behind `±`, which had a `%`, and
    the places of cells that are neither a number nor missing."""

    values: np.ndarray
    stderrs: np.ndarray
    percent: np.ndarray
    other: list[int]


def clean_text(cell: object) -> str:
    """A cell's text without tags, links, emphasis, invisible letters and doubled spaces."""
    text = cell if isinstance(cell, str) else str(cell)
    if _PLAIN.fullmatch(text):
        return text
    if "<" in text:
        text = html.unescape(_TAG.sub(" ", text))
    elif "&" in text:
        text = html.unescape(text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    text = " ".join(text.split())
    for mark in _EMPHASIS:
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return text


def clean_name(cell: object) -> str:
    """A model's or a family's name: its text without pictures and footnote marks at the ends."""
    text = clean_text(cell)
    if text.isascii():
        return text.rstrip("*").rstrip() if text[-1:] == "*" and text.strip("*") else text
    while text and not text[-1].isalnum() and not text[-1].isascii():
        text = text[:-1].rstrip()
    while text and not text[0].isalnum() and not text[0].isascii():
        text = text[1:].lstrip()
    return text.rstrip("*").rstrip() if text.strip("*") else text


def is_missing(cell: object) -> bool:
    """Whether a cell says that there is nothing."""
    if isinstance(cell, str):
        text = cell.strip().lower()
        return text in _MISSING or (len(text) < 60 and clean_text(text) in _MISSING)
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def read_scores(cells: Sequence[object]) -> ScoreCells:
    """Scores: `30.1`, `30,1`, `30.1%`, `**30.1**`, `30.1 ± 0.5`, `30.1*`; NaN where missing."""
    values, other = _numbers(cells)
    stderrs, percent = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool)
    bad: list[int] = []
    for i in other:
        cell = cells[i]
        if is_missing(cell):
            continue
        match = _SCORE.fullmatch(clean_text(cell)[:80].lstrip("'"))  # as spreadsheets mark text
        if match is None:
            bad.append(i)
            continue
        values[i] = _decimal(match[1])
        percent[i] = match[2] is not None
        if match[3] is not None:
            stderrs[i] = _decimal(match[3])
    return ScoreCells(values, stderrs, percent, bad)


def read_counts(cells: Sequence[object]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Counts (`410M`, `0,41 B`, `160 million`), which of them name their unit, and the places of
    cells that are neither a count nor missing."""
    values, other = _numbers(cells)
    has_unit = np.zeros(len(values), dtype=bool)
    bad: list[int] = []
    known: dict[object, tuple[float, bool]] = {}
    for i in other:
        cell = cells[i]
        if cell not in known:
            known[cell] = _count(clean_text(cell))
        values[i], has_unit[i] = known[cell]
        if math.isnan(values[i]) and not is_missing(cell):
            bad.append(i)
    return values, has_unit, bad


def parse_count(text: str) -> float:
    """A count as people write it: `6900000000`, `6.9B`, `410M`, `1,000`. NaN where it is none.

    ```pycon
    >>> from nullcline import dynamics
    >>> dynamics.parse_count("1.5B")
    1500000000.0

    ```
    """
    try:
        plain = float(text.replace("_", "x"))
    except ValueError:
        return _count(text.strip())[0]
    return plain if math.isfinite(plain) else math.nan


def _count(text: str) -> tuple[float, bool]:
    """The count that a text states and whether it names a unit."""
    match = _COUNT.fullmatch(text[:80].lstrip("'"))
    if match is None or match[3].lower() not in _SUFFIX:
        return math.nan, False
    unit = _SUFFIX[match[3].lower()]
    digits = match[2]
    if re.fullmatch(_GROUPED, digits):
        number = float(re.sub("[,_ ]", "", digits))
    else:
        number = float(digits.replace(",", "."))
    experts = float(match[1]) * SHARE_OF_PRODUCT if match[1] else 1.0
    return number * unit * experts, unit > 1


def _numbers(cells: Sequence[object]) -> tuple[np.ndarray, list[int]]:
    """Cells as floats, NaN where they are none, and the places of those."""
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    try:
        numbers = pd.to_numeric(objects, errors="coerce")
    except OverflowError:  # a whole number that no float holds
        objects[:] = [_as_float(cell) if isinstance(cell, int) else cell for cell in cells]
        numbers = pd.to_numeric(objects, errors="coerce")
    values = np.array(numbers, dtype=float)
    return values, np.flatnonzero(np.isnan(values)).tolist()


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _decimal(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "."))


def shown(cell: object) -> str:
    """A cell in a message: quoted, and cut where it is long."""
    text = clean_text(cell)
    return repr(text if len(text) <= 40 else text[:40] + "...")
