"""Predict models that nobody has trained yet, or that were hidden on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from ...common.display import shown
from ...common.progress import Progress
from .._ode.integrate import integrate
from .._ode.ode import ODEFit
from .._ode.results import RESULTS, result_name
from .._ode.times import check_grid, check_rounding
from .._ode.vector_field import CapabilityODE
from .._tables.clock import Along, clock_of
from .._tables.counts import parse_counts
from .._tables.scores import ScoreTable
from .baselines import REFERENCE, baseline_methods, fit_method
from .distance import Distance, family_distance
from .forecast import Forecaster, fit_forecaster
from .names import Protocol, SameSize, TrainedOn
from .protocol import (
    Cohort,
    CohortFamily,
    fewest_given,
    given_models,
    held_out_cohort,
    relative_error,
    usual_place,
)
from .teachers import Teachers, choose_teachers, settle

#: What a coupled ODE is called beside its baselines.
ODE = "the ODE"
#: A grid of 32 bits may be rounded by one in so many of its steps.
_ROUNDED = 100.0


@shown
@dataclass(frozen=True)
class Prediction:
    """Predicted scores (fractions) at `log10_n`, with bands where the fit has them (else NaN).

    `result` is a member's name of `dynamics.RESULTS`.
    """

    log10_n: Float[np.ndarray, " grid"]
    benchmarks: tuple[str, ...]
    scores: Float[np.ndarray, "grid benchmarks"]
    low: Float[np.ndarray, "grid benchmarks"]
    high: Float[np.ndarray, "grid benchmarks"]
    result: str


def predict(
    fit: Forecaster | ODEFit | CapabilityODE,
    initial: Float[Array | np.ndarray, "*given benchmarks"] | Sequence[Any],
    *,
    log10_n: Float[Array | np.ndarray, " grid"] | Sequence[float],
    start: float | Sequence[float] | Float[Array | np.ndarray, "*given"],
    throw: bool = True,
) -> Prediction:
    """Scores at the sizes `log10_n` of a family of which `initial` scores are known.

    **Arguments:** `fit`, a forecaster (bands come with it) or a fitted ODE; `initial`, the scores
    of one model or of several (rows), in the order of `fit`'s benchmarks, as fractions; `start`,
    their log10 of parameters, rising; `log10_n`, what to predict, at or above the last of them;
    `throw`, whether an ODE that cannot be solved raises `DynamicsError` (else NaN and `result`).

    An ODE starts from the last given model and has no band; a forecaster also uses earlier ones.
    Raises ValueError for shapes or sizes that do not fit and scores that are not in 0..1.
    """
    benchmarks = fit.ode.benchmarks if isinstance(fit, ODEFit) else fit.benchmarks
    check_rounding("log10_n", log10_n, steps=_ROUNDED)
    known, sizes = (
        np.atleast_2d(np.asarray(initial, float)),
        np.atleast_1d(np.asarray(start, float)),
    )
    grid = np.atleast_1d(np.asarray(log10_n, float))
    if known.shape != (len(sizes), len(benchmarks)):
        raise ValueError(
            f"initial has shape {known.shape} for {len(sizes)} sizes; "
            f"give a row of {', '.join(benchmarks)} for each size in start"
        )
    if not (np.isfinite(known).all() and ((known >= 0) & (known <= 1)).all()):
        raise ValueError("initial scores must be fractions between 0 and 1, none missing")
    if not (np.isfinite(sizes).all() and (np.diff(sizes) > 0).all()):
        raise ValueError("sizes in start must rise strictly; two are equal or out of order")
    if not (np.isfinite(grid).all() and (grid >= sizes[-1]).all()):
        raise ValueError("log10_n must lie at or above the last size in start")
    if isinstance(fit, Forecaster):
        check_grid(float(sizes[-1]), grid)
        scores = fit.scores(known, sizes, grid)
        low, high = fit.interval(scores, float(sizes[-1]), grid)
        return Prediction(grid, benchmarks, scores, low, high, result_name(RESULTS.successful))
    ode = fit.ode if isinstance(fit, ODEFit) else fit
    order = np.argsort(grid, kind="stable")
    solution = integrate(
        ode,
        known[-1],
        log10_n=grid[order],
        start=float(sizes[-1]),
        throw=throw,
    )
    scores = np.empty((len(grid), len(benchmarks)))
    scores[order] = np.asarray(solution.x)
    none = np.full_like(scores, np.nan)
    return Prediction(grid, benchmarks, scores, none, none, result_name(solution.result))


@shown
@dataclass(frozen=True)
class FamilyPrediction:
    """Predicted models of one family, beside what was observed (NaN for models to come).

    - `family`; `protocol` (`A`, `B`, `third`, or `extension`); `benchmarks`; `given`: models whose
      scores were used; `models` predicted, and where they stand `at` on the clock `along` (counts,
      or years).
    - `predicted`, `low`, `high`, `observed`: fractions, one row per model; `level` of the band.
    - `mae` (fraction), `mae_relative`: mean over models and benchmarks, NaN for an extension.
    - `baselines`: name -> (mae, mae_relative), and what they predicted in `baseline_scores`, as
      `predicted`; `skill`: 1 - mae / mae of the anchored slope.
    - `trained_on`: families that were seen; `teacher`: whether these are the shipped ones
      (`uniform`), the table's (`own`) or `both`; `judges`: families that were not seen and whose
      errors count in the bands; `distance` of the family from those that were seen.
    - `check`: for an extension, what errs how much (fractions) on the family's own larger models
      from its smallest, the ODE under the name `the ODE`; empty for a family of one model.
    - `result`: a member's name of `dynamics.RESULTS`.
    """

    family: str
    protocol: str
    benchmarks: tuple[str, ...]
    given: tuple[str, ...]
    models: tuple[str, ...]
    at: Float[np.ndarray, " models"]
    predicted: Float[np.ndarray, "models benchmarks"]
    low: Float[np.ndarray, "models benchmarks"]
    high: Float[np.ndarray, "models benchmarks"]
    observed: Float[np.ndarray, "models benchmarks"]
    level: float
    mae: float
    mae_relative: float
    baselines: dict[str, tuple[float, float]]
    skill: float
    trained_on: tuple[str, ...]
    teacher: TrainedOn
    judges: tuple[str, ...]
    distance: Distance
    result: str
    baseline_scores: dict[str, Float[np.ndarray, "models benchmarks"]] = field(default_factory=dict)
    check: dict[str, float] = field(default_factory=dict)
    along: Along = "params"

    @property
    def params(self) -> Float[np.ndarray, " models"]:
        """The sizes predicted. Raises ValueError along another clock than `params`."""
        if self.along != "params":
            raise ValueError(f"{self.family} is along {self.along}; its places are in `at`")
        return self.at

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """Baselines with a smaller error on this family's measured models."""
        if self.check:
            return tuple(name for name, mae in self.check.items() if mae < self.check[ODE])
        return tuple(name for name, (mae, _) in self.baselines.items() if mae < self.mae)


