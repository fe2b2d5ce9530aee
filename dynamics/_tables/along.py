"""A score table along another clock: checkpoints come back, a model's run is a trajectory."""

from dataclasses import replace

import numpy as np
import pandas as pd

from .account import Account, RowLeftOut
from .checkpoints import read_checkpoints
from .clock import CLOCKS, Along, Clock, clock_of
from .model_names import plain_name
from .problems import TableError, TableWarning
from .scores import ScoreTable
from .traps_left_out import failed_runs

#: Warnings that are about one row a model, which no longer holds.
_OF_ONE_ROW = frozenset({"checkpoints", "same_size", "missing_score"})
_ROWS_NAMED = 5
#: Reasons of rows that have no place, or no company, on a clock.
_WHY = {
    "clock_at_zero": "{} 0 has no place on a logarithmic clock",
    "no_run": "a single checkpoint, no trajectory along {}",
    **{f"no_{name}": "no {} stated, or none seen yet" for name in CLOCKS},
    "no_date": "no date that can be read one way only (write it as 2024-07-01)",
}


def along_clock(table: ScoreTable, along: Along) -> ScoreTable:
    """`table`, as it was read, along the clock `along`.

    Along `tokens`, `flops` and `step` the checkpoints that were left out come back, and each model
    with two of them or more is a family of its own, its trajectory through training: `family` is
    the model's name and `lab` its maker and size, so that runs of one size can be left out
    together. A table without checkpoints keeps its families. Rows without a place on the clock are
    left out (`no_step`, `clock_at_zero`: zero has no logarithm), as are models of one checkpoint
    among runs (`no_run`).

    Raises ValueError for another clock or a table that is already along another one, TableError
    where fewer than two rows have a place.
    """
    clock = clock_of(along)
    if table.along == along:
        return table
    if table.along != "params":
        raise ValueError(f"{table.name} is along {table.along} already; give it as it was read")
    frame, back = table.frame, np.zeros(len(table.left_out), dtype=bool)
    if clock.trains:
        frame, back = _with_checkpoints(table)
    frame, unplaced = _placed(frame, clock)
    if len(frame) < 2:
        problem = f"{len(frame)} of {len(frame) + len(unplaced)} models have a place along {along}"
        raise TableError(table.name, problem, _HINTS[along])
    warnings = [w for w in table.warnings if _still_holds(w, clock, frame)]
    warnings += _about_unplaced(unplaced, clock)
    alone = frame.iloc[:0].assign(reason="")
    if clock.trains:
        frame, alone = _runs(frame, clock)
        frame, failed = failed_runs(frame, table.benchmarks)
        warnings += failed
    gone = pd.concat(
        [part for part in (table.left_out[~back], unplaced, alone) if len(part)] or [alone]
    )
    return replace(
        table,
        frame=frame.reset_index(drop=True),
        left_out=gone.reset_index(drop=True),
        warnings=tuple(dict.fromkeys(warnings)),
        account=_account(table, back, [*_gone(unplaced, clock), *_gone(alone, clock)]),
        along=along,
    )


def _still_holds(warning: TableWarning, clock: Clock, frame: pd.DataFrame) -> bool:
    """Whether a warning about one row a model still says something true."""
    if not clock.trains:
        return True
    if warning.code in _OF_ONE_ROW:
        return False
    return warning.code != "conflicting_duplicate" or warning.row not in set(frame["row"])


def _gone(rows: pd.DataFrame, clock: Clock) -> list[RowLeftOut]:
    return [
        RowLeftOut(int(row), model, _WHY[reason].format(clock.name))
        for row, model, reason in zip(rows["row"], rows["model"], rows["reason"], strict=True)
    ]


def _account(table: ScoreTable, back: np.ndarray, gone: list[RowLeftOut]) -> Account:
    """What became of each row, now that checkpoints are back."""
    account, restored = table.account, table.left_out[back]
    again = set(zip(restored["row"].astype(int), restored["model"], strict=True))
    left_out = [r for r in account.rows_left_out if (r.row, r.model) not in again] + gone
    account = replace(account, rows_left_out=tuple(left_out))
    if len(account.files) != 1:
        return account
    file = replace(account.files[0], used=account.rows_used, left_out=len(left_out))
    return replace(account, files=(file,))


_HINTS = {
    "tokens": "add a column tokens",
    "flops": "add a column flops, or params and tokens",
    "step": "add a column step, or write it into the names as model-step3000",
    "date": "add a column date, such as 2024-07-01",
}


