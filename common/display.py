"""How a result shows itself: one line in a terminal, a page in a notebook."""

import dataclasses
import html
from collections.abc import Mapping, Sequence, Set
from enum import Enum
from typing import Any, TypeVar, cast

_T = TypeVar("_T")
# A line that most terminals and log files take without wrapping more than once.
_LONGEST_LINE, _LONGEST_TEXT = 150, 40
_FEW, _MOST_ROWS = 3, 50


def shown(cls: type[_T]) -> type[_T]:
    """Give a dataclass a `repr` of one line and a `_repr_html_` of all fields.

    Arrays are shown by kind and shape, long sequences by their number, results inside by their
    name; a class's own `_repr_html_` stays. The line ends with `…` where not all fields fit.
    """
    cls.__repr__ = one_line  # pyright: ignore[reportAttributeAccessIssue]
    if not hasattr(cls, "_repr_html_"):
        cls._repr_html_ = page  # pyright: ignore[reportAttributeAccessIssue]
    return cls


def one_line(result: Any) -> str:
    """`Name(field=value, …)` on one line of at most 150 characters."""
    parts: list[str] = []
    room = _LONGEST_LINE - len(type(result).__name__) - len("(, …)")
    for field in dataclasses.fields(result):
        part = f"{field.name}={brief(getattr(result, field.name, None))}"
        if len(part) > room:
            parts.append("…")
            break
        parts.append(part)
        room -= len(part) + len(", ")
    return f"{type(result).__name__}({', '.join(parts)})"


def brief(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, str):
        line = " ".join(value.split())
        return repr(line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…")
    if isinstance(value, bool | int | None | Enum):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array(value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return value.__name__
    if isinstance(value, Mapping):
        return f"{len(cast(Mapping[Any, Any], value))} entries"
    if isinstance(value, Sequence | Set):
        return _several(list(cast(Sequence[Any] | Set[Any], value)))
    return type(value).__name__


def page(result: Any) -> str:
    """A table of all fields; a sequence of results is a table of its own inside."""
    rows = (
        f"<tr><th style='text-align:left'>{html.escape(field.name)}</th>"
        f"<td style='text-align:left'>{_cell(getattr(result, field.name, None))}</td></tr>"
        for field in dataclasses.fields(result)
    )
    return f"<table><caption>{type(result).__name__}</caption>{''.join(rows)}</table>"


def _array(value: Any) -> str:
    if not tuple(value.shape):
        try:
            return brief(value.item())
        except TypeError:  # JAX is tracing it: there is no number yet
            pass
    return f"{value.dtype}[{', '.join(map(str, value.shape))}]"


def _several(values: list[Any]) -> str:
    if len(values) <= _FEW and all(isinstance(v, str | bool | int | float) for v in values):
        return f"({', '.join(map(brief, values))})"
    names = {type(value).__name__ for value in values}
    return f"{len(values)} {names.pop() if len(names) == 1 else 'values'}"


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        values = cast(Sequence[Any], value)
        if values and _are_results(values):
            return _table(values)
    return _text(value)


def _are_results(values: Sequence[Any]) -> bool:
    first = cast(type[object], type(values[0]))
    return dataclasses.is_dataclass(first) and all(type(value) is first for value in values)


def _table(results: Sequence[Any]) -> str:
    """A row for each of the first results, which are of one kind."""
    names = [field.name for field in dataclasses.fields(results[0])]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_text(getattr(one, name, None))}</td>' for name in names)}</tr>"
        for one in results[:_MOST_ROWS]
    )
    more = len(results) - _MOST_ROWS
    rest = f"<caption style='caption-side:bottom'>and {more} more</caption>" if more > 0 else ""
    return f"<table><tr>{head}</tr>{rows}{rest}</table>"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return html.escape(brief(value))
