"""A scan on a terminal of 80 columns: the answer in sentences, then the surest pairs."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ....common.words import counted
from ....dynamics import CLOCKS, benchmark
from ...accounts import account_line
from ...formats import added, interval, signed
from ...text import text_table

if TYPE_CHECKING:
    from ....dynamics import Factors, Scan, ScanCell, ScanVerdict
    from ....dynamics import Moved as MovedByTuning

_WIDTH = 80
_NAME = 20
_MOST = 10
#: Of several seeds or many pairs: a p below it says that something is left beside size.
_ALPHA = 0.05
_NOTE = (
    "coupling: points of the second score per point of the first inside families, the mean over "
    "families with its 95 % interval; tax below -0.1, bonus above 0.1; q: the smallest rate of "
    "false discoveries at which it is said; falls: in how many families the second score falls as "
    "the first rises; {given}: correlation inside families after a line in {clock} for each family "
    "is taken away."
)
_HEADER = ("along", "score", "coupling [95 %]", "q", "falls")
_GENERAL = ("score", "verdict", "coupling [95 %]", "q", "falls")
MOVED_HEADER = ("score", "tuned less base [95 %]", "q", "pairs")
MOVED_NOTE = (
    "Mean over families of the change from a base model to the model tuned from it, in points; "
    "what the tuning data held is not known."
)


def answers(found: Scan) -> list[str]:
    """What the scan says, in sentences: verdicts, turns, size, dimensions, tuning."""
    return [
        *_general(found),
        _verdicts(found),
        _turns(found),
        *_given_size(found),
        *(_dimensions(one) for one in (found.within, found.pooled)),
        *_moved(found),
        *_without_errors(found),
    ]


def given_clock(found: Scan) -> str:
    """The heading of correlations beside the clock: a letter for it."""
    return "r | N" if found.along == "params" else "r | t"


def cell_note(found: Scan) -> str:
    """What the columns of the pairs mean."""
    return _NOTE.format(given=given_clock(found), clock=CLOCKS[found.along].title)


def scan_to_text(found: Scan, *, everything: bool = False) -> str:
    """The page; `everything` shows every pair."""
    parts = [
        f"{found.table}: {counted(len(found.cells), 'pair')} of benchmarks, "
        f"{counted(found.models, 'model')}, {counted(found.families, 'family')}\n"
        + account_line(found.account),
        "What follows\n" + "\n".join(_wrapped(line) for line in answers(found)),
        *_cells(found, everything),
        _moved_table(found, everything),
    ]
    return "\n\n".join(part for part in parts if part)


def moved_rows(found: Scan) -> list[tuple[str, ...]]:
    """A row per benchmark that tuning moves, under `MOVED_HEADER`."""
    return [_moved_row(one, 40) for one in found.moved]


def _moved_row(one: MovedByTuning, width: int) -> tuple[str, ...]:
    return (
        _short(one.benchmark, width),
        f"{_points(one.gain)} {interval(one.low, one.high, _points)}",
        q_text(one.q),
        str(one.pairs),
    )


def _points(value: float) -> str:
    return added(100 * value, 1) if abs(value) < 1e6 else signed(value)


def coupling_text(cell: ScanCell) -> str:
    """The coupling with its interval, in fewer decimals where it is wide."""
    widest = max((abs(v) for v in (cell.low, cell.high) if math.isfinite(v)), default=0.0)
    digits = 2 if widest < 10 else 1 if widest < 100 else 0

    def show(value: float) -> str:
        huge = math.isfinite(value) and abs(value) >= 1e5
        return f"{value:.0e}" if huge else signed(value, digits)

    return f"{show(cell.coupling)} {interval(cell.low, cell.high, show)}".rstrip()


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _title(name: str) -> str:
    return benchmark(name).compared


def _short(name: str, width: int = _NAME) -> str:
    title = _title(name)
    return title if len(title) <= width else title[: width - 1] + "…"


def q_text(value: float) -> str:
    """A rate of false discoveries in five letters."""
    return "–" if value != value else "<.001" if value < 0.001 else f"{value:.3f}"


def _pair(cell: ScanCell) -> str:
    return f"{_title(cell.other)} along {_title(cell.reasoning)}"


def _general(found: Scan) -> Iterator[str]:
    if not found.general:
        return
    yield (
        f"{counted(len(found.general), 'other score')} along the mean of "
        f"{counted(len(found.mean_of), 'capability')}: {_counts(found.general)} (rate of false "
        f"discoveries {100 * found.q:g} %)."
    )


def _counts(cells: Sequence[ScanCell]) -> str:
    count = Counter(cell.verdict for cell in cells)
    return (
        f"tax {count['tax']}, bonus {count['bonus']}, between {count['between']}, undetermined "
        f"{count['undetermined']}"
    )


def _verdicts(found: Scan) -> str:
    untold = sum(cell.q != cell.q for cell in found.cells)
    text = (
        f"Of {counted(len(found.cells), 'pair')} of scores: {_counts(found.cells)} (rate of false "
        f"discoveries {100 * found.q:g} %)."
    )
    if untold:
        text += f" {untold} of the undetermined have too few families with different scores."
    mixed = [c for c in found.said("bonus") if c.falling > c.families / 4]
    if mixed:
        text += (
            f" In {len(mixed)} of the bonus pairs more than a quarter of the families fall: the "
            "mean does not hold for each family."
        )
    return text


def _turns(found: Scan) -> str:
    turned = [cell for cell in found.cells if cell.turn == "established"]
    asked = sum(cell.turn != "untested" for cell in found.cells)
    if not asked:
        return "No pair can be tested for a turn that families share: too few families bend."
    if not turned:
        return f"Families share a turn in none of the {counted(asked, 'pair')} that could show one."
    first = ", ".join(_pair(cell) for cell in sorted(turned, key=lambda c: c.turn_q)[:3])
    more = f" and {len(turned) - 3} more" if len(turned) > 3 else ""
    return f"Families share a turn in {len(turned)} of {counted(asked, 'pair')}: {first}{more}."


def _given_size(found: Scan) -> Iterator[str]:
    said = [*found.said("tax"), *found.said("bonus")]
    asked = [cell for cell in said if cell.p_given_size == cell.p_given_size]
    if asked:
        left = sum(cell.p_given_size < _ALPHA for cell in asked)
        yield (
            f"After a line in {CLOCKS[found.along].title} for each family is taken away, {left} of "
            f"{len(asked)} of these still correlate at p < {_ALPHA:g}; in the rest both scores may "
            "only grow together."
        )


def _dimensions(factors: Factors) -> str:
    where = "Inside families" if factors.kind == "within" else "Over all models"
    if factors.dimensions is None:
        return f"{where}: how many dimensions the scores have cannot be told ({_why(factors)})."
    count = len(factors.benchmarks)
    share = 100 * factors.eigenvalues[0] / count
    low, high = (
        100 * end[0] / count for end in (factors.eigenvalues_low, factors.eigenvalues_high)
    )
    beyond = factors.beyond_general or 0
    return (
        f"{where} {count} scores have {counted(factors.dimensions, 'dimension')}: the first has "
        f"{share:.0f} % of the variance [{low:.0f}, {high:.0f}], and {beyond} beyond it "
        f"{'is' if beyond == 1 else 'are'} more than chance "
        f"({counted(factors.models, 'model')} with all)."
    )


def _why(factors: Factors) -> str:
    if factors.status == "constant_benchmark":
        return "a score does not vary"
    return (
        f"{counted(len(factors.benchmarks), 'score')}, "
        f"{counted(factors.models, 'model')} with all of them, "
        f"{counted(factors.families, 'family')}"
    )


def _moved(found: Scan) -> Iterator[str]:
    if found.moved:
        up, down = (sum(one.way == way for one in found.moved) for way in ("up", "down"))
        yield (
            f"Tuning raises {up} and lowers {down} of {len(found.moved)} scores that base and "
            "tuned models of three families or more have."
        )


def _without_errors(found: Scan) -> Iterator[str]:
    count = len(found.without_errors)
    if count:
        yield (
            f"The errors of {count} of {counted(len(found.reasoning), 'score')} are not known "
            "(neither stated nor from a known number of items): couplings along them are too near "
            "zero."
        )


def _cells(found: Scan, everything: bool) -> Iterator[str]:
    titles: dict[ScanVerdict, str] = {
        "tax": "Tax: the second score falls as the first rises",
        "bonus": "Bonus: both rise together",
        "between": "Neither: the coupling lies inside ±0.1",
        "undetermined": "Undetermined",
    }
    shown = bool(found.general)
    if shown:
        ordered = sorted(found.general, key=lambda c: (c.verdict == "undetermined", c.q))
        most = len(ordered) if everything else _MOST
        more = f"\nand {len(ordered) - most} more (--full shows all)" if len(ordered) > most else ""
        yield (
            f"Along the mean of {counted(len(found.mean_of), 'capability')}\n"
            + text_table(
                (*_GENERAL, given_clock(found)),
                [_general_row(c) for c in ordered[:most]],
                right=(3, 5),
            )
            + more
        )
    for verdict, title in titles.items():
        cells = found.said(verdict)
        if not cells or (verdict == "undetermined" and not everything):
            continue
        most = len(cells) if everything else _MOST
        shown = True
        header, rows = (*_HEADER, given_clock(found)), [_row(cell) for cell in cells[:most]]
        more = f"\nand {len(cells) - most} more (--full shows all)" if len(cells) > most else ""
        yield f"{title}\n{text_table(header, rows, right=(3, 5))}{more}"
    if shown:
        yield textwrap.fill(cell_note(found), _WIDTH)


def _general_row(cell: ScanCell) -> tuple[str, ...]:
    return (_short(cell.other, 20), cell.verdict, *_row(cell)[2:])


def _row(cell: ScanCell) -> tuple[str, ...]:
    return (
        _short(cell.reasoning, 17),
        _short(cell.other, 17),
        coupling_text(cell),
        q_text(cell.q),
        f"{cell.falling} of {cell.families}",
        signed(cell.r_given_size),
    )


def _moved_table(found: Scan, everything: bool) -> str:
    rows = [one for one in found.moved if everything or one.way != "undetermined"]
    if not rows:
        return ""
    most = len(rows) if everything else _MOST
    table = text_table(MOVED_HEADER, [_moved_row(one, 34) for one in rows[:most]], right=(2, 3))
    more = f"\nand {len(rows) - most} more (--full shows all)" if len(rows) > most else ""
    return f"What tuning moves\n{table}{more}\n{textwrap.fill(MOVED_NOTE, _WIDTH)}"