def hold_out(
    table: ScoreTable,
    family: str,
    *,
    protocol: Protocol = "A",
    benchmarks: Sequence[str] | None = None,
    same_size: SameSize = "leave_out",
    trained_on: TrainedOn | None = None,
    level: float = 0.9,
    on_progress: Progress | None = None,
) -> FamilyPrediction:
    """Predict the larger models of a family from its smallest, by dynamics that never saw it.

    **Arguments:** `family`, its name in the table; `protocol`, "A" (smallest model given), "B" (the
    two smallest) or "third" (the first third of its run); `benchmarks` and `same_size` (of this
    family), see `held_out_cohort`; `trained_on`, whether the shipped `uniform` table's families
    teach the dynamics, the table's `own`, or `both` (the default for all tables but the uniform one
    itself; along another clock than the size only its own can); `level` of the bands;
    `on_progress`, counts candidate dynamics.

    All settings, the baselines' too, are chosen within the other families. Raises ValueError for a
    family that is not there, has no model left to predict, or leaves too few others to learn from.

    ```pycon
    >>> from nullcline import dynamics
    >>> found = dynamics.hold_out(dynamics.load_table("uniform"), "Llama-2")
    >>> found.models, round(100 * found.mae, 1)  # error in points
    (('meta-llama/Llama-2-13b-hf', 'meta-llama/Llama-2-70b-hf'), 1.7)

    ```
    """
    trained_on, names = settle(table, trained_on, benchmarks)
    least = fewest_given(protocol)
    whole = held_out_cohort(
        table, benchmarks=names, min_models=least + 1, same_size=same_size, partial_after=least
    )
    target = whole.families[whole.index(family)]
    given = given_models(protocol, [target], along=table.along)
    if len(target.models) <= given:
        raise ValueError(f"{target.name} has nothing beyond the {given} models that are given")
    taught = choose_teachers(table, target, trained_on, names, given=given)
    forecaster = fit_forecaster(
        taught.cohort, given=given, level=level, judges=taught.judges, on_progress=on_progress
    )
    known, sizes = target.scores[:given], target.log10_n[:given]
    grid, observed = target.log10_n[given:], target.scores[given:]
    forecast = predict(forecaster, known, log10_n=grid, start=sizes)
    baseline_scores = _baseline_scores(taught.cohort, known, sizes, grid)
    baselines = {name: _errors(scores, observed) for name, scores in baseline_scores.items()}
    mae, mae_relative = _errors(forecast.scores, observed)
    return FamilyPrediction(
        family=target.name,
        protocol=protocol,
        benchmarks=whole.benchmarks,
        given=target.models[:given],
        models=target.models[given:],
        at=_places(grid, table.along),
        predicted=forecast.scores,
        low=forecast.low,
        high=forecast.high,
        observed=observed,
        level=level,
        mae=mae,
        mae_relative=mae_relative,
        baselines=baselines,
        skill=1 - mae / baselines[REFERENCE][0],
        **_about(taught, target),
        result=forecast.result,
        baseline_scores=baseline_scores,
        along=table.along,
    )