def _with_checkpoints(table: ScoreTable) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows that count with the checkpoints of their kind, and which left-out rows these are.

    Of a model that was measured in several ways only one row counts by size; along training each
    way is a run, so its last row comes back too.
    """
    left_out = table.left_out
    if not len(left_out):
        return table.frame, np.zeros(0, dtype=bool)
    back = (left_out["reason"] == "checkpoint").to_numpy(copy=True)
    if "kind" in left_out and "kind" in table.frame:
        back &= left_out["kind"].isin(set(table.frame["kind"])).to_numpy()
    if "n_shot" in left_out and "n_shot" in table.frame:
        used = set(zip(table.frame["model"], table.frame["n_shot"], strict=True))
        ways = zip(left_out["model"], left_out["n_shot"], strict=True)
        back |= (left_out["reason"] == "conflicting_duplicate").to_numpy() & np.array(
            [way not in used for way in ways]
        )
    if not back.any():
        return table.frame, back
    rows = pd.concat([table.frame, left_out[back].drop(columns="reason")])
    stems, steps, names = read_checkpoints(
        rows.assign(plain=[plain_name(m) for m in rows["model"]], set_aside="")
    )
    rows = rows.assign(step=steps, stem=stems, bare=names)
    # Size and maker may be known of the row that counts alone.
    for column in ("params", "active_params", "lab", "d_model", "layers"):
        if column in rows:
            known = rows[column].mask(rows[column] == "")
            filled = known.fillna(known.groupby(rows["stem"]).transform("first"))
            rows[column] = filled.fillna("") if rows[column].dtype == object else filled
    return rows.sort_values("row", kind="stable"), back


def _placed(frame: pd.DataFrame, clock: Clock) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows with a place on the clock, and the others with a reason."""
    position = clock.position(frame)
    there = np.isfinite(position)
    reason = np.where(np.isneginf(position[~there]), "clock_at_zero", f"no_{clock.name}")
    return frame[there], _without_names(frame[~there].assign(reason=reason))


def _about_unplaced(unplaced: pd.DataFrame, clock: Clock) -> list[TableWarning]:
    """One warning for each reason, naming the first rows."""
    warnings = []
    for reason, rows in unplaced.groupby("reason", sort=False) if len(unplaced) else ():
        named = ", ".join(str(row) for row in rows["row"][:_ROWS_NAMED])
        more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
        message = f"{_WHY[str(reason)].format(clock.name)}: row {named}{more} left out"
        warnings.append(TableWarning(str(reason), None, message))
    return warnings


def _runs(frame: pd.DataFrame, clock: Clock) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each model with several checkpoints as a family; without any such, the table as it is."""
    if "stem" not in frame:
        return frame, frame.iloc[:0].assign(reason="")
    stem, position = frame["stem"], pd.Series(clock.position(frame), index=frame.index)
    keys = [frame["family"], stem]
    if "n_shot" in frame:
        keys.append(frame["n_shot"])
    several = position.groupby(keys, dropna=False).transform("nunique") > 1
    if not several.any():
        return _without_names(frame), frame.iloc[:0].assign(reason="")
    names = frame["bare"].groupby(stem).transform("first")
    if "n_shot" in frame and frame.groupby(stem)["n_shot"].nunique().gt(1).any():
        shots = pd.to_numeric(frame["n_shot"], errors="coerce")
        names = names + [f" ({n:.0f}-shot)" if n == n else "" for n in shots]
    makers = frame["family"]
    if "lab" in frame:
        makers = frame["lab"].where(frame["lab"] != "", makers)
    rows = zip(makers, frame["params"], names, strict=True)
    sizes = [f"{maker} {n:.4g}" if n == n else name for maker, n, name in rows]
    at = _named_by(frame, position, clock)
    runs = _without_names(frame.assign(family=names, lab=sizes, model=names + at))
    alone = runs[~several.to_numpy()].assign(
        reason="no_run", family=frame["family"][~several], model=frame["model"][~several]
    )
    return runs[several.to_numpy()], alone


def _without_names(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["stem", "bare"], errors="ignore")


def _named_by(frame: pd.DataFrame, position: pd.Series, clock: Clock) -> list[str]:
    """What tells the checkpoints of a run apart: their steps where these are known."""
    if "step" in frame and frame["step"].notna().all():
        return [f" step {step:.0f}" for step in frame["step"]]
    return [f" at {clock.value(value):.5g} {clock.symbol}" for value in position]
