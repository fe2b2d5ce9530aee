"""What a row says in words: faster, slower, or no clear difference."""

import math
import statistics

from .rows import Growth, Row

#: Figures that differ by less, relatively, are one.
_SAME = 1e-6
#: Exponents above it are said to be worse than linear; fits over three sizes scatter by so much.
_LINEAR = 1.15


def number(value: float) -> str:
    """Three significant digits, no exponent where it can be read without."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.2g}" if digits > 5 else f"{value:,.{digits}f}"


def ratio_of(row: Row) -> str:
    """Median of ours over the peer's, with the range of the pairs."""
    if row.more_is_better or not row.ratios:
        return "–"
    middle = number(statistics.median(row.ratios))
    if len(row.ratios) < 2 or row.pairs != "repeats":
        return middle if len(row.ratios) < 2 else number(row.our_middle / row.their_middle)
    return f"{middle} [{number(min(row.ratios))}, {number(max(row.ratios))}]"


def is_worse(row: Row) -> bool:
    """Whether ours is clearly slower, larger or worse, or over its target."""
    return "**" in in_words(row)


def in_words(row: Row) -> str:
    """The comparison of a row, in words; what is against us is bold."""
    if not row.theirs:
        return ""
    if row.floor:
        return _cost(row)
    if all(math.isclose(a, b, rel_tol=_SAME)
           for a, b in zip(row.ours, row.theirs, strict=True)):  # fmt: skip
        return "the same"
    clear = _clear(row)
    if clear == 0:
        return "no clear difference"
    if "seconds" in row.measured:
        times = statistics.median(row.ratios)
        if clear > 0:
            return f"{number(1 / times)} times as fast"
        return f"**slower**: takes {number(times)} times as long"
    if "memory" in row.measured:
        return "less" if clear > 0 else "**more**"
    return "better" if clear > 0 else "**worse**"


def _cost(row: Row) -> str:
    times = statistics.median(row.ratios)
    said = f"costs {number(times)} times as much"
    if row.target is None:
        return said
    inside = times <= row.target
    return f"{said}, {'within' if inside else '**over**'} the target of {number(row.target)}"


def _clear(row: Row) -> int:
    """1 where ours is clearly better, -1 where the peer is, 0 where pairs disagree.

    Of repeats every pair must agree; of systems or folds the mean difference must lie two standard
    errors from 0. One pair decides alone.
    """
    sign = 1 if row.more_is_better else -1
    gains = [sign * (a - b) for a, b in zip(row.ours, row.theirs, strict=True)]
    if len(gains) < 2 or row.pairs == "repeats":
        return 1 if min(gains) > 0 else -1 if max(gains) < 0 else 0
    mean, error = statistics.mean(gains), statistics.stdev(gains) / math.sqrt(len(gains))
    return 0 if abs(mean) <= 2 * error else 1 if mean > 0 else -1


def growth_in_words(row: Growth) -> str:
    """How a task grows, in words; what is against us is bold."""
    said = []
    for name, values in (("time", row.seconds), ("memory", row.peak_mb)):
        exponent = row.exponent(values)
        if exponent is not None and exponent > _LINEAR:
            said.append(f"**{name} worse than linear**")
    if row.limit_s is not None and row.seconds[-1] > row.limit_s:
        said.append(f"**over {number(row.limit_s)} s**")
    return ", ".join([*said, *([row.note] if row.note else [])]) or "linear or better"
