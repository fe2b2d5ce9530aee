"""What a prediction has to beat: constants, trends, and simpler differential equations.

Each method is fitted to any weighting of the families at once (a weight of 0 leaves a family out),
because nested validation needs hundreds of such fits. A method may have several settings; which
one is used is decided by validation, never here.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logit

from .._ode.coordinates import UnitBox
from .._ode.integral import integral_form
from .._ode.library import PolynomialLibrary
from .._ode.sparse import AbstractRegressionPenalty, Ridge, solve_members
from .._ode.stlsq import STLSQ
from .._ode.trajectories import Trajectories
from .._precision import in_double_precision, jax_array
from .._tables.benchmarks import benchmark
from .forecast_fit import (
    Coupling,
    allowed_terms,
    reasoning_index,
    system_matrix,
    with_constant,
)
from .linear_flow import linear_flow
from .names import Leave
from .protocol import Cohort, CohortFamily, family_errors, held_out_groups

Kind = Literal["ode", "baseline"]
#: From (scores of the given models, their log10 N, log10 N to predict) to predicted scores.
Predictor = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: Per weighting of the families, one predictor per setting.
Fits = list[tuple[Predictor, ...]]

#: The baseline whose error is the unit of skill.
REFERENCE = "anchored slope"
#: Strengths tried for the ridge linear ODE, from none to where it says little.
_RIDGES = (0.0, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)
#: Thresholds tried for STLSQ, per decade; 0.1 is the published one.
_THRESHOLDS = (0.03, 0.1, 0.3)
#: How near (as a share of the range) a score may come to its floor or to 1, as the forecaster's.
_EDGE = 0.01
#: Squared singular values below this share of the greatest are those of collinear columns.
_COLLINEAR = 1e-12


@dataclass(frozen=True)
class Method:
    """A way to predict: `fit` takes the cohort and weights of its families, one row per fit."""

    name: str
    kind: Kind
    fit: Callable[[Cohort, Float[np.ndarray, "fits families"]], Fits]


def baseline_methods() -> tuple[Method, ...]:
    """All methods that stand beside the forecaster, weakest first."""
    return (
        Method("training mean", "baseline", _training_mean),
        Method("persistence", "baseline", _persistence),
        Method("pooled linear", "baseline", lambda c, w: _pooled(c, w, 1)),
        Method("pooled quadratic", "baseline", lambda c, w: _pooled(c, w, 2)),
        Method(REFERENCE, "baseline", _anchored_slope),
        Method("anchored logistic", "baseline", _anchored_logistic),
        Method("uncoupled ODE", "baseline", lambda c, w: _linear_ode(c, w, [Ridge(0.0)], "own")),
        Method("slope given reasoning", "baseline", _slope_given_reasoning),
        Method(
            "sparse linear ODE (STLSQ)",
            "ode",
            lambda c, w: _linear_ode(c, w, [STLSQ(threshold=t) for t in _THRESHOLDS], "full"),
        ),
        Method(
            "ridge linear ODE",
            "ode",
            lambda c, w: _linear_ode(c, w, [Ridge(strength) for strength in _RIDGES], "full"),
        ),
    )


def fit_method(
    method: Method, cohort: Cohort, *, leave: Leave = "family", given: int = 1
) -> tuple[Predictor, float]:
    """The method on all families of the cohort, with the setting that errs least on left-out ones.

    Returns the predictor and that error (a fraction). Raises ValueError for fewer than 3 groups.
    """
    groups = held_out_groups(cohort.families, leave=leave, given=given)
    weights = np.ones((1 + len(groups), len(cohort.families)))
    for row, group in enumerate(groups, start=1):
        weights[row, list(group)] = 0
    fits = method.fit(cohort, weights)
    mean = setting_errors(fits[1:], groups, cohort, given).mean(axis=1)
    best = int(np.argmin(mean))
    return fits[0][best], float(mean[best])


def setting_errors(
    fits: Fits, groups: Sequence[Sequence[int]], cohort: Cohort, given: int
) -> Float[np.ndarray, "settings families"]:
    """Mean absolute error of each setting on the families of all groups, each group predicted by
    its own fit."""
    families = [[cohort.families[index] for index in group] for group in groups]
    flat = list(itertools.chain.from_iterable(families))
    errors = []
    for predictors in zip(*fits, strict=True):
        predictions = apply_predictors(list(zip(predictors, families, strict=True)), given)
        errors.append(family_errors(flat, predictions, given=given))
    return np.array(errors)


def apply_predictors(
    tasks: Sequence[tuple[Predictor, Sequence[CohortFamily]]], given: int
) -> list[Float[np.ndarray, "models benchmarks"]]:
    """Predictions of each family's models after the given ones, task by task."""
    linear = [(p, families) for p, families in tasks if isinstance(p, _LinearPredictor)]
    if len(linear) == len(tasks):
        return _linear_predictions(linear, given)
    return [
        predictor(family.scores[:given], family.log10_n[:given], family.log10_n[given:])
        for predictor, families in tasks
        for family in families
    ]


