"""Percent or fraction, found out per file, and a refusal of a file that holds both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...common.statistics import binomial_stderr
from .benchmarks import BENCHMARKS, benchmark
from .problems import Problems

_HINT = "write the whole file in percent or in fractions"
_FAR_ABOVE_ZERO = 0.05  # a chance level from which no model falls to 0.01
_LARGEST_STDERR = 0.5  # of a mean of numbers between 0 and 1
# Stated over binomial standard error: 1 in one unit, 0.01 or 100 in two. A run on a fiftieth of
# the items still has 7, a mean of shares such as MC2 not below 0.5.
_STDERR_RATIO = (0.03, 50.0)


@dataclass(frozen=True)
class Written:
    """A column of scores as its source wrote them: `values`, `stderrs` beside or behind them (NaN
    where there are none), which carried a `%`, whether a leaderboard calls them raw, the heading.
    """

    values: np.ndarray
    stderrs: np.ndarray
    percent: np.ndarray
    raw: bool
    heading: str

    @property
    def plain(self) -> np.ndarray:
        """The scores without a `%`, NaN elsewhere."""
        return np.where(self.percent, np.nan, self.values)


def find_unit(rows: Sequence[int], scores: Mapping[str, Written], problems: Problems) -> str:
    """`percent` or `fraction`, whichever all columns of `scores` are in.

    Benchmarks whose chance level is far above zero decide, each value by whether it exceeds 1;
    without such a column the file is in percent if any score exceeds 1. A score that carries a
    `%` says its own unit. A file in both units is a problem; the row named is one of the minority.
    """
    names = list(scores)
    values = np.stack([scores[name].plain for name in names], axis=1)
    if np.isnan(values).all():
        return "percent" if any(w.percent.any() for w in scores.values()) else "fraction"
    above, below = values > 1, (values > 0) & (values <= 1)
    telling = np.array([benchmark(name).chance > _FAR_ABOVE_ZERO for name in names])
    if above[:, telling].any() or below[:, telling].any():
        percent = int(above[:, telling].sum()) >= int(below[:, telling].sum())
        odd = np.where(telling, below, False) if percent else above
    else:
        percent = bool(above.any())
        odd = np.zeros_like(above)
    if odd.any():
        row, column = (int(i[0]) for i in np.nonzero(odd))
        others = "in percent" if percent else "fractions"
        problem = f"{names[column]} is {values[row, column]:g} where most scores are {others}"
        problems.add(problem, _HINT, rows[row])
    elif percent:
        _check_small_columns(rows, names, values, problems)
        _check_small_rows(rows, names, values, problems)
    return "percent" if percent else "fraction"


def small_columns(scores: Mapping[str, Written]) -> dict[str, str]:
    """Benchmarks that we do not know whose column is in another unit than those that we know, each
    with the reason why it is left out."""
    known = [w.plain for name, w in scores.items() if benchmark(name).chance > _FAR_ABOVE_ZERO]
    told = np.concatenate(known)[~np.isnan(np.concatenate(known))] if known else np.empty(0)
    if not len(told):
        return {}
    percent = (told > 1).mean() >= 0.5
    found = {}
    for name, written in scores.items():
        values = written.plain[~np.isnan(written.plain)]
        if name in BENCHMARKS or not len(values) or percent:
            continue
        if values.max() > 1:
            found[name] = f"up to {values.max():g}, where known benchmarks are fractions"
    return found


def check_stderrs(
    rows: Sequence[int],
    scores: Mapping[str, np.ndarray],
    stderrs: Mapping[str, np.ndarray],
    problems: Problems,
) -> None:
    """Note impossible standard errors, and those in another unit than their scores.

    Everything is in fractions here.
    """
    for name, stderr in stderrs.items():
        bad = (stderr < 0) | (stderr > _LARGEST_STDERR)
        if bad.any():
            i = int(bad.argmax())
            problem = f"{name}_stderr is {stderr[i]:g} as a fraction, outside 0 to 0.5"
            problems.add(problem, "correct the value", rows[i])
            continue
        items, score = benchmark(name).items, scores[name]
        inside = (score > 0) & (score < 1) & (stderr > 0)
        if not items or not inside.any():
            continue
        binomial = binomial_stderr(score[inside], items, continuity=False)
        ratio = float(np.median(stderr[inside] / binomial))
        if not _STDERR_RATIO[0] < ratio < _STDERR_RATIO[1]:
            problem = f"{name}_stderr is {ratio:.2g} times what {items} items give"
            hint = f"write it in the unit of {name}"
            problems.add(problem, hint, rows[int(inside.argmax())])


def _check_small_columns(
    rows: Sequence[int], names: list[str], values: np.ndarray, problems: Problems
) -> None:
    """In a percent file, a column that never exceeds 1 may be one in fractions.

    Shares of a known number of items tell: they are multiples of 100/items percent. Of a
    benchmark that nobody told us about, two such scores are refused.
    """
    for column, name in enumerate(names):
        present = values[:, column][values[:, column] > 0]
        if not present.size or present.max() > 1:
            continue
        items = benchmark(name).items
        hits = present * items / 100
        as_percent = (np.abs(hits - np.round(hits)) <= _rounding(present) * items / 100).all()
        if not as_percent if items else present.size > 1:
            row = rows[int((values[:, column] > 0).argmax())]
            problem = (
                f"{name} is {present[0]:g} and never above 1 where other scores are in percent"
            )
            problems.add(problem, _HINT, row)


def _rounding(values: np.ndarray) -> float:
    """Half of the last decimal that `values` are written with (at most six are looked at)."""
    for decimals in range(1, 6):
        if np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-9):
            return 0.51 * 10.0**-decimals
    return 0.51e-6


def _check_small_rows(
    rows: Sequence[int], names: list[str], values: np.ndarray, problems: Problems
) -> None:
    """In a percent file, a row with two or more scores of unknown benchmarks, none above 1."""
    unknown = np.array([name not in BENCHMARKS for name in names])
    small = ((values > 0) & unknown).sum(axis=1) > 1
    small &= ~(values > 1).any(axis=1)
    if small.any():
        row = rows[int(small.argmax())]
        problems.add("no score exceeds 1 where others are in percent", _HINT, row)
