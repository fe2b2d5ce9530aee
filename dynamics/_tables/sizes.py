"""Sizes and other counts of a raw table: in which unit they are, and what cannot be."""

import numpy as np
import pandas as pd

from .cells import read_counts, shown
from .columns import NUMBER_COLUMNS, POSITIVE_COLUMNS
from .headings import Column, Headings
from .known_models import known_models
from .model_names import plain_name, sizes_in_name
from .problems import Problems, TableWarning
from .raw import RawTable

_FEWEST_PARAMS = 1e3
_MOST_PARAMS = 1e14  # ten times the largest model that anybody has announced
#: A bare number below this is no count of parameters: nobody says in what it is.
_FEWEST_BARE = 1e6
#: ... and of tokens and operations.
_FEWEST_BARE_OF = {"tokens": 1e6, "flops": 1e9}
_UNITS = (1e3, 1e6, 1e9)
_SAME_SIZE = 1.6  # published and rounded sizes of one model agree within this factor
_MOSTLY = 0.9
# named one by one
_ROUNDED = 0.05  # a size that somebody counted and the one in the name
_ORGANISMS = frozenset({"world_truth", "world_reasoning"})  # models of this project, of any size
_SIZE_HINT = (
    "write a count, 410M or 6.9B; name a column in billions params_b, one in millions params_m"
)


def read_sizes(
    raw: RawTable,
    headings: Headings,
    frame: pd.DataFrame,
    problems: Problems,
    warnings: list[TableWarning],
) -> None:
    """Counts: parameters, tokens, width and the like; `params` is there for every source."""
    frame["params"] = np.nan
    for column in headings.used:
        if column.name not in NUMBER_COLUMNS:
            continue
        cells = raw.columns[column.heading]
        values, has_unit, bad = read_counts(cells)
        for i in bad:
            hint = "write 410M, 6.9B or a count"
            problem = f"{column.heading} holds {shown(cells[i])}, which is no number"
            problems.add(problem, hint, raw.rows[i])
        infinite = np.isinf(values)
        for i in np.flatnonzero(infinite).tolist():
            problem = f"{column.heading} is infinite"
            problems.add(problem, "give a finite number", raw.rows[i])
        values[infinite] = np.nan
        bare = ~has_unit & ~np.isnan(values)
        values[bare] *= column.factor or 1.0
        if column.name == "params":
            values = _params(raw, column, headings, frame, values, bare, problems, warnings)
        elif column.name in _FEWEST_BARE_OF and not (column.factor or _of_organisms(headings)):
            low = bare & (values > 0) & (values < _FEWEST_BARE_OF[column.name])
            if low.any():
                message = f"{column.heading} states no unit and is left empty: {values[low][0]:g}"
                warnings.append(TableWarning("unit_unknown", None, message))
                values[low] = np.nan
        frame[column.name] = values
    if "step" in frame:
        for name in {"tokens", "flops"} & set(frame):  # before the first step nothing was read
            frame[name] = frame[name].mask((frame["step"] == 0) & (frame[name] == 0))


def _params(
    raw: RawTable,
    column: Column,
    headings: Headings,
    frame: pd.DataFrame,
    values: np.ndarray,
    bare: np.ndarray,
    problems: Problems,
    warnings: list[TableWarning],
) -> np.ndarray:
    """Sizes in counts: bare numbers in the unit that the names tell, whole billions by name."""
    models = frame["model"].tolist()
    named = np.array([sizes_in_name(model).total for model in models])
    if column.factor:
        values = _of_whole_billions(raw, column, models, named, values, bare)
    low = bare & (values > 0) & (values < _FEWEST_BARE)
    if low.any() and not column.factor and not _of_organisms(headings):
        unit = _unit_by_names(values[low], named[low])
        if unit:
            values = np.where(low, values * unit, values)
            message = (
                f"{column.heading} states no unit; read in units of {unit:g}, as the names say"
            )
            warnings.append(TableWarning("unit_by_names", None, message))
        else:
            i = int(low.argmax())
            problem = f"params is {values[i]:g}, a number without a unit that is too few"
            problems.add(problem, _SIZE_HINT, raw.rows[i])
            return np.where(low, np.nan, values)
    known = np.isfinite(values) & np.isfinite(named) & (values > 0)
    if known.sum() > 2:
        unit = _wrong_unit(values[known] / named[known])
        if unit:
            problem = (
                f"{column.heading} is {unit:g} times what the names say, for "
                f"{known.sum()} models: another unit"
            )
            problems.add(problem, _SIZE_HINT, raw.rows[int(known.argmax())])
    return values


