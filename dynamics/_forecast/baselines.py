"""What a prediction has to beat: constants, trends, and simpler differential equations.

Each method is fitted to any weighting of the families at once (a weight of 0 leaves a family out),
because nested validation needs hundreds of such fits. A method may have several settings; which
one is used is decided by validation, never here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logit

from .._ode.coordinates import UnitBox
from .._ode.integral import Regression, integral_form
from .._ode.library import PolynomialLibrary
from .._ode.sparse import AbstractRegressionPenalty, Ridge
from .._ode.stlsq import STLSQ
from .._ode.trajectories import Trajectories
from .._precision import in_double_precision
from .._tables.benchmarks import benchmark
from .forecast_fit import Coupling, allowed_terms, reasoning_index, system_matrix
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


@dataclass(frozen=True)
class Method:
    """A way to predict: `fit` takes the cohort and weights of its families, one row per fit."""

    name: str
    kind: Kind
    fit: Callable[[Cohort, Float[np.ndarray, "fits families"]], Fits]


def baseline_methods() -> tuple[Method, ...]:
    """All methods that stand beside the forecaster, weakest first."""
    return (
        Method("training mean", "baseline", _each(_training_mean)),
        Method("persistence", "baseline", _each(_persistence)),
        Method("pooled linear", "baseline", _each(lambda c, w: _pooled(c, w, 1))),
        Method("pooled quadratic", "baseline", _each(lambda c, w: _pooled(c, w, 2))),
        Method(REFERENCE, "baseline", _each(_anchored_slope)),
        Method("anchored logistic", "baseline", _each(_anchored_logistic)),
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
    errors = [
        setting_errors(fit, cohort, group, given)
        for fit, group in zip(fits[1:], groups, strict=True)
    ]
    mean = np.concatenate(errors, axis=1).mean(axis=1)
    best = int(np.argmin(mean))
    return fits[0][best], float(mean[best])


def setting_errors(
    predictors: tuple[Predictor, ...], cohort: Cohort, group: Sequence[int], given: int
) -> Float[np.ndarray, "settings families"]:
    """Mean absolute error of each setting's predictor on each family of the group."""
    return np.array(
        [
            family_errors(
                [cohort.families[index] for index in group],
                [apply_predictor(predictor, cohort, index, given) for index in group],
                given=given,
            )
            for predictor in predictors
        ]
    )


def apply_predictor(
    predictor: Predictor, cohort: Cohort, index: int, given: int
) -> Float[np.ndarray, "models benchmarks"]:
    """Predictions of a family's models after the given ones."""
    family = cohort.families[index]
    return predictor(family.scores[:given], family.log10_n[:given], family.log10_n[given:])


def _each(fit: Callable[[Cohort, np.ndarray], Predictor]):
    def fits(cohort: Cohort, weights: Float[np.ndarray, "fits families"]) -> Fits:
        return [(fit(cohort, row),) for row in weights]

    return fits


def _training_mean(cohort: Cohort, weights: np.ndarray) -> Predictor:
    means = np.stack([np.nanmean(family.scores, axis=0) for family in cohort.families])
    mean = weights @ means / weights.sum()
    return lambda given, sizes, grid: np.repeat(mean[None], len(grid), axis=0)


def _persistence(cohort: Cohort, weights: np.ndarray) -> Predictor:
    return lambda given, sizes, grid: np.repeat(given[-1:], len(grid), axis=0)


def _pooled(cohort: Cohort, weights: np.ndarray, degree: int) -> Predictor:
    """Least squares of all models' scores on log10 N, whatever the family."""
    families = [family.complete() for family in cohort.families]
    log10_n = np.concatenate([family.log10_n for family in families])
    scores = np.concatenate([family.scores for family in families])
    root = np.sqrt(np.repeat(weights, [len(family.models) for family in families]))[:, None]
    centre = log10_n.mean()
    design = np.vander(log10_n - centre, degree + 1)
    coefficients = np.linalg.lstsq(root * design, root * scores, rcond=None)[0]
    return lambda given, sizes, grid: np.clip(
        np.vander(grid - centre, degree + 1) @ coefficients, 0, 1
    )


