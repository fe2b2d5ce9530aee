"""The scan: every pair of a capability and another benchmark of a table."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ...common.checks import check_known
from ...common.progress import Progress, silent
from ...common.statistics import benjamini_hochberg
from ...common.words import counted
from .._tables.benchmarks import BENCHMARKS, benchmark
from .._tables.clock import Along
from .._tables.named import named_benchmark
from .._tables.problems import TableError
from .._tables.read import as_table
from .._tables.replicates import average_seeds
from .._tables.scores import ScoreTable
from .cells import MEAN, Scan, ScanCell
from .columns import ScoreColumns, score_columns, with_mean
from .coupling import DECISIONS, Couplings, PairSums, couplings, pair_sums
from .factors import factors
from .moved import moved_by_tuning
from .size_and_date import SizeAndDate, explained
from .turns import bend_p, gate_p, scatter_along_clock

#: Share of the models that a capability must have to count in their mean.
_MEASURED = 0.9


def scan(
    table: ScoreTable | str | Path | pd.DataFrame,
    *,
    reasoning: Sequence[str] | None = None,
    against: Sequence[str] | None = None,
    along: Along | None = None,
    q: float = 0.05,
    n_boot: int = 1_000,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Scan:
    """Coupling, turn, and what size and date explain, for every pair of a table.

    **Arguments**

    - `table`: a score table, or what `read_scores` reads.
    - `reasoning`: the benchmarks along which the others are looked at, in any spelling; those of
      the table that are known as capabilities where not given, or all of it where none is.
      `against`: those others; all where not given.
    - `along`: the clock, see `along_clock`.
    - `q`: the rate of false discoveries over all pairs (Benjamini and Hochberg 1995).
    - `n_boot`: resamples behind the intervals of the factors, `seed` makes them repeatable.
    - `on_progress`: called with the name of each part, and how far it is.

    **Returns** a `Scan`. A pair is `tax` where a point of the first costs a tenth of a point or
    more of the second inside families, `bonus` where it brings as much, `between` where it does
    neither, `undetermined` where its families do not say.

    **Raises** ValueError for a benchmark that the table does not have, for fewer than two, and for
    a `q` outside (0, 1); TableError where no family has two models.

    **Limits**: one number for all families; `falling` says whether they agree. Pairs share models
    and benchmarks; Benjamini and Hochberg's rule holds for tests that depend positively, as these
    do in the main. A coupling that goes with the clock may be the clock's: see `r_given_size`.

    ```pycon
    >>> from nullcline import dynamics
    >>> found = dynamics.scan(dynamics.load_table("uniform"))
    >>> len(found.cells), found.cells[0].reasoning, found.cells[0].other
    (49, 'hellaswag', 'truthfulqa_mc2')
    >>> round(found.cells[0].coupling, 2)
    0.28

    ```
    """
    if not 0 < q < 1:
        raise ValueError(f"q is {q:g}; give a rate of false discoveries between 0 and 1")
    report = on_progress or silent
    table = average_seeds(as_table(table, along=along))
    others = _chosen(table, against) or table.benchmarks
    rows = _chosen(table, reasoning) or tuple(
        b for b in table.benchmarks if b in BENCHMARKS and benchmark(b).capability
    )
    rows = rows or table.benchmarks
    names = tuple(dict.fromkeys((*rows, *others)))
    if len(names) < 2:
        raise ValueError(f"{table.name}: {counted(len(names), 'benchmark')}; a pair needs two")
    columns = score_columns(table, names)
    if max(np.bincount(columns.index)) < 2:
        problem = "no family has two models"
        raise TableError(table.name, problem, "name families in a column `family`")
    cells = _scanned(columns, rows, others, q=q, report=report)
    mean_of = tuple(
        name for name in rows if columns.known[:, names.index(name)].mean() >= _MEASURED
    )
    rest = tuple(name for name in others if name not in rows)
    general: tuple[ScanCell, ...] = ()
    if len(mean_of) > 1 and rest:
        general = _scanned(with_mean(columns, mean_of, MEAN), (MEAN,), rest, q=q, report=report)
    report("factors")
    return Scan(
        table=table.name,
        reasoning=rows,
        others=others,
        cells=cells,
        general=general,
        mean_of=mean_of if general else (),
        q=q,
        models=len(columns.scores),
        families=len(columns.families),
        without_errors=tuple(
            name
            for name in rows
            if not np.isfinite(
                columns.errors[columns.known[:, (at := names.index(name))], at]
            ).all()
        ),
        within=factors(columns, kind="within", n_boot=n_boot, seed=seed),
        pooled=factors(columns, kind="pooled", n_boot=n_boot, seed=seed),
        moved=moved_by_tuning(table, names, q=q),
        n_boot=n_boot,
        seed=seed,
        along=table.along,
        warnings=table.warnings,
        account=table.account,
    )


def _chosen(table: ScoreTable, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Benchmarks of the table by the names given, none where none is."""
    names = tuple(dict.fromkeys(named_benchmark(table, name) for name in wanted or ()))
    check_known("benchmark", names, table.benchmarks, of=table.name)
    return names


