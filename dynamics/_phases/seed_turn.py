"""A family's turn where every size was trained with several seeds: the seeds themselves tell."""

import dataclasses

import numpy as np
from jaxtyping import Float

from ...common.statistics import student
from ...common.turns import fall_and_rise, turns_by_seed, vertex_at_lowest
from .critical_types import FamilyCritical


def turn_over_seeds(
    curve: FamilyCritical,
    log10_params: Float[np.ndarray, " sizes"],
    scores: Float[np.ndarray, "seeds sizes"],
) -> FamilyCritical:
    """What `u_test` found on the means over seeds, decided by the seeds in its place.

    A quadratic bends wherever scores fall and stay, or stay and rise, so that on the means of
    several seeds, which are precise, it is often a U where nothing turns. `common.turns` has the
    rule that needs no curve.

    **Arguments**: `curve`, the test of the means; `scores` of every seed at every size.

    **Returns** `curve` with `by_seeds`, and its p as `p_value`. `bracketed` where the family is
    seen to fall and to rise: then `vertex` is the mean over seeds of where each is lowest, with
    Student's interval, and `degrees_of_freedom` are those of the seeds. Elsewhere the position and
    the interval stay those of the quadratic, which is no turn, and a status of `bracketed` becomes
    `not_bracketed`. A family that `u_test` calls `underdetermined` stays so.

    **Limits**: seeds whose lowest size is the smallest or the largest one have no position of their
    own; with fewer than two that have one the interval is unbounded.
    """
    if curve.status == "underdetermined":
        return curve
    turns = turns_by_seed(scores)
    judged = fall_and_rise(turns.depth, turns.recovery, level=curve.level)
    found = dataclasses.replace(curve, by_seeds=judged, p_value=judged.p)
    if judged.status != "ok":
        unseen = "not_bracketed" if curve.status == "bracketed" else curve.status
        return dataclasses.replace(found, status=unseen)
    place, low, high = _place(log10_params, scores, curve.level)
    return dataclasses.replace(
        found,
        status="bracketed",
        vertex=place,
        low=low,
        high=high,
        degrees_of_freedom=float(judged.seeds - 1),
    )


def _place(log10_params, scores, level: float) -> tuple[float, float, float]:
    places = np.array([vertex_at_lowest(log10_params, seed) for seed in scores])
    known = places[np.isfinite(places)]
    if not known.size:
        known = np.array([vertex_at_lowest(log10_params, scores.mean(axis=0))])
    mean, low, high = student(known, level=level)
    return float(mean), float(low), float(high)
