"""Numbers with a sign, as every page writes them."""

import math


def signed(value: float, digits: int = 2, *, plus: bool = False) -> str:
    """A number with two decimals, a dash where there is none; `plus`: its sign is always said.

    What rounds to zero has no sign, so that nobody reads `-0.00`.
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    value = round(value, digits) + 0.0  # -0.0 + 0.0 is 0.0
    return f"{value:+.{digits}f}" if plus and value else f"{value:.{digits}f}"


def added(value: float, digits: int = 2) -> str:
    """A difference or an effect: a number with its sign."""
    return signed(value, digits, plus=True)


def bounded(value: float, low: float, high: float, digits: int = 2, *, plus: bool = False) -> str:
    """An estimate with its interval: `-0.30 [-0.40, -0.21]`."""
    ends = f"{signed(low, digits)}, {signed(high, digits)}"
    return f"{signed(value, digits, plus=plus)} [{ends}]"