def _scanned(
    columns: ScoreColumns, rows: Sequence[str], others: Sequence[str], *, q: float, report: Progress
) -> tuple[ScanCell, ...]:
    """A cell for each of `rows` with each of `others`, verdicts at one rate for all of them."""
    place = {name: i for i, name in enumerate(columns.names)}
    cells = list(_cells(columns, [place[n] for n in rows], [place[n] for n in others], report))
    return _with_verdicts(_with_turns(cells, columns, place, q=q, report=report), q=q)


def _cells(
    columns: ScoreColumns, rows: Sequence[int], wanted: Sequence[int], report: Progress
) -> Iterator[dict]:
    """The numbers of every cell but the verdicts, which need all cells. One row of the matrix is in
    memory at a time."""
    for done, row in enumerate(rows):
        report("pairs", done, len(rows))
        sums = pair_sums(columns, row)
        coupled, known = couplings(sums), explained(columns, sums, row)
        bends = bend_p(columns, sums)
        for other in wanted:
            if other != row:
                yield _numbers(columns, row, other, sums, coupled, known) | {
                    "turn_p": float(bends[other])
                }


def _numbers(
    columns: ScoreColumns,
    row: int,
    other: int,
    sums: PairSums,
    coupled: Couplings,
    known: SizeAndDate,
) -> dict:
    informed = sums.informed[:, other]
    decisions = coupled.decisions[:, other]
    nearest = int(np.argmin(decisions)) if np.isfinite(decisions).all() else -1
    return {
        "reasoning": columns.names[row],
        "other": columns.names[other],
        "coupling": float(coupled.gamma[other]),
        "low": float(coupled.low[other]),
        "high": float(coupled.high[other]),
        "between_sd": float(coupled.between[other]),
        # Three things may be said and two of them are false at most: doubling is enough, since
        # `between` is said falsely only where both of its tests reject, one of them falsely.
        "p": min(1.0, 2 * float(decisions[nearest])) if nearest >= 0 else math.nan,
        "verdict": DECISIONS[nearest] if nearest >= 0 else "undetermined",
        "models": int(sums.x.models[informed, other].sum()),
        "families": int(informed.sum()),
        "falling": int((sums.xy[informed, other] < 0).sum()),
        "r": float(coupled.r[other]),
        "r_given_size": float(known.r_given_size[other]),
        "p_given_size": float(known.p[other]),
        "by_size": float(known.by_size[other]),
        "by_date": float(known.by_date[other]),
        "pooled_r": float(known.pooled_r[other]),
        "pooled_r_given_size": float(known.pooled_r_given_size[other]),
    }


def _with_turns(
    cells: list[dict],
    columns: ScoreColumns,
    place: dict[str, int],
    *,
    q: float,
    report: Progress,
) -> list[dict]:
    """The p of the whole gate where the bend alone does not shut it."""
    open_still = [cell for cell in cells if cell["turn_p"] <= q]
    scatter = {
        other: scatter_along_clock(columns, place[other])
        for other in dict.fromkeys(cell["other"] for cell in open_still)
    }
    for done, cell in enumerate(open_still):
        report("turns", done, len(open_still))
        other = cell["other"]
        p = gate_p(columns, place[cell["reasoning"]], place[other], scatter=scatter[other])
        # A test of the gate that cannot be made leaves it untested, and not shut.
        cell |= {"turn_p": p, "turn_p_exact": True}
    return cells


def _with_verdicts(cells: list[dict], *, q: float) -> tuple[ScanCell, ...]:
    said = _adjusted([cell["p"] for cell in cells])
    # A gate that was begun and cannot be made counts as one that did not open: else the others
    # would be judged as if fewer had been asked.
    begun = [
        1.0 if c.get("turn_p_exact") and math.isnan(c["turn_p"]) else c["turn_p"] for c in cells
    ]
    turned = [
        math.nan if math.isnan(cell["turn_p"]) else q_of
        for cell, q_of in zip(cells, _adjusted(begun), strict=True)
    ]
    return tuple(
        ScanCell(
            **cell
            | {
                "q": own,
                "verdict": cell["verdict"] if own <= q else "undetermined",
                "turn_q": turn,
                "turn_p_exact": cell.get("turn_p_exact", False),
                "turn": "untested"
                if math.isnan(turn)
                else "established"
                if turn <= q
                else "not_established",
            }
        )
        for cell, own, turn in zip(cells, said, turned, strict=True)
    )


def _adjusted(p: list[float]) -> list[float]:
    """Benjamini and Hochberg's q of the values that there are; NaN stays."""
    values = np.array(p)
    known = np.isfinite(values)
    out = np.full(values.shape, math.nan)
    if known.any():
        out[known] = benjamini_hochberg(values[known])
    return out.tolist()
