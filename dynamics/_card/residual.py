"""How far a model's truth score lies from the line of all models, and what of it is chance."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from ...common import distributions
from .._statistics.resampling import family_index

_FEWEST = 10


@dataclass(frozen=True)
class Residual:
    """What a model's truth score lies above the line of all other models, fractions.

    - `value`; `stderr` joins three parts: `scatter`, what models differ by about the line beyond
      their benchmarks' noise; `noise`, of this model's own scores (NaN where their items are not
      known: then it is in the scatter); `line`, of the line at this place, families as clusters.
    - `expected`: the truth score on the line; `given`: what the line is drawn along.
    - `p`: two-sided p of so far a score if the model is one of them; `farther`: share of the
      `models` models that lie farther from the line themselves.
    """

    value: float
    stderr: float
    scatter: float
    noise: float
    line: float
    expected: float
    given: tuple[str, ...]
    p: float
    farther: float
    models: int
    families: int


@dataclass(frozen=True)
class ExpectedTruth:
    """The line of all models at one model's place, before its truth score is looked at.

    `expected`, `slopes` (per unit of the columns), `line` (its standard error); `scatter` about it
    beyond the items' noise, and `residuals`, of the models that made it.
    """

    expected: float
    slopes: Float[np.ndarray, " columns"]
    line: float
    scatter: float
    residuals: Float[np.ndarray, " models"]
    dof: int
    families: int

    @property
    def sd(self) -> float:
        """How far one model's true score may lie from what is expected."""
        return math.hypot(self.scatter, self.line)


def expected_truth(
    frame: pd.DataFrame, columns: dict[str, float], *, y: str, noise: Float[np.ndarray, " models"]
) -> ExpectedTruth | None:
    """Least squares of `y` on `columns` over all models of `frame`, at the values in `columns`.

    `noise`: variance of each model's `y` by its items, NaN where it is not known. The covariance of
    the line sums scores within families (CR1). None below ten models with all columns, or where
    these do not vary apart.
    """
    there = frame[[y, *columns]].notna().all(axis=1).to_numpy()
    rows = frame[there]
    x = rows[list(columns)].to_numpy(float)
    if len(rows) < max(_FEWEST, 3 * len(columns)):
        return None
    design = np.column_stack([np.ones(len(rows)), x - x.mean(axis=0)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    inverse = np.linalg.inv(design.T @ design)
    observed = rows[y].to_numpy(float)
    beta = inverse @ design.T @ observed
    residuals = observed - design @ beta
    dof = len(rows) - design.shape[1]
    _, index = family_index(rows["family"].to_numpy())
    covariance = _clustered(design, residuals, index, inverse)
    here = np.concatenate([[1.0], np.array(list(columns.values())) - x.mean(axis=0)])
    known = noise[there]
    own = float(np.mean(known)) if np.isfinite(known).all() else 0.0
    return ExpectedTruth(
        expected=float(here @ beta),
        slopes=beta[1:],
        line=math.sqrt(float(here @ covariance @ here)),
        scatter=math.sqrt(max(float(residuals @ residuals) / dof - own, 0.0)),
        residuals=residuals,
        dof=dof,
        families=int(index.max()) + 1,
    )


def _clustered(design, residuals, index, inverse) -> np.ndarray:
    families = int(index.max()) + 1
    scores = np.zeros((families, design.shape[1]))
    np.add.at(scores, index, design * residuals[:, None])
    factor = families / (families - 1) if families > 1 else 1.0
    return factor * inverse @ (scores.T @ scores) @ inverse


def residual_of(
    line: ExpectedTruth, truth: float, *, given: tuple[str, ...], truth_stderr: float,
    reasoning_stderr: float,
) -> Residual:  # fmt: skip
    """The residual of a model with the score `truth`; the first column is the reasoning score."""
    # An unknown error of the reasoning score stays in the scatter, which it is part of.
    along = float(line.slopes[0]) * reasoning_stderr
    noise = math.hypot(truth_stderr, along if math.isfinite(along) else 0.0)
    known = noise if math.isfinite(noise) else 0.0
    stderr = math.hypot(line.sd, known)
    value = truth - line.expected
    return Residual(
        value=value,
        stderr=stderr,
        scatter=line.scatter,
        noise=noise,
        line=line.line,
        expected=line.expected,
        given=given,
        p=float(2 * distributions.t.sf(abs(value) / stderr, line.dof)) if stderr else math.nan,
        farther=float(np.mean(np.abs(line.residuals) > abs(value))),
        models=len(line.residuals),
        families=line.families,
    )
