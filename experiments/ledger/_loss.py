"""C18: eight losses on a power law, and whether a smooth curve says anything about coupling."""

import math

import numpy as np

from ... import dynamics
from ._claim import Claim, Control, figure, judge
from ._margin import ALPHA, Margin, sign_flip_p
from ._tables import LedgerTables, gamma_steps, published_family

_SURE = 0.975


def loss(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C18: error of the power law on losses left out.

    Which mean the published "CV" is is not stated; the root of the mean square is taken, which is
    also the one that reproduces it.
    """
    table = tables.pythia_loss.sort_values("params", kind="stable")
    params, values = table["params"].to_numpy(float), table["loss_published"].to_numpy(float)
    errors = dynamics.controls.power_law_errors(params, values)
    fit = dynamics.controls.fit_power_law(params, values)
    rounding = dynamics.controls.rounding_spread(params, values, seed=seed)
    measured = table.dropna(subset=["wikitext2_loss"])
    sizes, real = measured["params"].to_numpy(float), measured["wikitext2_loss"].to_numpy(float)
    real_errors = dynamics.controls.power_law_errors(sizes, real)
    real_error = _rms(real_errors)
    real_fit = dynamics.controls.fit_power_law(sizes, real)
    data = published_family(tables, "Pythia")
    same = np.isin(data.params, sizes)
    truth_errors = dynamics.controls.power_law_errors(data.params[same], data.y[same])
    truth_error = _rms(truth_errors)
    steps = gamma_steps(data)
    tax = sum(step.slope.p_tax > _SURE for step in steps)
    bonus = sum(step.slope.p_bonus > _SURE for step in steps)
    turns = tax > 0 and bonus > 0
    figures = {"cv": figure("0.8", _rms(errors), scale=0.01)}
    margin = Margin(
        figures["cv"].published or math.nan, "the published error itself: what it calls smooth"
    )
    excess = np.full(0, math.nan)
    if truth_errors.size == real_errors.size:
        excess = np.abs(truth_errors) - np.abs(real_errors)
    worse = sign_flip_p(excess, alternative="greater")
    no_worse = sign_flip_p(excess - margin.value, alternative="less")
    return Claim(
        id="C18",
        claim="loss is blind to the transition",
        figures=figures,
        control=Control(
            "error of the same curve on Pythia's truth score, sizes of the measured losses",
            truth_error,
            more={
                "measured_loss_error": real_error,
                "p_truth_less_smooth": worse,
                "p_truth_as_smooth": no_worse,
                "mean_absolute_error": float(np.mean(np.abs(errors))),
                "floor": fit.floor,
                "floor_low": fit.floor_low,
                "floor_high": fit.floor_high,
                "floor_rounding_low": rounding[0][0],
                "floor_rounding_high": rounding[0][1],
                "exponent": fit.exponent,
                "exponent_low": fit.exponent_low,
                "exponent_high": fit.exponent_high,
                "measured_floor_low": real_fit.floor_low,
                "measured_floor_high": real_fit.floor_high,
                "losses": int(values.size),
                "measured_losses": int(real.size),
                "steps_in_tax": tax,
                "steps_in_bonus": bonus,
                "steps": len(steps),
            },
        ),
        rule=(
            "supported if the family has a step in tax and one in bonus (P above .975) and the "
            "curve misses its truth score by more than the measured losses (exact one-sided sign "
            "flips over sizes, p < .05); not_supported if it is shown to miss the truth score by "
            "no more than the losses and the margin (then smoothness says nothing of coupling); "
            "undetermined otherwise"
        ),
        margins={"error": margin},
        inference=judge(
            holds=turns and worse < ALPHA, fails=no_worse < ALPHA and not (turns and worse < ALPHA)
        ),
        reason=(
            "The same curve predicts left-out truth scores with an error of "
            f"{100 * truth_error:.1f} % and measured losses with one of "
            f"{100 * real_error:.1f} % (as smooth within "
            f"{100 * margin.value:.1f} points at p = {no_worse:.2f}, less smooth at {worse:.2f}, "
            f"{excess.size} sizes), and {tax} of {len(steps)} Pythia steps are in tax and {bonus} "
            "in bonus."
        ),
    )


def _rms(errors: np.ndarray) -> float:
    return math.sqrt(float(np.mean(errors**2))) if errors.size else math.nan