def extend(
    table: ScoreTable,
    family: str,
    *,
    params: str | float | Sequence[str | float] | None = None,
    at: str | float | Sequence[str | float] | None = None,
    trained_on: TrainedOn | None = None,
    benchmarks: Sequence[str] | None = None,
    same_size: SameSize = "leave_out",
    level: float = 0.9,
    on_progress: Progress | None = None,
) -> FamilyPrediction:
    """Predict larger models of a family from all its models in `table`.

    **Arguments:** `params`, parameter counts to predict (numbers, or text such as "70B"), above the
    family's largest, or `at`, places on the table's clock (tokens such as "600B", steps, years)
    beyond its last; `trained_on`, see `hold_out`; `benchmarks`, those predicted, by default all
    that the tables used and the held-out study have; `same_size`, see `held_out_cohort`; `level` of
    the bands; `on_progress`, counts candidate dynamics.

    With two models or more, how far the family's own course counts is chosen by protocol B within
    the training families; each further model refines it. With one model this is protocol A. The
    bands are those of protocol B (or A): an extension ten times beyond the family's largest model
    is as long as the longest of theirs, and further ones are extrapolated in width too. Raises
    ValueError for a family that is not there, sizes that are not larger, models of one size, and
    missing scores.

    ```pycon
    >>> from nullcline import dynamics
    >>> table = dynamics.load_table("uniform")
    >>> two = ["hellaswag", "truthfulqa_mc2"]
    >>> dynamics.extend(table, "Llama", params="130B", benchmarks=two).predicted.round(2).tolist()
    [[0.89, 0.45]]

    ```
    """
    trained_on, names = settle(table, trained_on, benchmarks)
    own = held_out_cohort(
        table.select([family]),
        benchmarks=names,
        min_models=1,
        same_size=same_size,
        mixtures=True,
    )
    target = own.families[0]
    wanted = _beyond(params, at, target, table.along)
    taught = choose_teachers(table, target, trained_on, names)
    forecaster = fit_forecaster(
        taught.cohort,
        given=min(2, len(target.models)),
        level=level,
        judges=taught.judges,
        on_progress=on_progress,
    )
    forecast = predict(
        forecaster, target.scores, log10_n=_moved(wanted, table.along), start=target.log10_n
    )
    nan = float("nan")
    return FamilyPrediction(
        family=target.name,
        protocol="extension",
        benchmarks=own.benchmarks,
        given=target.models,
        models=tuple(f"{target.name} {size:.3g}" for size in wanted),
        at=wanted,
        predicted=forecast.scores,
        low=forecast.low,
        high=forecast.high,
        observed=np.full_like(forecast.scores, np.nan),
        level=level,
        mae=nan,
        mae_relative=nan,
        baselines={},
        skill=nan,
        **_about(taught, target),
        result=forecast.result,
        check=_check(forecaster, taught, target),
        along=table.along,
    )


