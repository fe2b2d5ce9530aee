"""The tables of `held_out.py`, errors in percentage points."""

import numpy as np
from _coverage.section import Table

from nullcline import dynamics
from nullcline.common.numbers import added, bounded, signed
from nullcline.common.progress import Progress

RIDGE, REASONING = "ridge linear ODE", "log-odds ODE driven by reasoning"
UNCOUPLED = "uncoupled log-odds ODE"
LEAVES: tuple[dynamics.Leave, ...] = ("family", "lab")
#: What is to be reached, as fractions.
TARGETS = {"family": 0.026, "lab": 0.028}
RELATIVE_TARGET = 0.04


def _points(mean: float, low: float, high: float) -> str:
    return bounded(100 * mean, 100 * low, 100 * high)


def _crossed(progress: Progress, **settings) -> list[dynamics.CrossValidation]:
    """By family and by lab."""
    table = dynamics.load_table("uniform")
    return [
        dynamics.cross_validate(table, leave=leave, on_progress=progress, **settings)
        for leave in LEAVES
    ]


def method_rows(progress: Progress) -> Table:
    """Every method, the selected one with its interval, and its paired differences."""
    crossed = _crossed(progress)
    best = crossed[0].selected.name
    names = sorted((m.name for m in crossed[0].methods), key=lambda n: -crossed[0].method(n).mae)
    lines = [[name, *(_error(run, name) for run in crossed)] for name in names]
    lines += [
        [f"{best} less {other}", *(_points(*run.difference(best, other)) for run in crossed)]
        for other in (RIDGE, REASONING, UNCOUPLED)
    ]
    lines += [
        [
            "inside its training families",
            *(_percent(run.selected.validation_mae) for run in crossed),
        ],
        ["chosen in folds", *(f"{run.selected.chosen} of {run.folds}" for run in crossed)],
        ["held-out scores in bands of 90 %", *(f"{run.selected.coverage:.0%}" for run in crossed)],
        ["families, models", *(f"{len(run.families)}, {run.models}" for run in crossed)],
        ["target met", *(_met(run) for run in crossed)],
    ]
    return Table(["protocol A, mean absolute error, pp", "family out", "lab out"], lines)


def _error(run: dynamics.CrossValidation, name: str) -> str:
    method = run.method(name)
    if method.selected:
        return f"**{_points(method.mae, method.low, method.high)}**"
    return _percent(method.mae)


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _met(run: dynamics.CrossValidation) -> str:
    target = TARGETS[run.leave]
    better = run.difference(run.selected.name, RIDGE)[2] < 0
    met = run.nested_mae <= target and better
    return f"{'yes' if met else 'no'} ({100 * target:.1f}, and below the ridge linear ODE)"


def check_rows(progress: Progress) -> Table:
    """Mixed recipes kept; two models given; two single families."""
    mixed = _crossed(progress, same_size="first")
    two, one = _crossed(progress, protocol="B"), _crossed(progress)
    lines = []
    for label, runs in (("mixed recipes kept", mixed), ("protocol B", two)):
        lines.append([label, *(_points(*_nested(run)) for run in runs)])
        lines.append([f"{label}: less ridge linear ODE", *(_less_ridge(run) for run in runs)])
    models = [f"{len(run.families)}, {run.models}" for run in mixed]
    lines.insert(1, ["mixed recipes kept: families, models", *models])
    same = [_percent(_from_second(run)) for run in one]
    lines.append(["protocol A for the models of protocol B", *same])
    table = dynamics.load_table("uniform")
    for family in ("Llama-2", "Pythia"):
        held = dynamics.hold_out(table, family)
        ridge = held.baselines[RIDGE][1]
        text = f"{held.mae_relative:.1%}, ridge linear ODE {ridge:.1%}"
        lines.append([f"{family}, mean relative error", text, "–"])
    return Table(["check", "family out", "lab out"], lines)


def _nested(run: dynamics.CrossValidation) -> tuple[float, float, float]:
    return (run.nested_mae, *run.nested_interval)


def _less_ridge(run: dynamics.CrossValidation) -> str:
    return _points(*run.difference(run.selected.name, RIDGE))


def _from_second(run: dynamics.CrossValidation) -> float:
    """Protocol A's error where its first prediction, a model that protocol B gives, is left out."""
    cohort = dynamics.held_out_cohort(dynamics.load_table("uniform"))
    errors = []
    for name, predicted in zip(run.families, run.selected.predictions, strict=True):
        scores = cohort.families[cohort.index(name)].scores
        errors.append(np.mean(np.abs(predicted[1:] - scores[2:])))
    return float(np.mean(errors))


def system_rows(progress: Progress) -> Table:
    """The averaged systems beyond the data, and the published figures."""
    progress("systems")
    uniform, published = dynamics.load_table("uniform"), dynamics.load_table("published")
    cohort = dynamics.held_out_cohort(uniform)
    forecaster = dynamics.fit_forecaster(cohort)
    ahead = dynamics.forecast.long_range(forecaster, cohort)
    count = len(forecaster.members)
    values = ", ".join(f"{signed(v.real)}{added(v.imag)}i" for v in ahead.eigenvalues[0])
    fit = dynamics.forecast.published_ode_in_sample(published)
    lines = [
        ["eigenvalues of the best system, per decade", values],
        ["systems with a complex pair", f"{ahead.oscillating} of {count}"],
        ["systems that grow without end in log odds", f"{ahead.growing} of {count}"],
        ["largest share of a turn in the longest family", f"{ahead.turns:.2f}"],
        ["scores that fall by a point within a decade beyond", str(len(ahead.reversals))],
        ["published in sample, by its recipe", f"{fit.mean_relative_error:.2%}"],
        ["its coefficients on increments", f"{fit.coefficients} on {fit.increments}"],
        ["its error on an increment left out", f"{fit.left_out_error:.1%}"],
        ["no change, on the same", f"{fit.persistence_error:.1%}"],
    ]
    lines += [
        [
            f"Llama-2 by degree {trend.degree} of {trend.trained_on}",
            f"{trend.mean_relative_error:.2%}",
        ]
        for trend in dynamics.forecast.published_held_out(published, uniform)
    ]
    return Table(["beyond the data, and as published", ""], lines)