def _of_whole_billions(
    raw: RawTable,
    column: Column,
    models: list[str],
    named: np.ndarray,
    values: np.ndarray,
    bare: np.ndarray,
) -> np.ndarray:
    """Sizes that a leaderboard cut to whole billions, as the shipped table or the names have them;
    a size of 0 or below is none."""
    written = values[bare] / column.factor
    whole = len(written) > 2 and bool((np.round(written) == written).all())
    if raw.submissions or (whole and (written == 0).any()):
        values = np.where(bare & (values <= 0), np.nan, values)
    if not whole or column.factor < 1e9:
        return values
    known = known_models()
    certain = [known[plain].params if (plain := plain_name(m)) in known else np.nan for m in models]
    better = np.where(np.isfinite(certain), certain, named)
    gap = np.abs(values - better)
    near = bare & ((gap <= column.factor) | (gap <= _ROUNDED * better))
    return np.where(near, better, values)


def _of_organisms(headings: Headings) -> bool:
    return any(column.name in _ORGANISMS for column in headings.used)


def _unit_by_names(values: np.ndarray, named: np.ndarray) -> float:
    """The unit in which bare sizes are what nearly all names say, 0 where the names do not."""
    told = np.isfinite(named)
    if told.sum() < 2 or told.mean() < 0.5:
        return 0.0
    for unit in _UNITS:
        ratio = values[told] * unit / named[told]
        if ((ratio > 1 / _SAME_SIZE) & (ratio < _SAME_SIZE)).mean() >= _MOSTLY:
            return unit
    return 0.0


def _wrong_unit(ratio: np.ndarray) -> float:
    """The constant by which nearly all sizes differ from those in the names, 0 where none."""
    middle = float(np.median(ratio))
    if 1 / 5 < middle < 5:
        return 0.0
    near = ratio / middle
    return middle if ((near > 1 / 1.3) & (near < 1.3)).mean() >= _MOSTLY else 0.0


def check_sizes(
    raw: RawTable, frame: pd.DataFrame, problems: Problems, warnings: list[TableWarning]
) -> None:
    """Sizes are above zero and of a language model's order."""
    for column in POSITIVE_COLUMNS:
        if column not in frame:
            continue
        values = frame[column].to_numpy()
        for i in np.flatnonzero(values <= 0).tolist():
            hint = (
                "give it as a count, 410M or 6.9B" if column == "params" else "correct or empty it"
            )
            problems.add(f"{column} is {values[i]:g}", hint, raw.rows[i])
    params = frame["params"].to_numpy()
    few, many = (params > 0) & (params < _FEWEST_PARAMS), params > _MOST_PARAMS
    for bad, amount in ((few, "few"), (many, "many")):
        if bad.any():
            i = int(bad.argmax())
            problem = f"params is {params[i]:g}, too {amount} for a language model"
            problems.add(problem, _SIZE_HINT, raw.rows[i])
    if "active_params" in frame:
        swapped = frame["active_params"].to_numpy() > params
        for i in np.flatnonzero(swapped).tolist():
            hint = "params holds the total, active_params the active share"
            problems.add("active_params exceeds params", hint, raw.rows[i])
