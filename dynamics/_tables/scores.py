"""ScoreTable: benchmark scores of a set of models, validated once, in one unit."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float

from ...common.nearest import there_are
from ...common.statistics import binomial_stderr
from ...common.words import counted
from .account import NOTHING_SEEN, Account
from .benchmarks import benchmark
from .clock import Along, clock_of
from .problems import TableWarning


@dataclass(frozen=True)
class ScoreTable:
    """Scores of models, one row a model.

    - `name`: file name or the name of a shipped table.
    - `frame`: the rows that count. Columns `row` (line in the file, or place in a folder of
      results), `family`, `model`, `params` (total, a count), then whichever of `active_params`,
      `d_model`, `layers`, `tokens`, `flops`, `date`, `lab`, `source`, `flags` the file has, `kind`
      (`base`, `tuned`, `unknown`: what the models were taken as), then
      one column per benchmark (fractions, NaN where not measured) and `<benchmark>_stderr` where
      given.
    - `left_out`: rows of the file that do not count, with a column `reason`
      (`duplicate_model`, `conflicting_duplicate`, `instruct_model`, `quantized_run`, ...).
    - `benchmarks`: names of the score columns.
    - `unit`: how the file wrote its scores, `fraction` or `percent`.
    - `warnings`: what a reader of the results must know.
    - `sha256`: of the file's bytes (of all files' for a folder).
    - `account`: each file, row, column and task that was seen, and what became of it.
    - `along`: the clock that puts the models of a family in order, see `along_clock`.
    """

    name: str
    frame: pd.DataFrame
    left_out: pd.DataFrame
    benchmarks: tuple[str, ...]
    unit: str
    warnings: tuple[TableWarning, ...]
    sha256: str
    account: Account = NOTHING_SEEN
    along: Along = "params"

    @property
    def families(self) -> tuple[str, ...]:
        """Family names in the order of the file."""
        return tuple(dict.fromkeys(self.frame["family"]))

    @property
    def all_rows(self) -> pd.DataFrame:
        """Every row of the file in its order, also those that were left out."""
        rows = pd.concat([self.frame, self.left_out.drop(columns="reason")])
        return rows.sort_values("row", kind="stable").reset_index(drop=True)

    def select(self, families: tuple[str, ...] | list[str]) -> "ScoreTable":
        """The same table with only the named families (case does not matter).

        Raises ValueError for a family that is not there, naming those that are.
        """
        by_lower = {f.lower(): f for f in self.families}
        missing = [f for f in families if f.lower() not in by_lower]
        if missing:
            there = there_are(missing[0], sorted(self.families))
            raise ValueError(f"{self.name}: no family {missing[0]!r}; {there}")
        chosen = {by_lower[f.lower()] for f in families}
        frame = self.frame[self.frame["family"].isin(chosen)].reset_index(drop=True)
        left_out = self.left_out[self.left_out["family"].isin(chosen)].reset_index(drop=True)
        rows = {*frame["row"], *left_out["row"]}
        warnings = tuple(w for w in self.warnings if w.row is None or w.row in rows)
        return replace(self, frame=frame, left_out=left_out, warnings=warnings)

    def time(self, frame: pd.DataFrame | None = None) -> Float[np.ndarray, " models"]:
        """Where each model stands on the clock `along`: log10 of a count, or years for dates.

        `frame`: other rows with the table's columns.
        """
        return clock_of(self.along).position(self.frame if frame is None else frame)

    def stderr(self, name: str, frame: pd.DataFrame | None = None) -> Float[np.ndarray, " models"]:
        """Standard error of each model's score on benchmark `name`, a fraction.

        `frame`: other rows with the table's columns, such as some of `all_rows`.

        The one stated in the file (0 is none), else binomial from the benchmark's number of
        items (with the score drawn in by half an item, so that a score of 0 or 1 is not called
        exact), else NaN. For MC2, a mean of shares and not of hits, the binomial one is an upper
        limit.
        """
        frame = self.frame if frame is None else frame
        score = frame[name].to_numpy(float)
        items = benchmark(name).items
        binomial = binomial_stderr(score, items) if items else np.full_like(score, np.nan)
        if f"{name}_stderr" not in frame:
            return binomial
        stated = frame[f"{name}_stderr"].to_numpy(float)
        return np.where(stated > 0, stated, binomial)

    def __repr__(self) -> str:
        return (
            f"ScoreTable({self.name}: {counted(len(self.frame), 'model')} of "
            f"{counted(len(self.families), 'family')}, "
            f"{counted(len(self.benchmarks), 'benchmark')})"
        )

    def _repr_html_(self) -> str:
        return self.frame.to_html(max_rows=20, float_format="{:.4g}".format)
