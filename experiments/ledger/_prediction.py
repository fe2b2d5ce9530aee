"""C10 and C11: the published ODE. Its numbers need the command; here its data are counted."""

import numpy as np

from ._claim import Claim, Control, figure, judge
from ._tables import PUBLISHED_TRUTH, REASONING, LedgerTables, flagged, published_family

_FIVE_SCORES = (REASONING, PUBLISHED_TRUTH, "arc_challenge", "winogrande", "mmlu")
_COMMAND = "nullcline ode crossval"


def ode_in_sample(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C10: increments of five scores on those scores, over the Pythia sizes."""
    rows = tables.published.all_rows
    pythia = rows[(rows["family"] == "Pythia").to_numpy() & ~flagged(rows, "wrong_family")]
    complete = pythia.dropna(subset=list(_FIVE_SCORES))
    steps, scores = max(len(complete) - 1, 0), len(_FIVE_SCORES)
    coefficients, increments = scores * (scores + 1), scores * steps
    return Claim(
        id="C10",
        claim="the coupled ODE fits Pythia",
        figures={"mean_error": figure("2.6", None, scale=0.01)},
        control=Control(
            "increments left per coefficient beyond the fit",
            (increments - coefficients) / coefficients,
            more={"coefficients": coefficients, "increments": increments},
        ),
        rule=(
            "not_supported if there are at least as many coefficients as increments, undetermined "
            "until the command has computed the number and its baselines otherwise"
        ),
        inference=judge(holds=False, fails=coefficients >= increments),
        reason=(
            f"{coefficients} coefficients stand on {increments} increments, "
            f"{increments - coefficients} more than coefficients."
        ),
        command=_COMMAND,
    )


def ode_held_out(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C11: Llama-2's truth score, predicted from Pythia and Llama-1."""
    held_out = published_family(tables, "Llama-2")
    return Claim(
        id="C11",
        claim="the ODE predicts held-out Llama-2 better than a degree-2 baseline",
        figures={
            "mean_error": figure("5.6", None, scale=0.01),
            "baseline_error": figure("10.2", None, scale=0.01),
        },
        control=Control(
            "held-out scores",
            len(held_out.models),
            more={"held_out_range": float(np.ptp(held_out.y)) if held_out.y.size else None},
        ),
        rule="undetermined until the command has computed the number and its baselines",
        inference=judge(holds=False, fails=False),
        reason=f"The error is a mean over {len(held_out.models)} scores of one family.",
        command=_COMMAND,
    )
