"""Every method on every family that it never saw, and which of them validation would have chosen.

Two loops. The outer one leaves out a family (or a lab) and measures. The inner one repeats this
within the families that remain, and is all that chooses: settings of each method, members of each
average, and the method itself. What is reported as a method's error is the outer loop's.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ...common.checks import check_known
from ...common.display import shown
from ...common.progress import Progress, silent, stepped
from .._tables.clock import Along
from .._tables.scores import ScoreTable
from .baselines import REFERENCE, Kind, Method, apply_predictors, baseline_methods, setting_errors
from .forecast import Forecaster, fit_forecaster, forecast_settings
from .forecast_fit import Coupling
from .names import Leave, Protocol, SameSize
from .protocol import (
    Cohort,
    family_errors,
    family_interval,
    family_intervals,
    fewest_given,
    given_models,
    held_out_cohort,
    held_out_groups,
    longer_than,
)
from .teachers import partial_after

#: Up to this many families (or labs) each is left out alone; more are left out in so many parts.
_MOST_ALONE, _FOLDS = 50, 20

#: The forecaster and the same with fewer couplings: what these add is the gap between them.
FORECASTERS: tuple[tuple[str, Coupling], ...] = (
    ("uncoupled log-odds ODE", "own"),
    ("log-odds ODE driven by reasoning", "reasoning"),
    ("coupled log-odds ODE", "full"),
)


@dataclass(frozen=True)
class MethodScore:
    """A method's error on families that it never saw, as fractions of the score scale.

    - `mae`, with its family-bootstrap interval `low`, `high`; `family_mae`: per family.
    - `validation_mae`: mean over outer folds of the error that the inner loop saw.
    - `chosen`: in how many outer folds the inner loop would have taken this method; `selected`:
      whether that is the most of all.
    - `difference`: its error less the selected method's, with a paired family-bootstrap interval.
    - `coverage`: share of the observed scores inside the band (forecasters only, else NaN).
    - `predictions`: of each family, made without it: one row per model after the given ones.
    """

    name: str
    kind: Kind
    mae: float
    low: float
    high: float
    family_mae: Float[np.ndarray, " families"]
    validation_mae: float
    chosen: int
    selected: bool
    difference: tuple[float, float, float]
    coverage: float
    predictions: tuple[Float[np.ndarray, "_ _"], ...]


@shown
@dataclass(frozen=True)
class CrossValidation:
    """The table of all methods under one protocol.

    `grouped` says whether families (or labs) were left out several at a time, as there are many;
    `nested_mae` (with interval) is the error of taking in every fold the method that the inner loop
    chose there; `level` is the nominal coverage of the forecasters' bands, `folds` the number of
    groups left out; `left_out` is what the table holds and the study does not.
    """

    leave: Leave
    protocol: Protocol
    benchmarks: tuple[str, ...]
    families: tuple[str, ...]
    models: int
    folds: int
    methods: tuple[MethodScore, ...]
    nested_mae: float
    nested_interval: tuple[float, float]
    level: float
    left_out: tuple[tuple[str, str], ...]
    grouped: bool = False

    def method(self, name: str) -> MethodScore:
        """The named method; ValueError with the names there are."""
        methods = {method.name: method for method in self.methods}
        check_known("method", (name,), methods)
        return methods[name]

    @property
    def selected(self) -> MethodScore:
        """The method that the inner loop chose most often."""
        return next(method for method in self.methods if method.selected)

    def skill(self, name: str) -> float:
        """1 - error / error of the anchored slope."""
        return 1 - self.method(name).mae / self.method(REFERENCE).mae

    def difference(
        self, name: str, other: str, *, level: float = 0.95, n_boot: int = 10_000, seed: int = 0
    ) -> tuple[float, float, float]:
        """Error of `name` less that of `other`, with its paired family-bootstrap interval."""
        gap = self.method(name).family_mae - self.method(other).family_mae
        low, high = family_interval(gap, level=level, n_boot=n_boot, seed=seed)
        return float(gap.mean()), low, high


def cross_validate(
    table: ScoreTable | Cohort,
    *,
    leave: Leave = "family",
    protocol: Protocol = "A",
    benchmarks: Sequence[str] | None = None,
    same_size: SameSize = "leave_out",
    methods: Sequence[Method] | None = None,
    forecasters: Sequence[tuple[str, Coupling]] = FORECASTERS,
    level: float = 0.9,
    n_boot: int = 10_000,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> CrossValidation:
    """Predict every family from its smallest models by methods that never saw it.

    **Arguments:** `table`, a score table (its `held_out_cohort` is used) or a cohort; `leave`,
    whether a family or a whole lab is unseen; `protocol`, "A" (smallest model given), "B" (two) or
    "third" (of each run); `benchmarks`, `same_size`, see `held_out_cohort`; `methods`, what stands
    beside the forecasters (`baseline_methods()` by default); `forecasters`, name and coupling of
    each; `level` of their bands; `n_boot`, `seed`, of the 95 % intervals; `on_progress`, counts
    methods and folds.

    Beyond 50 families (or labs) they are left out in 20 groups, so that the cost grows as their
    number does and not as its square; `CrossValidation.grouped` says so. Every training set then
    lacks a twentieth of the families, which makes their error rather too large.

    Families are the unit of resampling; families of one lab, or trained on the same data, are not
    independent, so the intervals are narrower than they should be. Raises ValueError for a table
    with fewer than four groups: three must remain for the inner loop.
    """
    along: Along = "params"
    if isinstance(table, Cohort):
        cohort = table
        if benchmarks is not None:
            raise ValueError("choose benchmarks when making the cohort, not here")
    else:
        along = table.along
        cohort = held_out_cohort(
            table,
            benchmarks=benchmarks,
            same_size=same_size,
            partial_after=partial_after(table, given=fewest_given(protocol)),
        )
    given = given_models(protocol, cohort.families, along=along)
    if protocol == "third":
        cohort = longer_than(cohort, given)
    alone = held_out_groups(cohort.families, leave=leave, given=given)
    groups = folds(alone)
    if len(groups) < 4:
        raise ValueError(f"{len(groups)} to leave out by {leave}; nested validation needs 4")
    beside = baseline_methods() if methods is None else tuple(methods)
    counted = stepped(on_progress or silent, "baselines", beside)
    runs = [_nested(method, cohort, groups, given) for method in counted]
    runs += _forecasts(cohort, forecasters, groups, leave, given, level, on_progress)
    return _summary(cohort, groups, len(alone), runs, leave, protocol, given, level, n_boot, seed)


def folds(alone: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The groups to leave out: each alone, or beyond `_MOST_ALONE` of them in `_FOLDS` parts."""
    # Nested validation fits without each group and without each pair, a number that grows as the
    # square of the groups. Sums over families can be downdated, but neither the thresholds of a
    # sparse fit nor the forecaster's iterations have a closed form. With 20 parts a training set is
    # 95 % of the data, as it is when one of 20 families is left out.
    if len(alone) <= _MOST_ALONE:
        return tuple(map(tuple, alone))
    # Neighbours in a table resemble one another: they go to different parts.
    parts = [alone[first::_FOLDS] for first in range(_FOLDS)]
    return tuple(tuple(sorted(itertools.chain.from_iterable(part))) for part in parts)


