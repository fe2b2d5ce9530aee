"""Numbers as people read them, and as JSON can hold them."""

import calendar
import dataclasses
import datetime
import json
import math
import operator
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.numbers import added as added
from ..common.numbers import signed as signed
from .plain_letters import says_unicode

if TYPE_CHECKING:
    from ..dynamics import Clock

#: Controls that JSON may hold as they are: they stand in texts alone.
_CONTROLS = re.compile("[\x7f-\x9f]")
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def size(params: float) -> str:
    """A parameter count: 3.5B, 410M."""
    if not math.isfinite(params):
        return "–" if math.isnan(params) else ("∞" if params > 0 else "-∞")
    for unit, letter in _UNITS:
        if params >= 0.9995 * unit:
            return f"{params / unit:.3g}{letter}"
    return f"{params:.3g}"


def axis_value(axis: str) -> Callable[[float], str]:
    """How a position on an axis of a diagnosis is written: a count, FLOPs, a month, a score."""
    if axis == "date":
        return month
    if axis == "log10_flops":
        return lambda v: f"1e{signed(v, 1)}"
    return size_of_log if axis.startswith("log10_") else _percent


def size_of_log(log10_count: float) -> str:
    """A count from its logarithm."""
    if not math.isfinite(log10_count):
        return "0" if log10_count < 0 else signed(log10_count)
    return size(10**log10_count) if log10_count < 16 else ">1000T"


def _percent(score: float) -> str:
    return signed(100 * score, 1) + " %"


def month(year: float) -> str:
    """A year with its fraction as year and month: 2024-07."""
    if not math.isfinite(year):
        return signed(year)
    whole = math.floor(year)
    days = year % 1 * (366 if calendar.isleap(whole) else 365)
    if not 1 <= whole <= 9998:
        return signed(year)
    day = datetime.date(whole, 1, 1) + datetime.timedelta(days=math.floor(days + 1e-6))
    return f"{day.year:04d}-{day.month:02d}"


def day(year: float) -> str:
    """A year with its fraction as a day: 2024-07-01."""
    first = datetime.date(math.floor(year), 1, 1)
    return (first + datetime.timedelta(days=int((year % 1) * 365.25))).isoformat()


def clock_value(clock: "Clock", position: float) -> float | str:
    """A place on a clock as a file of data has it: a count, or a day."""
    return day(position) if clock.is_date else clock.value(position)


def p_value(p: float, digits: int = 3, *, least: float = 0.0) -> str:
    """A p-value, or a bound on it where it is smaller than what is printed.

    `least`: the smallest that its permutations can say; at it p is a bound, too.
    """
    if least > 0 and p <= least * (1 + 1e-9):
        return f"≤ {least:.{digits}f}" if least >= 10**-digits else f"< {10**-digits:.{digits}f}"
    return f"< {10**-digits:.{digits}f}" if p < 10**-digits else signed(p, digits)


def interval(low: float, high: float, show: Callable[[float], str] = signed) -> str:
    """An interval, or in words that the data set it no end."""
    if math.isnan(low) or math.isnan(high):
        return ""
    if math.isinf(low) and math.isinf(high):
        return "[unbounded]"
    if math.isinf(low):
        return f"[no lower end, {show(high)}]"
    if math.isinf(high):
        return f"[{show(low)}, no upper end]"
    return f"[{show(low)}, {show(high)}]"


def plain(value: object) -> Any:
    """`value` with only what JSON holds: NaN and infinities become null, arrays lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def pick(source: object, names: str = "", **renamed: str) -> dict[str, Any]:
    """The attributes of a result that its JSON has: `names` under their own names, those in
    `renamed` as `key="attribute"` or `key="attribute.of.attribute"`."""
    own = {name: getattr(source, name) for name in names.split()}
    return own | {key: operator.attrgetter(path)(source) for key, path in renamed.items()}


def to_json(value: object) -> str:
    """Strict JSON: no NaN, no infinity, and nothing that a terminal would obey; signs are escaped
    where stdout cannot say them."""
    escaped = not says_unicode(sys.stdout)
    text = json.dumps(plain(value), indent=2, ensure_ascii=escaped, allow_nan=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
