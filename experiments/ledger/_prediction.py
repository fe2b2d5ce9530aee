"""C10 and C11: the published ODE by its own recipes, and the same questions asked soundly."""

import math

from ... import dynamics
from ._claim import Claim, Control, figure, judge
from ._tables import LedgerTables

_HELD_OUT = "Llama-2"
_QUADRATIC = "pooled quadratic"


def ode_in_sample(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C10: increments of five scores on those scores, over the Pythia sizes."""
    found = dynamics.forecast.published_ode_in_sample(tables.published)
    return Claim(
        id="C10",
        claim="the coupled ODE fits Pythia",
        figures={"mean_error": figure("2.6", found.mean_relative_error, scale=0.01)},
        control=Control(
            "error of a step that the fit did not see",
            found.left_out_error,
            more={
                "no_change_error": found.persistence_error,
                "coefficients": found.coefficients,
                "increments": found.increments,
            },
        ),
        rule=(
            "not_supported if a step left out of the fit is predicted no better than by no change, "
            "or there are at least as many coefficients as increments; a fit to one family in "
            "sample supports nothing by itself"
        ),
        inference=judge(
            holds=False,
            fails=found.left_out_error >= found.persistence_error
            or found.coefficients >= found.increments,
        ),
        reason=(
            f"{found.coefficients} coefficients stand on {found.increments} increments, and a step "
            f"left out of the fit is predicted to {100 * found.left_out_error:.1f} % where no "
            f"change at all gives {100 * found.persistence_error:.1f} %."
        ),
    )


def ode_held_out(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C11: Llama-2 held out: the quadratic of the paper's figure, and an ODE that never saw it."""
    trends = {
        (trend.trained_on, trend.degree): trend.mean_relative_error
        for trend in dynamics.forecast.published_held_out(tables.published, tables.uniform)
    }
    published = trends["published Pythia and Llama-1", 2]
    measured = trends["published Pythia, measured Llama-1", 2]
    ode = dynamics.hold_out(tables.uniform, _HELD_OUT)
    quadratic = ode.baselines[_QUADRATIC][1]
    best = min(ode.baselines, key=lambda name: ode.baselines[name][1])
    scores = ode.predicted.size
    return Claim(
        id="C11",
        claim="the ODE predicts held-out Llama-2 better than a degree-2 baseline",
        figures={
            "mean_error": figure("5.6", published, scale=0.01),
            # Which rows trained the baseline is not stated, and no natural choice gives it.
            "baseline_error": figure("10.2", None, scale=0.01),
        },
        control=Control(
            "error of an ODE on Llama-2, from its smallest model and other families",
            ode.mae_relative,
            more={
                "pooled_quadratic": quadratic,
                "best_baseline": ode.baselines[best][1],
                "scores": scores,
                "quadratic_with_measured_llama_1": measured,
            },
        ),
        rule=(
            "not_supported if the ODE errs at least as much as the pooled quadratic; one held-out "
            "family gives no interval, so it is undetermined otherwise"
        ),
        inference=judge(
            holds=False,
            fails=not math.isfinite(ode.mae_relative) or ode.mae_relative >= quadratic,
        ),
        reason=(
            f"The figure is a quadratic's, {100 * published:.1f} % with Llama-1 as published and "
            f"{100 * measured:.1f} % with its measured scores; an ODE that never saw Llama-2 errs "
            f"{100 * ode.mae_relative:.1f} % on {scores} of its scores, the pooled quadratic "
            f"{100 * quadratic:.1f} %."
        ),
    )
