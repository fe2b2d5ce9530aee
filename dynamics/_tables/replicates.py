"""Models trained several times: one row per size, with the error between seeds."""

import dataclasses
import re

import numpy as np
import pandas as pd

from .problems import TableWarning
from .scores import ScoreTable


def average_seeds(table: ScoreTable) -> ScoreTable:
    """The table with the mean over seeds in place of rows that differ by seed only.

    Rows of one family and size (and depth, where the table has it) are one model trained with
    several seeds. Its score is the mean of theirs; its standard error is the scatter of the seeds
    over the square root of their number, or what their own errors give if that is larger. From five
    seeds this is itself uncertain by a third. A table without a column `seed` is returned as it is.
    The warning `seeds_averaged` says how many rows became how many.
    """
    if "seed" not in table.frame or table.frame["seed"].nunique() < 2:
        return table
    errors = {name: table.stderr(name) for name in table.benchmarks}
    frame = table.frame.assign(
        time=table.time(), **{f"{name}_stderr": error for name, error in errors.items()}
    )
    keys = [key for key in ("family", "time", "params", "layers") if key in frame]
    rows = [_average(group, table.benchmarks) for _, group in frame.groupby(keys, sort=False)]
    averaged = pd.DataFrame(rows).reset_index(drop=True).drop(columns=["seed", "time"])
    message = (
        f"{len(frame)} rows with seeds became {len(averaged)}: means over seeds, with the standard "
        "error between them"
    )
    warnings = (*table.warnings, TableWarning("seeds_averaged", None, message))
    return dataclasses.replace(table, frame=averaged, warnings=warnings)


@dataclasses.dataclass(frozen=True)
class SeedScores:
    """One benchmark of one family, seed by seed: `scores` of shape (seeds, sizes), by rising size.

    `seeds` are those that have every size, `incomplete` the others.
    """

    scores: np.ndarray
    seeds: tuple[int, ...]
    incomplete: tuple[int, ...]


def seed_scores(
    table: ScoreTable, name: str, *, family: str, time: np.ndarray
) -> SeedScores | None:
    """Scores on benchmark `name` at the places `time` on the table's clock (rising); None below two
    whole seeds.

    `table` as it was before `average_seeds`.
    """
    frame = table.frame
    if "seed" not in frame:
        return None
    placed = frame.assign(time=table.time())
    mine = placed[(frame["family"] == family) & placed["time"].isin(time) & frame[name].notna()]
    order = [key for key in ("time", "layers") if key in mine]
    whole, incomplete = {}, []
    for seed, group in mine.sort_values(order, kind="stable").groupby("seed"):
        number = int(float(str(seed)))
        if np.array_equal(group["time"].to_numpy(float), time):
            whole[number] = group[name].to_numpy(float)
        else:
            incomplete.append(number)
    if len(whole) < 2:
        return None
    return SeedScores(np.stack([*whole.values()]), tuple(whole), tuple(incomplete))


def incomplete_seeds(family: str, found: SeedScores) -> TableWarning | None:
    """What to say of seeds that a test over seeds cannot use."""
    if not found.incomplete:
        return None
    left = ", ".join(map(str, found.incomplete))
    message = (
        f"{family}: no score at every size with seed {left}; whether it turns is judged by the "
        f"other {len(found.seeds)} seeds, its means are over all"
    )
    return TableWarning("incomplete_seeds", None, message)


def _average(group: pd.DataFrame, benchmarks: tuple[str, ...]) -> pd.Series:
    row = group.iloc[0].copy()
    if len(group) == 1:
        return row
    row["model"] = _without_seed(row["model"], row["seed"])
    for name in benchmarks:
        scores = group[name].to_numpy(float)
        errors = group[f"{name}_stderr"].to_numpy(float)
        kept = np.isfinite(scores)
        scores, errors = scores[kept], errors[kept]
        count = len(scores)
        row[name] = scores.mean() if count else np.nan
        between = scores.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        within = np.sqrt(np.sum(errors**2)) / count if count else np.nan
        row[f"{name}_stderr"] = np.fmax(between, within)
    return row


def _without_seed(model: str, seed: float) -> str:
    """`web-32-s0` and `web-32-seed0` without their end, where it is the seed."""
    return re.sub(rf"[-_. ]*s(eed)?[-_. ]*0*{seed:.0f}$", "", model) or model