def _anchored(cohort: Cohort, weights: np.ndarray, forward, back) -> Predictor:
    """One slope per benchmark for all families, one offset per family from its given models."""
    squares, products = 0.0, 0.0
    for weight, whole in zip(weights, cohort.families, strict=True):
        family = whole.complete()
        time = family.log10_n - family.log10_n.mean()
        squares += weight * time @ time
        products += weight * time @ forward(family.scores)
    slope = products / squares

    def predict(given, sizes, grid):
        offset = (forward(given) - sizes[:, None] * slope).mean(axis=0)
        return back(offset + grid[:, None] * slope)

    return predict


def _anchored_slope(cohort: Cohort, weights: np.ndarray) -> Predictor:
    return _anchored(cohort, weights, lambda x: x, lambda x: np.clip(x, 0, 1))


def _anchored_logistic(cohort: Cohort, weights: np.ndarray) -> Predictor:
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


def _regression(families: Sequence[CohortFamily], benchmarks: tuple[str, ...]) -> Regression:
    trajectories = Trajectories.from_arrays(
        [family.log10_n for family in families],
        [family.scores for family in families],
        benchmarks=benchmarks,
    )
    return integral_form(trajectories, PolynomialLibrary(degree=1), UnitBox(), noise="increment")


@in_double_precision
def _solve(
    cohort: Cohort,
    weights: Float[np.ndarray, "fits families"],
    penalty: AbstractRegressionPenalty,
    allowed: Bool[np.ndarray, "benchmarks order"],
) -> Float[np.ndarray, "fits benchmarks order"]:
    """Increments regressed on the integrals of 1 and the scores between neighbouring sizes."""
    # The setting as an array, so that all strengths share one compiled function.
    traced = jax.tree.map(lambda leaf: jnp.asarray(leaf, float), penalty)
    # Integrals need all scores at both ends of an increment.
    complete = [family.complete() for family in cohort.families]
    longer = [i for i, family in enumerate(complete) if len(family.models) > 1]
    regression = _regression([complete[i] for i in longer], cohort.benchmarks)
    solved = _solve_compiled(
        regression, jnp.asarray(weights[:, longer], float), traced, jnp.asarray(allowed)
    )
    return np.asarray(solved, float)


@eqx.filter_jit
def _solve_compiled(regression, weights, penalty, allowed):
    normal = jax.vmap(regression.normal_equations)(weights)
    return penalty.solve_many(normal, allowed)


def _linear_ode(
    cohort: Cohort,
    weights: np.ndarray,
    penalties: list[AbstractRegressionPenalty],
    coupling: Coupling,
) -> Fits:
    """A linear ODE of the raw scores, started at the last given model."""
    allowed = allowed_terms(coupling, cohort.benchmarks)
    per_penalty = [_solve(cohort, weights, penalty, allowed) for penalty in penalties]
    return [tuple(map(_linear_predictor, drifts)) for drifts in zip(*per_penalty, strict=True)]


def _slope_given_reasoning(cohort: Cohort, weights: np.ndarray) -> Fits:
    """Every benchmark's change per decade as a linear function of the reasoning score alone."""
    allowed = np.zeros((len(cohort.benchmarks), len(cohort.benchmarks) + 1), bool)
    allowed[:, [0, 1 + reasoning_index(cohort.benchmarks)]] = True
    return [(_linear_predictor(drift),) for drift in _solve(cohort, weights, Ridge(0.0), allowed)]


def _linear_predictor(drift: Float[np.ndarray, "benchmarks order"]) -> Predictor:
    def predict(given, sizes, grid):
        start = np.repeat(np.concatenate([[1.0], given[-1]])[None], len(grid), axis=0)
        end = linear_flow(system_matrix(drift)[None], start, grid - sizes[-1])
        return np.clip(end[:, 1:], 0, 1)

    return predict
