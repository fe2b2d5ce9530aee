"""The forecaster: linear systems in log odds, averaged over settings that validate alike.

No single setting (floor of the log odds, clock, ridge, sparsity) is believed. Each is validated on
the training families alone, every group of them left out in turn, and the best quarter is averaged
with equal weights. The errors of that average on the families left out give the bands.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...common.display import shown
from ...common.progress import Progress, silent, stepped
from .._ode.library import PolynomialLibrary
from .._ode.vector_field import CapabilityODE
from .._precision import in_double_precision
from .forecast_fit import (
    Coupling,
    ForecastSetting,
    Shooting,
    allowed_terms,
    at_inputs,
    drop_terms,
    first_guess,
    gauss_newton,
    normal_equations,
    penalty_weights,
    system_matrix,
    to_scores,
    to_state,
    with_constant,
    without,
)
from .linear_flow import linear_flow, linear_flow_sensitivity
from .names import Leave
from .protocol import Cohort, CohortFamily, family_errors, held_out_groups, token_inputs

#: Share of the candidates that is averaged.
_BEST = 0.25
#: Candidates for `Tracking`, where a family is given by several models. A pull is in units of
#: squared state per unit of the clock; infinity is no drift of the family's own.
_GAINS = (0.25, 0.5, 0.75, 1.0)
_PULLS = (0.3, 1.0, 3.0, np.inf)
#: Clock units added to every duration in the scale of the bands: two measurements of one model
#: differ too.
_LEAST_DURATION = 0.1
#: Sums of the families' weights are equal to within this.
_ROUNDING = 1e-12


def forecast_settings(coupling: Coupling = "full") -> tuple[ForecastSetting, ...]:
    """The candidates: 3 floors, 4 clocks, and 2 ridges or a third of the coefficients dropped."""
    shapes = [(1e-3, 0.0), (1e-2, 0.0)] + ([(1e-3, 1 / 3)] if coupling == "full" else [])
    return tuple(
        ForecastSetting(
            chance_share=share, clock=clock, ridge=ridge, dropped=dropped, coupling=coupling
        )
        for share, clock, (ridge, dropped) in itertools.product(
            (0.7, 0.8, 0.9), (0.0, 0.05, 0.1, 0.15), shapes
        )
    )


@dataclass(frozen=True)
class Member:
    """One fitted system of the average: dz/dt = drift @ (1, z).

    Fitted with tokens, dz/dt = drift @ (1, u, z) where u is the log of the family's tokens / 10^12.
    """

    setting: ForecastSetting
    drift: Float[np.ndarray, "benchmarks order"]
    validation_mae: float


@dataclass(frozen=True)
class Tracking:
    """How several given models of one family are used.

    The state follows the system from the first model; at each further one it moves by the share
    `gain` of the error there (1 starts anew from the model, as a filter without memory). The errors
    also give the family a constant drift of its own, drawn to zero with strength `pull`.
    """

    gain: float = 1.0
    pull: float = np.inf


@shown
@dataclass(frozen=True)
class Forecaster:
    """An average of linear systems that predicts larger models of a family.

    - `benchmarks`; `families`: names of those it was fitted to; `leave`, `given`: how it was
      validated within them.
    - `members`: the systems averaged; `candidates`: how many were tried; `tracking`: how several
      given models are used (no matter where one is given).
    - `validation_mae`: mean absolute error of the average on training families left out (fraction).
      The members were chosen by this criterion, so it flatters a little; the error on families
      held out of the whole procedure is what `cross_validate` measures.
    - `band`: half-width per benchmark of the `level` band, in log odds over the default setting's
      floor per square root of clock time.
    """

    benchmarks: tuple[str, ...]
    families: tuple[str, ...]
    leave: Leave
    given: int
    members: tuple[Member, ...]
    candidates: int
    tracking: Tracking
    validation_mae: float
    band: Float[np.ndarray, " benchmarks"]
    level: float

    def scores(
        self,
        given: Float[Array | np.ndarray, "given benchmarks"],
        given_log10_n: Float[Array | np.ndarray, " given"],
        log10_n: Float[Array | np.ndarray, " grid"],
        *,
        tokens: float | None = None,
    ) -> Float[np.ndarray, "grid benchmarks"]:
        """Predicted scores at `log10_n` of a family of which some models' scores are given.

        `tokens` that its smallest model was trained on are needed if the cohort was made with them;
        ValueError where they are not given then, or given though it was not.
        """
        known, sizes = np.asarray(given, float), np.asarray(given_log10_n, float)
        grid, inputs = np.asarray(log10_n, float), token_inputs(tokens)
        each = [
            _track(
                m.setting, at_inputs(m.drift, inputs), self.benchmarks, [self.tracking], known,
                sizes, grid,
            )[0]
            for m in self.members
        ]  # fmt: skip
        return np.mean(each, axis=0)

    @in_double_precision
    def ode(self, member: int = 0, *, tokens: float | None = None) -> CapabilityODE:
        """One of the averaged systems, best first, ready to integrate along its own clock.

        Its time is `members[member].setting.time(log10_n)`, not log10 N itself.
        """
        chosen = self.members[member]
        return CapabilityODE(
            PolynomialLibrary(degree=1),
            jnp.asarray(at_inputs(chosen.drift, token_inputs(tokens)), float),
            chosen.setting.coordinates(self.benchmarks),
            self.benchmarks,
        )

    def interval(
        self,
        scores: Float[np.ndarray, "grid benchmarks"],
        start_log10_n: float,
        log10_n: Float[Array | np.ndarray, " grid"],
    ) -> tuple[Float[np.ndarray, "grid benchmarks"], Float[np.ndarray, "grid benchmarks"]]:
        """The band around predicted `scores`: about `level` of the models of an unseen family.

        `start_log10_n` is the size of the last given model.
        """
        scale = _band_scale(start_log10_n, np.asarray(log10_n, float))
        floor = np.array(_BAND_SETTING.coordinates(self.benchmarks).floor)
        middle = to_state(scores, floor)
        half = scale[:, None] * self.band
        low, high = to_scores(middle - half, floor), to_scores(middle + half, floor)
        # Scores nearer to the floor or to 1 than the state resolves are inside their own band.
        return np.minimum(low, scores), np.maximum(high, scores)


#: The bands are measured in one setting's state and clock, whatever was averaged.
_BAND_SETTING = ForecastSetting()


@dataclass(frozen=True)
class _Candidate:
    """A fit, the fits without each group, and the error of the latter on the group (a fraction)."""

    member: Member
    others: Float[np.ndarray, "groups benchmarks order"]
    predictions: tuple[np.ndarray, ...]


def fit_forecaster(
    cohort: Cohort,
    *,
    settings: Sequence[ForecastSetting] | None = None,
    leave: Leave = "family",
    given: int = 1,
    level: float = 0.9,
    judges: Sequence[CohortFamily] = (),
    on_progress: Progress | None = None,
) -> Forecaster:
    """Fit, validate and average the candidate `settings` on the families of `cohort`.

    **Arguments:** `leave`, whether the validation inside leaves out families or whole labs;
    `given`, how many of the smallest models of a family are given when it is predicted; `level` of
    the bands; `judges`, families that are not fitted and whose errors count in the bands beside
    those of the families left out; `on_progress` counts candidates.

    The fits without a group are one Newton step from the fit with it (an approximate jackknife).
    Raises ValueError for fewer than 3 groups to leave out.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level!r}; it lies between 0 and 1")
    groups = held_out_groups(cohort.families, leave=leave, given=given)
    chosen = forecast_settings() if settings is None else tuple(settings)
    if not chosen:
        raise ValueError("no settings to choose from; give at least one")
    group_of = {index: g for g, group in enumerate(groups) for index in group}
    families = [cohort.families[index] for index in group_of]
    candidates, guess = [], None
    for setting in stepped(on_progress or silent, "candidate dynamics", chosen):
        # Neighbouring settings have similar fits: start one from the last.
        shooting = Shooting.from_families(cohort.families, cohort.benchmarks, setting)
        drift = _fit(cohort, setting, shooting, guess)
        candidates.append(_candidate(cohort, setting, shooting, drift, groups, given))
        guess = drift
    candidates.sort(key=lambda candidate: candidate.member.validation_mae)
    best = candidates[: max(1, round(_BEST * len(candidates)))]
    tracking, predictions = Tracking(), _average([c.predictions for c in best])
    if given > 1:
        tracking, predictions = _choose_tracking(cohort, best, group_of, given)
    forecaster = Forecaster(
        benchmarks=cohort.benchmarks,
        families=tuple(family.name for family in cohort.families),
        leave=leave,
        given=given,
        members=tuple(candidate.member for candidate in best),
        candidates=len(candidates),
        tracking=tracking,
        validation_mae=float(family_errors(families, predictions, given=given).mean()),
        band=_band(families, predictions, cohort.benchmarks, given, level),
        level=level,
    )
    longer = [family for family in judges if len(family.models) > given]
    if not longer:
        return forecaster
    seen = [
        forecaster.scores(f.scores[:given], f.log10_n[:given], f.log10_n[given:], tokens=f.tokens)
        for f in longer
    ]
    band = _band([*families, *longer], [*predictions, *seen], cohort.benchmarks, given, level)
    return replace(forecaster, band=band)


