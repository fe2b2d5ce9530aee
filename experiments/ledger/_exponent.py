"""C23 and C24: the exponent of the gradient norm, and the effective dimension at N_c."""

import numpy as np

from ... import dynamics
from ...common.numbers import bounded
from ._claim import Claim, Control, figure, judge
from ._margin import ALPHA, sign_flip_p
from ._tables import PUBLISHED_TRUTH, REASONING, LedgerTables

_CRITICAL = 3.5e9  # published (C06)
_AROUND = (2.9e9, 13.4e9)  # its published interval
_FIVE_SCORES = (REASONING, PUBLISHED_TRUTH, "arc_challenge", "winogrande", "mmlu")
_DIMENSION = "1.254"
_NOT_LIKE_OTHERS = "Pythia-1B"


def exponent(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C23: slope of the logarithm of Pythia's gradient norm, in log N and in log |N - N_c|.

    The source's definition is minus the slope of log10 of the norm of the loss's gradient over
    log10 N, by least squares over six sizes.
    """
    table = tables.pythia_gradients.sort_values("params", kind="stable")
    params = table["params"].to_numpy(float)
    size, norm = np.log10(params), np.log10(table["gradient_norm"].to_numpy(float))
    line = dynamics.controls.population_line(size, norm)
    width = float(np.sum((size - size.mean()) ** 2))
    without = (table["model"] != _NOT_LIKE_OTHERS).to_numpy()
    rest = dynamics.controls.population_line(size[without], norm[without])
    loss = dynamics.controls.population_line(
        size, np.log10(table["wikitext2_loss"].to_numpy(float))
    )
    by_size = np.abs(_left_out(size, norm))
    by_distance = np.abs(_left_out(np.log10(np.abs(params - _CRITICAL)), norm))
    excess = by_distance - by_size
    better, worse = (sign_flip_p(excess, alternative=way) for way in ("less", "greater"))
    return Claim(
        id="C23",
        claim="gradient norms have an order parameter's exponent, .40 ± .08",
        figures={
            "exponent": figure("0.40", -line.slope),
            "stderr": figure("0.08", line.residual_sd / np.sqrt(width)),
            "r": figure("-0.92", line.r),
        },
        control=Control(
            "error of a left-out norm by distance from N_c, less that by N alone (decades)",
            float(np.mean(excess)),
            more={
                "error_by_size": float(np.mean(by_size)),
                "error_by_distance": float(np.mean(by_distance)),
                "p_distance_better": better,
                "p_size_better": worse,
                "sizes": int(size.size),
                "exponent_low": -line.slope_high,
                "exponent_high": -line.slope_low,
                "exponent_without_Pythia-1B": -rest.slope,
                "exponent_of_the_loss": -loss.slope,
            },
        ),
        rule=(
            "an order parameter follows the distance from its critical point, log |N - N_c| with "
            "the published 3.5B; norms left out in turn, exact sign flips over sizes: supported if "
            "that predicts them better than log N at p < .05, not_supported if log N alone, which "
            "knows no critical point, predicts them better at p < .05; undetermined otherwise"
        ),
        inference=judge(holds=better < ALPHA, fails=worse < ALPHA),
        reason=(
            f"The exponent is {bounded(-line.slope, -line.slope_high, -line.slope_low)} on "
            f"{size.size} sizes ({-rest.slope:.2f} without Pythia-1B) and has no critical point in "
            f"it; a left-out norm is missed by {np.mean(by_size):.2f} decades by N alone and by "
            f"{np.mean(by_distance):.2f} by distance from N_c (p = {worse:.3f})."
        ),
    )


def _left_out(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Errors of a line on each value that it was not fitted to."""
    errors = np.empty(x.size)
    for i in range(x.size):
        keep = np.arange(x.size) != i
        errors[i] = y[i] - np.polyval(np.polyfit(x[keep], y[keep], 1), x[i])
    return errors


def dimension_at_scale(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C24: participation ratio of five scores among models around the published N_c."""
    rows = tables.published.all_rows.dropna(subset=list(_FIVE_SCORES))
    params = rows["params"].to_numpy(float)
    near = (params >= _AROUND[0]) & (params <= _AROUND[1])
    found = dynamics.controls.effective_dimension(
        rows[list(_FIVE_SCORES)].to_numpy(float)[near], n_boot=n_boot, seed=seed
    )
    published = float(_DIMENSION)
    inside = [
        low <= published <= high
        for low, high in (
            (found.covariance_low, found.covariance_high),
            (found.correlation_low, found.correlation_high),
        )
    ]
    known = found.status == "ok"
    return Claim(
        id="C24",
        claim="the effective dimension at N_c is 1.254",
        figures={"d_eff": figure(_DIMENSION, None)},
        obstacle="the number stands in the source's README alone, and no file there defines it",
        control=Control(
            "participation ratio of five scores of models in N_c's published interval",
            found.covariance,
            found.covariance_low,
            found.covariance_high,
            more={
                "models": found.models,
                "by_correlation": found.correlation,
                "by_correlation_low": found.correlation_low,
                "by_correlation_high": found.correlation_high,
            },
        ),
        rule=(
            "models from 2.9B to 13.4B, five scores: supported if the number lies inside the 95 % "
            "interval of the participation ratio by covariance and by correlation, not_supported "
            "if inside neither, undetermined otherwise and below ten models"
        ),
        inference=judge(holds=known and all(inside), fails=known and not any(inside)),
        reason=(
            f"Of {found.models} models around N_c the ratio is "
            f"{bounded(found.covariance, found.covariance_low, found.covariance_high)}"
            " by covariance and "
            f"{bounded(found.correlation, found.correlation_low, found.correlation_high)} "
            "by correlation."
            if known
            else f"{found.models} models lie around N_c, fewer than ten."
        ),
    )
