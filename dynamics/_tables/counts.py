"""Cells of text in, numbers out, or an error that says which cell is none."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from jaxtyping import Float

from .problems import TableError

_MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "?"})
_SUFFIX = MappingProxyType({"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12})
_GROUPED = r"[0-9]{1,3}(?:[,_][0-9]{3})+"  # 1,400,000 or 1_400_000, never 6,9
_COUNT = re.compile(rf"({_GROUPED}|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([KMBT]?)", re.IGNORECASE)


def parse_count(text: str) -> float:
    """A count as people write it: `6900000000`, `6.9B`, `410M`, `1,000`. NaN where it is none."""
    match = _COUNT.fullmatch(text.strip())
    if match is None:
        return math.nan
    return float(re.sub("[,_]", "", match[1])) * _SUFFIX.get(match[2].upper(), 1.0)


def parse_counts(
    params: str | float | Sequence[str | float] | np.ndarray,
) -> Float[np.ndarray, "*shape"]:
    """Parameter counts, each a number or text as `parse_count` reads it, in the shape given.

    Raises ValueError for text that is no count.
    """
    given = np.asarray(params, dtype=object)
    counts = np.empty(given.shape)
    for index, count in np.ndenumerate(given):
        counts[index] = parse_count(count) if isinstance(count, str) else float(count)
        if isinstance(count, str) and math.isnan(counts[index]):
            raise ValueError(f"params holds {count!r}, which is no count; write 70B, 410M or 7e10")
    return counts


def read_scores_column(
    path: Path, heading: str, cells: Sequence[object], rows: Sequence[int], *, known: bool
) -> Float[np.ndarray, " rows"]:
    """Scores, NaN where empty. `known` is whether we know a benchmark of that name.

    Raises TableError for text and for infinities; a column of text that names no benchmark we
    know is called that, not a bad score.
    """
    values, other = _numbers(cells)
    if len(other) and not known and np.isnan(values).all():
        raise TableError(
            path,
            f"column {heading!r} holds text ({_shown(cells[other[0]])}), so it is no benchmark",
            "remove the column or name it 'note'",
            row=1,
        )
    for i in other:
        text = str(cells[i]).strip()
        mend = "give a score or leave it empty"
        if text.endswith("%"):
            mend = "leave the % sign away"
        elif re.fullmatch(r"-?[0-9]+,[0-9]+", text):
            mend = "write decimals with a point"
        problem = f"{heading} holds {_shown(text)}, which is no number"
        raise TableError(path, problem, mend, row=rows[i])
    return _finite(path, heading, values, rows)


def read_count_column(
    path: Path,
    heading: str,
    cells: Sequence[object],
    rows: Sequence[int],
    *,
    factor: float = 1.0,
) -> Float[np.ndarray, " rows"]:
    """Counts, NaN where empty; `410M` and `6.9B` are read where the column has no unit (factor 1).

    Raises TableError for text and for infinities.
    """
    values, other = _numbers(cells)
    read = {text: parse_count(str(text)) if factor == 1 else math.nan
            for text in {cells[i] for i in other}}  # fmt: skip
    for i in other:
        values[i] = read[cells[i]]
        if math.isnan(values[i]):
            problem = f"{heading} holds {_shown(cells[i])}, which is no number"
            mend = "write 410M, 6.9B or a count"
            if factor != 1:
                mend = f"write a plain number, in units of {factor:g}"
            raise TableError(path, problem, mend, row=rows[i])
    return _finite(path, heading, values, rows) * factor


def _numbers(cells: Sequence[object]) -> tuple[np.ndarray, np.ndarray]:
    """Cells as floats, NaN where they are none, and the places of those that are not empty."""
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    values = np.array(pd.to_numeric(objects, errors="coerce"), dtype=float)
    other = [i for i in np.flatnonzero(np.isnan(values)).tolist() if _is_text(cells[i])]
    return values, np.array(other, dtype=int)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and cell.strip().lower() not in _MISSING


def _finite(path: Path, heading: str, values: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    infinite = np.isinf(values)
    if infinite.any():
        row = rows[int(infinite.argmax())]
        raise TableError(path, f"{heading} is infinite", "give a finite number", row=row)
    return values


def _shown(cell: object) -> str:
    text = str(cell).strip()
    return repr(text if len(text) <= 40 else text[:40] + "...")