@dataclass(frozen=True)
class _Run:
    """What one method did: outer predictions by family index, inner error by outer fold."""

    name: str
    kind: Kind
    predictions: dict[int, np.ndarray]
    inner: Float[np.ndarray, " folds"]
    coverage: float = np.nan


def _nested(method: Method, cohort: Cohort, groups: Sequence[Sequence[int]], given: int) -> _Run:
    """Choose the method's setting inside each outer fold, then predict the fold."""
    folds = len(groups)
    pairs = list(itertools.combinations(range(folds), 2))
    weights = np.ones((folds + len(pairs), len(cohort.families)))
    for row, left in enumerate([(g,) for g in range(folds)] + pairs):
        for g in left:
            weights[row, list(groups[g])] = 0
    fits = method.fit(cohort, weights)
    both = {pair: fits[folds + i] for i, pair in enumerate(pairs)}
    predictions, inner = {}, np.empty(folds)
    for g, group in enumerate(groups):
        others = [h for h in range(folds) if h != g]
        without_both = [both[min(g, h), max(g, h)] for h in others]
        mean = setting_errors(without_both, [groups[h] for h in others], cohort, given).mean(axis=1)
        inner[g] = mean.min()
        best = fits[g][int(np.argmin(mean))]
        families = [cohort.families[index] for index in group]
        predictions |= zip(group, apply_predictors([(best, families)], given), strict=True)
    return _Run(method.name, method.kind, predictions, inner)