def fit_setting(
    cohort: Cohort, setting: ForecastSetting, guess: Float[np.ndarray, "_ _"] | None = None
) -> Float[np.ndarray, "benchmarks order"]:
    """The coefficients of one setting before any is dropped, fitted to all families."""
    shooting = Shooting.from_families(cohort.families, cohort.benchmarks, setting)
    return _fit(cohort, setting, shooting, guess)


def _fit(
    cohort: Cohort,
    setting: ForecastSetting,
    shooting: Shooting,
    guess: Float[np.ndarray, "_ _"] | None,
) -> Float[np.ndarray, "benchmarks order"]:
    every = np.ones(len(cohort.families))
    return gauss_newton(
        shooting,
        first_guess(shooting, every) if guess is None else guess,
        families=every,
        penalty=penalty_weights(setting, len(cohort.benchmarks), shooting.inputs),
        active=allowed_terms(setting.coupling, cohort.benchmarks, shooting.inputs),
    )


def _candidate(
    cohort: Cohort,
    setting: ForecastSetting,
    shooting: Shooting,
    drift: Float[np.ndarray, "benchmarks order"],
    groups: Sequence[Sequence[int]],
    given: int,
) -> _Candidate:
    """From the setting's fit to all families, predict every group with the fit without it.

    Predictions here start from the smallest model, whatever is given.
    """
    active = allowed_terms(setting.coupling, cohort.benchmarks, shooting.inputs)
    penalty = penalty_weights(setting, len(cohort.benchmarks), shooting.inputs)
    count = round(setting.dropped * active.sum())
    others = without(
        drift,
        normal_equations(shooting, drift),
        groups=groups,
        penalty=penalty,
        active=active,
        dropped=count,
    )
    pairs = np.split(np.arange(len(shooting.duration)), shooting.first[1:])
    indices = [index for group in groups for index in group]
    rows = [pairs[index][given - 1 :] for index in indices]
    which = np.repeat(
        np.repeat(np.arange(len(groups)), [len(group) for group in groups]), list(map(len, rows))
    )
    flat = np.concatenate(rows)
    end = linear_flow(system_matrix(others), shooting.start[flat], shooting.duration[flat], which)
    scores = to_scores(end[:, 1 + shooting.inputs :], shooting.floor)
    predictions = tuple(np.split(scores, np.cumsum(list(map(len, rows)))[:-1]))
    error = family_errors([cohort.families[i] for i in indices], predictions, given=given)
    every = np.ones(len(cohort.families))
    final = drop_terms(shooting, drift, families=every, penalty=penalty, active=active, count=count)
    return _Candidate(Member(setting, final, float(error.mean())), others, predictions)


