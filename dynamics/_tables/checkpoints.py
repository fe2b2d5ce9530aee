"""Checkpoints of one model in a table: its last step counts, the others stay apart."""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from .model_names import plain_name
from .problems import TableWarning

_AT_STEP = re.compile(
    r"[-_@ (/]{1,3}(?:global[-_ ]?)?(?:step|iter|iteration|checkpoint|ckpt)s?[-_ ]?(\d+)\)?$",
    re.IGNORECASE,
)
_AT_END = re.compile(r"[-_@ (/]{1,3}(?:main|final)\)?$", re.IGNORECASE)


def earlier_checkpoints(frame: pd.DataFrame) -> tuple[np.ndarray, list[TableWarning]]:
    """Which rows are checkpoints before the last one of their model, and one warning of them all.

    A row's step is in a column `step`, else at the end of its name (`elm-1b-step3000`,
    `elm-1b (step 3000)`). Rows are of one model where name, family, seed and number of shots agree;
    one without a step, or called `main` or `final`, is the last.
    """
    stems, steps, _ = read_checkpoints(frame)
    there = (frame["set_aside"] == "").to_numpy()
    if np.isnan(steps[there]).all():
        return np.zeros(len(frame), dtype=bool), []
    order = np.where(np.isnan(steps), np.inf, steps)
    keys = pd.DataFrame({"stem": stems, "family": frame["family"].to_numpy()})
    for column in ("seed", "n_shot"):
        if column in frame:
            keys[column] = frame[column].to_numpy()
    groups = keys[there].assign(order=order[there]).groupby(list(keys), dropna=False, sort=False)
    last = np.full(len(frame), np.inf)
    last[there] = groups["order"].transform("max").to_numpy()
    earlier = there & (order < last)
    if not earlier.any():
        return earlier, []
    models = len(set(np.array(stems, dtype=object)[earlier]))
    message = (
        f"{int(earlier.sum())} checkpoints of {models} models stay apart; the last step of each "
        "counts (all do along=step)"
    )
    return earlier, [TableWarning("checkpoints", None, message)]


class Checkpoints(NamedTuple):
    """Of each row: the plain name of its model without a step, the step (NaN for none), and the
    model's name as written without it."""

    stems: list[str]
    steps: np.ndarray
    names: list[str]


def read_checkpoints(frame: pd.DataFrame) -> Checkpoints:
    """Which model each row is of, and at which step. `frame` has columns `model` and `plain`."""
    models = frame["model"].tolist()
    said = frame["step"].to_numpy(float) if "step" in frame else np.full(len(frame), np.nan)
    found = [_AT_STEP.search(model) for model in models]
    steps = np.array([float(match[1]) if match else np.nan for match in found])
    steps = np.where(np.isnan(said), steps, said)
    if not any(found):
        return Checkpoints(frame["plain"].tolist(), steps, models)
    bare = [m[: match.start()] if match else m for m, match in zip(models, found, strict=True)]
    with_steps = {plain_name(stem) for stem, match in zip(bare, found, strict=True) if match}
    stems = []
    for stem, plain in zip(bare, frame["plain"], strict=True):
        end = _AT_END.search(stem)
        short = plain_name(stem[: end.start()] if end else stem)
        stems.append(short if short in with_steps else plain)
    return Checkpoints(stems, steps, bare)