def _forecasts(cohort, forecasters, groups, leave, given, level, on_progress) -> list[_Run]:
    report = on_progress or silent
    runs, done, total = [], 0, len(forecasters) * len(groups)
    for name, coupling in forecasters:
        settings = forecast_settings(coupling)
        predictions, inner, inside = {}, np.empty(len(groups)), []
        for g, group in enumerate(groups):
            forecaster = fit_forecaster(
                without_families(cohort, group),
                settings=settings,
                leave=leave,
                given=given,
                level=level,
            )
            inner[g] = forecaster.validation_mae
            for index in group:
                predictions[index], share = _forecast(forecaster, cohort, index, given)
                inside.append(share)
            done += 1
            report("folds", done, total)
        runs.append(_Run(name, "ode", predictions, inner, float(np.mean(inside))))
    return runs


def without_families(cohort: Cohort, indices: Sequence[int]) -> Cohort:
    """The cohort without the families of the given indices."""
    others = tuple(family for i, family in enumerate(cohort.families) if i not in set(indices))
    return dataclasses.replace(cohort, families=others)


def _forecast(forecaster: Forecaster, cohort, index, given) -> tuple[np.ndarray, float]:
    family = cohort.families[index]
    grid = family.log10_n[given:]
    known, sizes = family.scores[:given], family.log10_n[:given]
    scores = forecaster.scores(known, sizes, grid, tokens=family.tokens)
    low, high = forecaster.interval(scores, float(family.log10_n[given - 1]), grid)
    observed = family.scores[given:]
    there = ~np.isnan(observed)
    return scores, float(((low <= observed) & (observed <= high))[there].mean())


def _summary(
    cohort, groups, alone, runs, leave, protocol, given, level, n_boot, seed
) -> CrossValidation:
    every = range(len(cohort.families))
    errors = [
        family_errors(cohort.families, [run.predictions[i] for i in every], given=given)
        for run in runs
    ]
    choice = np.argmin([run.inner for run in runs], axis=0)
    chosen = np.bincount(choice, minlength=len(runs))
    selected = int(np.argmax(chosen))
    nested = np.empty(len(cohort.families))
    for g, group in enumerate(groups):
        nested[list(group)] = errors[choice[g]][list(group)]

    gaps = [error - errors[selected] for error in errors]
    ends = family_intervals(np.stack([*errors, *gaps, nested]), n_boot=n_boot, seed=seed)
    scores = [
        MethodScore(
            name=run.name,
            kind=run.kind,
            mae=float(error.mean()),
            low=ends[i][0],
            high=ends[i][1],
            family_mae=error,
            validation_mae=float(run.inner.mean()),
            chosen=int(chosen[i]),
            selected=i == selected,
            difference=(float(gap.mean()), *ends[len(runs) + i]),
            coverage=run.coverage,
            predictions=tuple(run.predictions[i] for i in every),
        )
        for i, (run, error, gap) in enumerate(zip(runs, errors, gaps, strict=True))
    ]
    return CrossValidation(
        leave=leave,
        protocol=protocol,
        benchmarks=cohort.benchmarks,
        families=tuple(family.name for family in cohort.families),
        models=cohort.models,
        folds=len(groups),
        methods=tuple(scores),
        nested_mae=float(nested.mean()),
        nested_interval=ends[-1],
        level=level,
        left_out=cohort.left_out,
        grouped=len(groups) < alone,
    )
