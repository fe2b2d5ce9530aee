"""Which measurement would say most of one model: another size, or another benchmark."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ...common import distributions
from ...common.statistics import binomial_variance
from .._phases.scatter import Scatter
from .._phases.slope import BAND
from .._tables.benchmarks import benchmark
from .given import GivenModel
from .neighbourhood import Neighbourhood
from .residual import expected_truth

#: Sizes that are tried, in multiples of the model's own.
_FACTORS = (1 / 8, 1 / 4, 1 / 2, 2.0, 4.0, 8.0)
_DRAWS = 2000
_MOST_BENCHMARKS = 3
_QUANTILE = float(distributions.norm.ppf(0.975))
Question = Literal["own coupling", "truth above the line"]


@dataclass(frozen=True)
class Measure:
    """One measurement that could be made next, and what it would tell.

    - `kind`: `size`, another size of `params` parameters on both scores of the pair; `benchmark`,
      one more score, `benchmark`, of this model; `params`, to state the size.
    - `question`: what it narrows; `now`, `then`: length of its 95 % interval before and (expected:
      the median of simulated outcomes for a size) after; infinite where there is no end to it.
      The own coupling has the unit 1, a truth score is a fraction.
    - `decided`: share of the simulated outcomes in which the own coupling has a phase (sizes only).
    - `cost`: questions times parameters, NaN where either is not known.
    """

    kind: Literal["size", "benchmark", "params"]
    question: Question
    now: float
    then: float
    params: float = math.nan
    benchmark: str = ""
    decided: float = math.nan
    cost: float = math.nan

    @property
    def gain(self) -> float:
        """How much shorter the interval becomes; infinite where it had no end."""
        return self.now - self.then


def other_sizes(
    model: GivenModel,
    near: Neighbourhood,
    *,
    reasoning: str,
    truth: str,
    scatter: Scatter,
    seed: int = 0,
) -> tuple[Measure, ...]:
    """How far another size would narrow the model's own coupling, the shortest interval first.

    A family near the model is drawn for how its reasoning score rises with size, a coupling from
    what such families have, and the other size's scores with the noise of their questions and the
    scatter between models. The interval of two models is Fieller's, as everywhere.
    Empty where size, neighbours or errors are not known.
    """
    errors = model.stderr(reasoning), model.stderr(truth)
    known = math.isfinite(model.params) and math.isfinite(near.gamma)
    if not known or not all(map(math.isfinite, errors)):
        return ()
    found = [
        _size(model, factor, near, reasoning, truth, scatter, np.random.default_rng(seed))
        for factor in _FACTORS
    ]
    return tuple(sorted(found, key=lambda measure: measure.then))


def _size(
    model: GivenModel,
    factor: float,
    near: Neighbourhood,
    reasoning: str,
    truth: str,
    scatter: Scatter,
    random: np.random.Generator,
) -> Measure:
    items = benchmark(reasoning).items, benchmark(truth).items
    gains = np.array([family.gain for family in near.families])
    gain = random.choice(gains, size=_DRAWS)
    sd = math.hypot(near.between_sd, (near.high - near.low) / 4)
    gamma = random.normal(near.gamma, sd, size=_DRAWS)
    x, y = model.scores[reasoning], model.scores[truth]
    true_x = np.clip(x + gain * math.log10(factor), 0.0, 1.0)
    true_y = np.clip(y + gamma * (true_x - x) + random.normal(0, scatter.sd, _DRAWS), 0.0, 1.0)
    variance_x = model.stderr(reasoning) ** 2 + _noise(true_x, items[0], model.stderr(reasoning))
    noise_y = _noise(true_y, items[1], model.stderr(truth))
    variance_y = model.stderr(truth) ** 2 + noise_y + 2 * scatter.sd**2
    dx = true_x - x + random.normal(0, 1, _DRAWS) * np.sqrt(variance_x)
    dy = true_y - y + random.normal(0, 1, _DRAWS) * np.sqrt(variance_y - scatter.sd**2)
    low, high = _fieller(dx, dy, variance_x, variance_y, scatter.degrees_of_freedom)
    decided = (high < -BAND) | (low > BAND) | ((low > -BAND) & (high < BAND))
    return Measure(
        kind="size",
        question="own coupling",
        now=math.inf,
        then=float(np.median(high - low)),
        params=model.params * factor,
        decided=float(np.mean(decided)),
        cost=model.params * factor * sum(items) if all(items) else math.nan,
    )


def _noise(score: np.ndarray, items: int, stderr: float) -> np.ndarray:
    return binomial_variance(score, items) if items else np.full_like(score, stderr**2)


def _fieller(dx, dy, vx, vy, dof: float) -> tuple[np.ndarray, np.ndarray]:
    """Fieller's interval of dy / dx for many outcomes; unbounded where dx may be zero."""
    quantile = float(distributions.t.ppf(0.975, dof)) ** 2
    a = dx**2 - quantile * vx
    middle = dx * dy
    root = np.sqrt(np.maximum(middle**2 - a * (dy**2 - quantile * vy), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (middle - root) / a, (middle + root) / a
    return np.where(a > 0, low, -np.inf), np.where(a > 0, high, np.inf)


def other_benchmarks(
    model: GivenModel,
    frame: pd.DataFrame,
    columns: dict[str, float],
    *,
    names: tuple[str, ...],
    noise: np.ndarray,
) -> tuple[Measure, ...]:
    """How far one more score would narrow where the truth score is expected, the best first.

    The line of all models is drawn along the score, too; the interval is that of one model's true
    score about the line. `names`: benchmarks that the model lacks, columns of `frame`.
    """
    found = []
    for name in names:
        there = frame.dropna(subset=[name])
        keep = frame.index.isin(there.index)
        # With and without it on the same models, at their mean score of it.
        before = expected_truth(there, columns, y="y", noise=noise[keep])
        mean = _expected_score(there, columns, name)
        after = expected_truth(there, {**columns, name: mean}, y="y", noise=noise[keep])
        if before is None or after is None:
            continue
        found.append(
            Measure(
                kind="benchmark",
                question="truth above the line",
                now=2 * _QUANTILE * before.sd,
                then=2 * _QUANTILE * after.sd,
                benchmark=name,
                cost=benchmark(name).items * model.params or math.nan,
            )
        )
    useful = [measure for measure in found if measure.gain > 0]
    return tuple(sorted(useful, key=lambda m: -m.gain)[:_MOST_BENCHMARKS])


def _expected_score(frame: pd.DataFrame, columns: dict[str, float], name: str) -> float:
    """The score of `name` that models at this place have."""
    line = expected_truth(frame, columns, y=name, noise=np.full(len(frame), math.nan))
    return line.expected if line is not None else float(frame[name].mean())
