"""C18 by experiment: does the loss bend where the coupling changes its sign?"""

import numpy as np

from ... import organisms
from ..formats import interval, signed
from ._evidence import Effect, Evidence, effect_of
from ._judge import judge
from ._margin import ALPHA, Margin, equivalence_p, sign_flip_p
from ._seeds import CONTROL, SOURCE, curves_of, status_of
from ._tables import LedgerTables

_GAMMA = ("gamma_before", "gamma_after")


def loss(tables: LedgerTables) -> Evidence:
    """The loss at the turn beside the line through its neighbours, in every family that turns."""
    curves = {name: curves_of(tables, name) for name in tables.organisms["family"].unique()}
    turning = [name for name, group in curves.items() if status_of(group) == "ok"]
    gamma = {name: _gamma(curves[name]) for name in turning}
    seen = [n for n in turning if gamma[n][0].below and gamma[n][1].above]
    bends = {name: _bends(curves[name]) for name in seen}
    margin = Margin(
        _mean_fall(curves[CONTROL]),
        "the mean fall of log loss from one size to the next: a loss that lagged a whole size "
        "behind at the turn would lie so far above the line",
    )
    smooth = [n for n in seen if equivalence_p(bends[n], margin.value) < ALPHA]
    ours = bends.get(CONTROL, np.empty(0))
    inside = equivalence_p(ours, margin.value)
    beyond = min(
        sign_flip_p(ours - margin.value, alternative="greater"),
        sign_flip_p(-ours - margin.value, alternative="greater"),
    )
    effects = {name: (*gamma[name], effect_of(f"loss_bend, {name}", bends[name])) for name in seen}
    return Evidence(
        inference=judge(
            holds=CONTROL in seen and inside < ALPHA, fails=CONTROL in seen and beyond < ALPHA
        ),
        rule=(
            f"in {CONTROL}: supported if gamma is below zero before the turn and above it after "
            "(95 %) and the loss's bend there is shown to lie inside the margin (two one-sided "
            "exact sign-flip tests over seeds, p < .05); not_supported if it is shown to lie "
            "outside; undetermined otherwise"
        ),
        reason=(
            f"In {CONTROL} gamma goes from {gamma[CONTROL][0]} to {gamma[CONTROL][1]} while log "
            f"loss at the turn is {_percent(effects[CONTROL][2])} off the line through its "
            f"neighbours, inside the margin of {100 * margin.value:.1f} % at p = {inside:.3f} (the "
            f"exact test of {ours.size} seeds cannot fall below {0.5**ours.size:.2g}); the bend is "
            f"shown to lie inside it in {len(smooth)} of {len(seen)} families whose gamma changes "
            "sign."
            if CONTROL in seen
            else f"In {CONTROL} gamma is not seen to change sign; it does in {len(seen)} of "
            f"{len(curves)} families."
        ),
        effects=tuple(e for name in dict.fromkeys([CONTROL, *seen]) for e in effects.get(name, ())),
        source=SOURCE,
        margins={"loss_bend": margin},
    )


def _gamma(group: tuple[organisms.Curve, ...]) -> tuple[Effect, Effect]:
    """Coupling before and after the turn, with Fieller's interval over seeds."""
    found = {e.quantity: e for e in organisms.summarise(group) if e.quantity in _GAMMA}
    before, after = (
        Effect(f"{q}, {e.family}", e.mean, e.low, e.high, float("nan"), e.seeds, e.status)
        for q, e in ((q, found[q]) for q in _GAMMA)
    )
    return before, after


def _bends(group: tuple[organisms.Curve, ...]) -> np.ndarray:
    """By seed: log loss at the size where the other seeds are lowest, off its neighbours' line."""
    turn = organisms.turns(group)
    return np.array([organisms.loss_curvature(c, turn[c.seed].size_index)[0] for c in group])


def _mean_fall(group: tuple[organisms.Curve, ...]) -> float:
    return float(np.mean([-np.diff(np.log(curve.loss)) for curve in group])) if group else 0.0


def _percent(effect: Effect) -> str:
    """A small log ratio in per cent."""
    # The sum turns -0.0 into 0.0.
    ends = (effect.low, effect.figure, effect.high)
    low, mean, high = (signed(round(100 * end, 1) + 0.0, 1) for end in ends)
    return f"{mean} % {interval(float(low), float(high), lambda v: signed(v, 1))}"