def _linear_predictions(
    tasks: Sequence[tuple["_LinearPredictor", Sequence[CohortFamily]]], given: int
) -> list[Float[np.ndarray, "models benchmarks"]]:
    """All systems and all their families in one batch."""
    families = [family for _, group in tasks for family in group]
    later = [len(family.models) - given for family in families]
    system = np.repeat(np.arange(len(tasks)), [len(group) for _, group in tasks])
    start = np.stack([family.scores[given - 1] for family in families])
    duration = [family.log10_n[given:] - family.log10_n[given - 1] for family in families]
    end = linear_flow(
        system_matrix(np.stack([predictor.drift for predictor, _ in tasks])),
        with_constant(np.repeat(start, later, axis=0)),
        np.concatenate(duration),
        np.repeat(system, later),
    )
    return np.split(np.clip(end[:, 1:], 0, 1), np.cumsum(later)[:-1])


def _training_mean(cohort: Cohort, weights: Float[np.ndarray, "fits families"]) -> Fits:
    means = np.stack([np.nanmean(family.scores, axis=0) for family in cohort.families])

    def constant(mean) -> Predictor:
        return lambda given, sizes, grid: np.repeat(mean[None], len(grid), axis=0)

    return [(constant(row @ means / row.sum()),) for row in weights]


def _persistence(cohort: Cohort, weights: Float[np.ndarray, "fits families"]) -> Fits:
    return [(lambda given, sizes, grid: np.repeat(given[-1:], len(grid), axis=0),)] * len(weights)


def _pooled(cohort: Cohort, weights: Float[np.ndarray, "fits families"], degree: int) -> Fits:
    """Least squares of all models' scores on log10 N, whatever the family."""
    families = [family.complete() for family in cohort.families]
    centre = np.concatenate([family.log10_n for family in families]).mean()
    designs = [np.vander(family.log10_n - centre, degree + 1) for family in families]
    # Sums of products family by family, so that a fit costs no more than a sum over families.
    gram = np.stack([design.T @ design for design in designs])
    moment = np.stack([d.T @ f.scores for d, f in zip(designs, families, strict=True)])

    def trend(coefficients) -> Predictor:
        return lambda given, sizes, grid: np.clip(
            np.vander(grid - centre, degree + 1) @ coefficients, 0, 1
        )

    inverse = np.linalg.pinv(np.tensordot(weights, gram, 1), rcond=_COLLINEAR, hermitian=True)
    return [(trend(row),) for row in inverse @ np.tensordot(weights, moment, 1)]


