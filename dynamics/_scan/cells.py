"""What a scan says: a cell for each pair, and what they say together."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from ...common.checks import check_known
from ...common.display import shown
from .._tables.account import NOTHING_SEEN, Account
from .._tables.clock import Along
from .._tables.problems import TableWarning
from .factors import Factors
from .moved import Moved

ScanVerdict = Literal["tax", "bonus", "between", "undetermined"]
#: What `Scan.general` has in place of a benchmark.
MEAN = "mean of capabilities"
TurnVerdict = Literal["established", "not_established", "untested"]


@shown
@dataclass(frozen=True)
class ScanCell:
    """One pair: what a point of the benchmark `reasoning` goes with in the benchmark `other`.

    - `coupling`, `low`, `high`: points of `other` per point of `reasoning` inside families, mean
      over families, with its 95 % interval (infinite where too few families have weight);
      `between_sd`: by how much families truly differ. NaN where no family differs in `reasoning` by
      more than its errors.
    - `p` of the nearest of tax, bonus and between, doubled since there are three to choose from;
      `q`: the same after Benjamini and Hochberg over all cells; NaN where nothing can be said.
    - `verdict`: `undetermined` unless `q` is small enough.
    - `models`, `families`: with both scores, in families whose models differ in `reasoning`;
      `falling`: in how many of these families `other` falls as `reasoning` rises.
    - `r`: correlation inside families; `r_given_size` beside a line in log N of each family's own
      (over families of three models or more), with its `p_given_size`.
    - `by_size`, `by_date`: share of the variance of `other` inside families that one line in log N,
      in the date, explains.
    - `pooled_r`, `pooled_r_given_size`: over all models, families ignored.
    - `turn`: whether families share a turn of `other` along `reasoning`, at the same rate of false
      discoveries; `turn_p` of the gate, of which it is a lower limit where `turn_p_exact` is False.
    """

    reasoning: str
    other: str
    coupling: float
    low: float
    high: float
    between_sd: float
    p: float
    q: float
    verdict: ScanVerdict
    models: int
    families: int
    falling: int
    r: float
    r_given_size: float
    p_given_size: float
    by_size: float
    by_date: float
    pooled_r: float
    pooled_r_given_size: float
    turn: TurnVerdict
    turn_p: float
    turn_q: float
    turn_p_exact: bool


@shown
@dataclass(frozen=True)
class Scan:
    """All pairs of a table.

    - `cells`: for each benchmark in `reasoning` each other one in `others`, in this order.
    - `general`: the same along the mean of the capabilities `mean_of`, for each score that is not
      one of them; `q` of these is counted over them alone.
    - `q`: the rate of false discoveries at which something is said.
    - `without_errors`: benchmarks in `reasoning` whose errors are not known: couplings with them
      lean to zero.
    - `within`, `pooled`: how many dimensions the scores have inside families and over all models.
    - `moved`: what tuning does to each benchmark, where the table has tuned models beside their
      base models.
    - `n_boot`, `seed`: of the factors' intervals and nulls; `along`: the clock; `warnings`,
      `account`: of the table.
    """

    table: str
    reasoning: tuple[str, ...]
    others: tuple[str, ...]
    cells: tuple[ScanCell, ...]
    general: tuple[ScanCell, ...]
    mean_of: tuple[str, ...]
    q: float
    models: int
    families: int
    without_errors: tuple[str, ...]
    within: Factors
    pooled: Factors
    moved: tuple[Moved, ...]
    n_boot: int
    seed: int
    along: Along = "params"
    warnings: tuple[TableWarning, ...] = ()
    account: Account = NOTHING_SEEN

    def cell(self, reasoning: str, other: str) -> ScanCell:
        """The cell of a pair. Raises ValueError for a benchmark that is not there."""
        check_known("reasoning", [reasoning], self.reasoning)
        check_known("other", [other], self.others)
        found = [c for c in self.cells if (c.reasoning, c.other) == (reasoning, other)]
        if not found:
            raise ValueError(f"no cell of {reasoning!r} with itself")
        return found[0]

    def said(self, verdict: ScanVerdict) -> tuple[ScanCell, ...]:
        """The cells of one verdict, the surest first."""
        return tuple(sorted((c for c in self.cells if c.verdict == verdict), key=lambda c: c.q))

    def matrix(self, name: str = "coupling") -> Float[np.ndarray, "reasoning others"]:
        """One number of every cell as a matrix; NaN where a benchmark meets itself."""
        out = np.full((len(self.reasoning), len(self.others)), math.nan)
        row = {b: i for i, b in enumerate(self.reasoning)}
        column = {b: i for i, b in enumerate(self.others)}
        for cell in self.cells:
            out[row[cell.reasoning], column[cell.other]] = getattr(cell, name)
        return out

    def to_pandas(self) -> pd.DataFrame:
        """A row per cell."""
        return pd.DataFrame([vars(cell) for cell in self.cells])

    def _repr_html_(self) -> str:
        return self.to_pandas().to_html(index=False, float_format="{:.3g}".format, max_rows=60)
