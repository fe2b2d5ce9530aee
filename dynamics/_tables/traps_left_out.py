"""Rows that would count a model twice, and runs that failed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .benchmarks import benchmark
from .problems import TableWarning
from .select_kinds import quantised, without_quantisation

# Two spellings are one model if their sizes agree this well (6.7e9 and 6.9e9 do).
_SAME_SIZE = 1.05
_SAME_SCORE = 1e-9
_ROUNDED = 6e-4  # of one source against another: 30.1 and 0.3013
_FAR_BELOW = 0.5  # of the chance level; no model falls so far by itself
_CHANCE_SEEN = 0.05
_LOWEST_MC1 = 0.11  # half of the chance level of MC1, of which an unknown variant, or MC2, may be
_QUANTISED = (
    "a run with quantised weights of a model that is also here without: another run, left out"
)


def quantised_runs(frame: pd.DataFrame) -> Iterator[tuple[int | None, TableWarning]]:
    """Quantised runs: (place, warning), without a place where no other run of the model is here."""
    is_quantised = quantised(frame)
    if not is_quantised.any():
        return
    names = [
        without_quantisation(plain, model)
        for plain, model in zip(frame["plain"], frame["model"], strict=True)
    ]
    whole = {
        (f.casefold(), n)
        for f, n, q in zip(frame["family"], names, is_quantised, strict=True)
        if not q
    }
    families, models, rows = (frame[c].tolist() for c in ("family", "model", "row"))
    for i in np.flatnonzero(is_quantised).tolist():
        family, model, row = families[i], models[i], rows[i]
        if (family.casefold(), names[i]) in whole:
            yield i, TableWarning("quantized_run", int(row), f"{model}: {_QUANTISED}")
        else:
            message = f"{model}: a run with quantised weights, the only one of the model"
            yield None, TableWarning("quantized_run", int(row), message)


def failed_runs(
    frame: pd.DataFrame, benchmarks: tuple[str, ...]
) -> tuple[pd.DataFrame, list[TableWarning]]:
    """Scores that are exactly 0 or far below chance on a multiple-choice benchmark are empty."""
    warnings = []
    emptied: dict[str, np.ndarray] = {}
    for name in benchmarks:
        chance = benchmark(name).chance
        if chance <= _CHANCE_SEEN:
            continue
        may_be_mc1 = name in ("truthfulqa_unknown", "truthfulqa_mc2")
        lowest = _LOWEST_MC1 if may_be_mc1 else _FAR_BELOW * chance
        values = frame[name].to_numpy(float)
        failed = values < lowest
        if not failed.any():
            continue
        emptied[name] = np.where(failed, np.nan, values)
        for i in np.flatnonzero(failed).tolist():
            model, row = frame["model"].iloc[i], int(frame["row"].iloc[i])
            message = (
                f"{model}: {name} is {values[i]:.3g}, far below chance ({chance:g}): a failed run, "
                "left empty"
            )
            warnings.append(TableWarning("failed_run", row, message))
    return (frame.assign(**emptied).copy() if emptied else frame), warnings


def merge_models(
    frame: pd.DataFrame, benchmarks: tuple[str, ...], names: tuple[str, ...]
) -> tuple[pd.DataFrame, list[tuple[int, TableWarning | None]]]:
    """One row a model: empty cells of its first row are filled from the later ones.

    Gives the frame and the later rows: (place, warning that names both rows), no warning where
    another source had something to add and nothing differs. The same model is the same name within
    a family, whatever its spelling, at about the same size and with the same seed; or the same
    name, size and scores (two at least) under two families.
    """
    spelled = pd.factorize(frame["plain"].to_numpy())[0]
    first = _first_of_model(frame, spelled)
    copies = _first_of_copies(frame, spelled, benchmarks)
    first = np.where(first == np.arange(len(first)), copies, first)
    again = np.flatnonzero(first != np.arange(len(first))).tolist()
    if not again:
        return frame, []
    columns = [c for c in frame.columns if c not in ("row", "origin", "plain", "model", "family")]
    cells = {column: frame[column].to_numpy(copy=True) for column in columns}
    scores = np.stack([cells[name] for name in benchmarks], axis=1)
    source, rows, models = (frame[c].tolist() for c in ("origin", "row", "model"))
    found: list[tuple[int, TableWarning | None]] = []
    for i in again:
        used = int(first[i])
        other = source[i] != source[used]
        gap = np.abs(scores[i] - scores[used]) > (_ROUNDED if other else _SAME_SCORE)
        differ = [benchmarks[j] for j in np.flatnonzero(gap)] if gap.any() else []
        adds = False
        if other or not differ:
            adds = _fill(cells, used, i)
            scores[used] = [cells[name][used] for name in benchmarks]
        if adds and not differ:
            found.append((i, None))
            continue
        code = "conflicting_duplicate" if differ else "duplicate_model"
        what = f"with other scores ({', '.join(differ)})" if differ else "again"
        where = f" of {names[source[used]]}" if other else ""
        here = f"{names[source[i]]}: " if other else ""
        message = (
            f"{here}{models[i]} is row {rows[used]}'s {models[used]}{where} {what}; "
            f"row {rows[used]} is used"
        )
        found.append((i, TableWarning(code, int(rows[i]), message)))
    return frame.assign(**cells).copy(), found


def _fill(cells: dict[str, np.ndarray], to: int, of: int) -> bool:
    """Fill the empty cells of one row from another; whether there was a score to fill."""
    adds = False
    for column, values in cells.items():
        mine, theirs = values[to], values[of]
        empty = mine == "" if isinstance(mine, str) else mine != mine
        there = theirs != "" if isinstance(theirs, str) else theirs == theirs
        if empty and there:
            values[to] = theirs
            adds |= not isinstance(theirs, str) and column not in ("params", "active_params")
    return adds


def _first_of_model(frame: pd.DataFrame, spelled: np.ndarray) -> np.ndarray:
    """Place of the first row with the same family, spelling, seed and about the same size."""
    family = pd.factorize(frame["family"].to_numpy())[0]
    seed = np.zeros(len(frame), dtype=int)
    if "seed" in frame:
        seed = pd.factorize(frame["seed"].to_numpy())[0]
    params = frame["params"].to_numpy()
    order = np.lexsort((params, seed, spelled, family))
    same = np.ones(len(order) - 1, dtype=bool)
    for key in (family, spelled, seed):
        same &= np.diff(key[order]) == 0
    same &= params[order][1:] <= _SAME_SIZE * params[order][:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    group = np.concatenate([[0], np.cumsum(~same)])
    first = np.empty(len(order), dtype=int)
    first[order] = np.minimum.reduceat(order, starts)[group]
    return first


def _first_of_copies(
    frame: pd.DataFrame, spelled: np.ndarray, benchmarks: tuple[str, ...]
) -> np.ndarray:
    """Place of the first row with the same spelling, size, seed and scores in any family."""
    place = np.arange(len(frame))
    keys = ["params", *benchmarks] + (["seed"] if "seed" in frame else [])
    copies = frame[keys].assign(spelled=spelled)
    twice = copies.duplicated(keep=False) & (frame[list(benchmarks)].notna().sum(axis=1) > 1)
    twice = twice.to_numpy()
    if twice.any():
        chosen = copies[twice].assign(place=place[twice])
        keys = [*keys, "spelled"]
        place[twice] = chosen.groupby(keys, dropna=False, sort=False)["place"].transform("first")
    return place