def _about(taught: Teachers, target: CohortFamily) -> dict[str, Any]:
    """Who taught a prediction, and how far its family lies from them."""
    families = taught.cohort.families
    return {
        "trained_on": tuple(family.name for family in families),
        "teacher": taught.trained_on,
        "judges": tuple(family.name for family in taught.judges),
        "distance": family_distance(target, families, taught.cohort.benchmarks),
    }


def _check(forecaster: Forecaster, taught: Teachers, target: CohortFamily) -> dict[str, float]:
    """Errors on the target's own larger models from its smallest, of what extends it and of what
    that has to beat; none of these saw the family."""
    if len(target.models) < 2:
        return {}
    start = target.scores[:1], target.log10_n[:1], target.log10_n[1:]
    predicted = {ODE: forecaster.scores(*start), **_baseline_scores(taught.cohort, *start)}
    return {name: _errors(scores, target.scores[1:])[0] for name, scores in predicted.items()}


def _baseline_scores(
    cohort: Cohort, known: np.ndarray, sizes: np.ndarray, grid: np.ndarray
) -> dict[str, np.ndarray]:
    """What each baseline, fitted to the cohort, predicts from the known models."""
    return {
        method.name: fit_method(method, cohort, given=len(known))[0](known, sizes, grid)
        for method in baseline_methods()
    }


def _beyond(
    params: str | float | Sequence[str | float] | None,
    at: str | float | Sequence[str | float] | None,
    target: CohortFamily,
    along: Along,
) -> Float[np.ndarray, " models"]:
    """Places to predict in order; ValueError for one that is not beyond the family's last."""
    if (params is None) == (at is None):
        raise ValueError("give params or at, one of them")
    if params is not None and along != "params":
        raise ValueError(f"the table is along {along}; give at, places on that clock")
    name, wanted = ("params", params) if at is None else ("at", at)
    assert wanted is not None
    places = np.sort(np.atleast_1d(parse_counts(wanted)))
    last = _places(target.log10_n[-1:], along)[0]
    least = last if clock_of(along).is_date else last * 1.0001
    if not (np.isfinite(places).all() and (places > least).all()):
        raise ValueError(f"{name} must be above {last:.6g}, the last of {target.name}")
    return places


def _places(log10_n: Float[np.ndarray, " models"], along: Along) -> Float[np.ndarray, " models"]:
    """Counts, or years, of positions as a cohort holds them."""
    clock = clock_of(along)
    positions = log10_n - usual_place(clock)
    return positions if clock.is_date else np.rint(10**positions)


def _moved(places: Float[np.ndarray, " models"], along: Along) -> Float[np.ndarray, " models"]:
    """The positions, as a cohort holds them, of counts or years."""
    clock = clock_of(along)
    return clock.places(places) + usual_place(clock)


def _errors(predicted, observed) -> tuple[float, float]:
    error = float(np.nanmean(np.abs(predicted - observed)))
    return error, relative_error(predicted, observed)