def _average(predictions: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    return [np.mean(each, axis=0) for each in zip(*predictions, strict=True)]


def _choose_tracking(
    cohort: Cohort, best: Sequence[_Candidate], group_of: Mapping[int, int], given: int
) -> tuple[Tracking, list[np.ndarray]]:
    """The tracking under which the average of the best candidates errs least on left-out groups."""
    families = [cohort.families[index] for index in group_of]
    choices = list(itertools.starmap(Tracking, itertools.product(_GAINS, _PULLS)))
    # One average per choice and family.
    averages = [
        np.mean(
            [
                _track(
                    candidate.member.setting,
                    at_inputs(candidate.others[group], family.inputs),
                    cohort.benchmarks,
                    choices,
                    family.scores[:given],
                    family.log10_n[:given],
                    family.log10_n[given:],
                )
                for candidate in best
            ],
            axis=0,
        )
        for family, group in zip(families, group_of.values(), strict=True)
    ]
    per_choice = [[average[i] for average in averages] for i in range(len(choices))]
    errors = [family_errors(families, each, given=given).mean() for each in per_choice]
    least = int(np.argmin(errors))
    return choices[least], per_choice[least]


def _track(
    setting, drift, benchmarks, choices, given, sizes, grid
) -> Float[np.ndarray, "choices grid benchmarks"]:
    """Scores on the grid after the given models of a family, for each choice of `Tracking`."""
    floor = np.array(setting.coordinates(benchmarks).floor)
    seen, time = to_state(given, floor), setting.time(sizes)
    matrix, dims = system_matrix(drift), len(floor)
    followed = {
        gain: _follow(matrix, seen, np.diff(time), gain) for gain in {c.gain for c in choices}
    }
    states, matrices = [], np.repeat(matrix[None], len(choices), axis=0)
    for own_matrix, choice in zip(matrices, choices, strict=True):
        state, gram, right = followed[choice.gain]
        if len(given) > 1 and np.isfinite(choice.pull):
            own_matrix[1:, 0] += np.linalg.solve(gram + choice.pull * np.eye(dims), right)
        states.append(state)
    which = np.repeat(np.arange(len(choices)), len(grid))
    durations = np.tile(setting.time(grid) - time[-1], len(choices))
    end = linear_flow(matrices, with_constant(np.stack(states)[which]), durations, which)
    return to_scores(end[:, 1:], floor).reshape(len(choices), len(grid), dims)


def _follow(matrix, seen, steps, gain) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The state at the last given model, and the normal equations of a constant drift."""
    state = seen[0]
    gram, right = np.zeros((len(state), len(state))), np.zeros(len(state))
    for step, after in zip(steps, seen[1:], strict=True):
        end, sensitivity = linear_flow_sensitivity(
            matrix, with_constant(state[None]), np.array([step])
        )
        jacobian, error = sensitivity[0, 1:, 1:, 0], after - end[0, 1:]
        # The squared error of a step grows as its duration, so a step weighs 1 / duration.
        gram += jacobian.T @ jacobian / step
        right += jacobian.T @ error / step
        state = end[0, 1:] + gain * error
    return state, gram, right


def _band_scale(start: float, grid: np.ndarray) -> np.ndarray:
    elapsed = _BAND_SETTING.time(grid) - _BAND_SETTING.time(np.array([start]))
    return np.sqrt(np.maximum(elapsed, 0) + _LEAST_DURATION)


def _band(
    families: Sequence[CohortFamily],
    averages: Sequence[np.ndarray],
    benchmarks: tuple[str, ...],
    given: int,
    level: float,
) -> np.ndarray:
    """Per benchmark the quantile of scaled errors, each family counting once.

    The level is raised by (n + 1) / n for n families, as in split conformal prediction.
    """
    floor = np.array(_BAND_SETTING.coordinates(benchmarks).floor)
    sizes, weights = [], []
    for family, average in zip(families, averages, strict=True):
        error = np.abs(to_state(family.scores[given:], floor) - to_state(average, floor))
        scale = _band_scale(float(family.log10_n[given - 1]), family.log10_n[given:])
        there = ~np.isnan(error)
        sizes.append(np.where(there, error / scale[:, None], 0.0))
        weights.append(there / np.maximum(there.sum(axis=0), 1))
    size, weight = np.concatenate(sizes), np.concatenate(weights)
    wanted = min(1.0, level * (1 + 1 / len(families)))
    half = []
    for column, counts in zip(size.T, weight.T, strict=True):
        order = np.argsort(column)
        reached = np.cumsum(counts[order]) / counts.sum()
        rank = min(np.searchsorted(reached, wanted - _ROUNDING), len(order) - 1)
        half.append(column[order][rank])
    return np.array(half)
