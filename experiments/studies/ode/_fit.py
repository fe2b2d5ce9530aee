"""One fit of the capability ODE with everything that belongs beside it."""

from __future__ import annotations

from collections.abc import Sequence

from .... import dynamics
from ....common.progress import Progress, silent
from ._json import FitReport

_PARTS = "fit, resamples, families left out"
_FEWEST = 4  # families, for resampling and for leaving one out


def fit_report(
    table: dynamics.ScoreTable,
    *,
    degree: int = 1,
    penalty: dynamics.PenaltyName = "ridge",
    strength: float | None = None,
    families: Sequence[str] | None = None,
    benchmarks: Sequence[str] | None = None,
    members: int = 1000,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> FitReport:
    """Fit, resample families, look for fixed points, and leave families out.

    The families are those of the held-out study (three sizes or more, one model per size) where
    there are at least four of them, else all with two sizes. `benchmarks` are the five of that
    study, those of them that the table has, or all of the table.
    """
    if members < 100:
        raise ValueError(f"--members {members} is too few for a probability; give 100 or more")
    say = on_progress or silent
    if families:
        table = table.select(list(families))
    five = [name for name in dynamics.forecast.HELD_OUT_BENCHMARKS if name in table.benchmarks]
    chosen = tuple(benchmarks or five or table.benchmarks)
    trajectories, cohort = fit_data(table, chosen)
    say(_PARTS, 0, 3)
    fit = dynamics.fit_ode(
        trajectories,
        dynamics.PolynomialLibrary(degree=degree),
        penalty=dynamics.ode.penalty_of(penalty, strength),
        throw=False,
    )
    ensemble = left_out = baselines = None
    if cohort:
        import jax

        say(_PARTS, 1, 3)
        ensemble = dynamics.bootstrap(fit, trajectories, key=jax.random.key(seed), members=members)
        say(_PARTS, 2, 3)
        left_out = dynamics.forecast.left_out_errors(fit, trajectories, seed=seed)
        say(_PARTS, 3, 3)
        baselines = dynamics.cross_validate(cohort, forecasters=(), seed=seed, on_progress=say)
    return FitReport(
        table=table.name,
        along=table.along,
        fit=fit,
        settings={"degree": degree, "penalty": penalty, "strength": strength, "seed": seed},
        models=sum(trajectories.sizes),
        ensemble=ensemble,
        points=dynamics.fixed_points(fit.ode),
        left_out=left_out,
        baselines=baselines,
    )


def fit_data(
    table: dynamics.ScoreTable, benchmarks: tuple[str, ...]
) -> tuple[dynamics.Trajectories, dynamics.forecast.Cohort | None]:
    """The trajectories to fit, and the cohort that they are of where there are enough families."""
    cohort = _cohort(table, benchmarks)
    if cohort is None:
        return dynamics.Trajectories.from_table(table, benchmarks=benchmarks), None
    # The cohort has its places moved to where sizes lie; the equations do not depend on the place.
    moved = dynamics.CLOCKS["params"].middle - dynamics.CLOCKS[table.along].middle
    trajectories = dynamics.Trajectories.from_arrays(
        [family.log10_n - moved for family in cohort.families],
        [family.scores for family in cohort.families],
        benchmarks=benchmarks,
        families=[family.name for family in cohort.families],
        labs=[family.lab for family in cohort.families],
    )
    return trajectories, cohort


def _cohort(
    table: dynamics.ScoreTable, benchmarks: tuple[str, ...]
) -> dynamics.forecast.Cohort | None:
    """The families of the held-out study, None where the table has too few for it."""
    try:
        cohort = dynamics.held_out_cohort(table, benchmarks=benchmarks)
    except ValueError:  # no family has three sizes: the fit itself says what that means
        return None
    return cohort if len(cohort.families) >= _FEWEST else None