def _anchored(cohort: Cohort, weights: np.ndarray, forward, back) -> Fits:
    """One slope per benchmark for all families, one offset per family from its given models."""
    squares, products = [], []
    for whole in cohort.families:
        family = whole.complete()
        time = family.log10_n - family.log10_n.mean()
        squares.append(time @ time)
        products.append(time @ forward(family.scores))

    def line(slope) -> Predictor:
        def predict(given, sizes, grid):
            offset = (forward(given) - sizes[:, None] * slope).mean(axis=0)
            return back(offset + grid[:, None] * slope)

        return predict

    slopes = weights @ np.stack(products) / (weights @ np.array(squares))[:, None]
    return [(line(slope),) for slope in slopes]


def _anchored_slope(cohort: Cohort, weights: Float[np.ndarray, "fits families"]) -> Fits:
    return _anchored(cohort, weights, lambda x: x, lambda x: np.clip(x, 0, 1))


def _anchored_logistic(cohort: Cohort, weights: Float[np.ndarray, "fits families"]) -> Fits:
    """The same in log odds over chance, so that scores level off at chance and at 1."""
    floor = np.array([_chance_floor(name) for name in cohort.benchmarks])

    def forward(scores):
        return logit(np.clip((scores - floor) / (1 - floor), _EDGE, 1 - _EDGE))

    return _anchored(
        cohort, weights, forward, lambda state: floor + (1 - floor) / (1 + np.exp(-state))
    )


def _chance_floor(name: str) -> float:
    # Models fall below the score of the smallest on TruthfulQA, so chance is no floor there.
    return 0.0 if name.startswith("truthfulqa") else benchmark(name).chance


@in_double_precision
def _solve(
    cohort: Cohort,
    weights: Float[np.ndarray, "fits families"],
    penalties: Sequence[AbstractRegressionPenalty],
    allowed: Bool[np.ndarray, "benchmarks order"],
) -> list[Float[np.ndarray, "fits benchmarks order"]]:
    """Increments regressed on the integrals of 1 and the scores between neighbouring sizes, by
    each penalty."""
    # Integrals need all scores at both ends of an increment.
    complete = [family.complete() for family in cohort.families]
    longer = [i for i, family in enumerate(complete) if len(family.models) > 1]
    trajectories = Trajectories.from_arrays(
        [complete[i].log10_n for i in longer],
        [complete[i].scores for i in longer],
        benchmarks=cohort.benchmarks,
    )
    regression = integral_form(
        trajectories, PolynomialLibrary(degree=1), UnitBox(), noise="increment"
    )
    terms, counts = jax_array(allowed), weights[:, longer]
    return [np.asarray(solve_members(p, regression, terms, counts)) for p in penalties]


def _linear_ode(
    cohort: Cohort,
    weights: np.ndarray,
    penalties: Sequence[AbstractRegressionPenalty],
    coupling: Coupling,
) -> Fits:
    """A linear ODE of the raw scores, started at the last given model."""
    solved = _solve(cohort, weights, penalties, allowed_terms(coupling, cohort.benchmarks))
    return [tuple(map(_LinearPredictor, drifts)) for drifts in zip(*solved, strict=True)]


def _slope_given_reasoning(cohort: Cohort, weights: np.ndarray) -> Fits:
    """Every benchmark's change per decade as a linear function of the reasoning score alone."""
    allowed = np.zeros((len(cohort.benchmarks), len(cohort.benchmarks) + 1), bool)
    allowed[:, [0, 1 + reasoning_index(cohort.benchmarks)]] = True
    (drifts,) = _solve(cohort, weights, [Ridge(0.0)], allowed)
    return [(_LinearPredictor(drift),) for drift in drifts]


@dataclass(frozen=True, eq=False)
class _LinearPredictor:
    """A linear system that starts at the last given model."""

    drift: Float[np.ndarray, "benchmarks order"]

    def __call__(self, given: np.ndarray, sizes: np.ndarray, grid: np.ndarray) -> np.ndarray:
        start = with_constant(np.repeat(given[-1:], len(grid), axis=0))
        end = linear_flow(system_matrix(self.drift)[None], start, grid - sizes[-1])
        return np.clip(end[:, 1:], 0, 1)
