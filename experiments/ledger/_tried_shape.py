"""C08 by experiment: at equal parameter counts, is it width that decides?"""

import numpy as np

from ... import organisms
from ..formats import signed
from ._evidence import Evidence, effect_of, holm_by_name
from ._judge import judge
from ._margin import ALPHA, sign_flip_p
from ._seeds import CONTROL, SOURCE, curves_of, shift_of, shifts, status_of, values_of
from ._tables import LedgerTables

_WIDTH = f"shift of log10 N_c if width alone decided, {{}} against {CONTROL}"
_LEFT = f"shift of log10 N_c less that, {{}} against {CONTROL}"


def shape(tables: LedgerTables) -> Evidence:
    """Width alone predicts where a family of another shape turns: at the control's width there."""
    treated = organisms.EXPERIMENTS["shape"].treated
    sizes = {t: shift_of(tables, t, "log10_critical", "log10 N_c") for t in treated}
    widths = {t: shift_of(tables, t, "log10_critical_width", "log10 width at N_c") for t in treated}
    depths = {t: shift_of(tables, t, "depth", "depth of the fall") for t in treated}
    predicted = {t: _predicted(tables, t) for t in treated if sizes[t].status == "ok"}
    expected = {t: effect_of(_WIDTH.format(t), values) for t, values in predicted.items()}
    left, short, toward = {}, {}, {}
    for t, values in predicted.items():
        shift, _ = shifts(tables, t, "log10_critical")
        way = np.sign(np.nanmean(values))
        left[t] = effect_of(_LEFT.format(t), shift - values)
        # Under either hypothesis only one of the two verdicts is false, so each has its own level.
        short[t] = sign_flip_p(way * (shift - values), alternative="less")
        toward[t] = sign_flip_p(way * shift, alternative="greater")
    excluded, moved = (
        [t for t, p in holm_by_name(tests).items() if p < ALPHA] for tests in (short, toward)
    )
    return Evidence(
        inference=judge(holds=bool(moved) and not excluded, fails=bool(excluded) and not moved),
        rule=(
            "if width alone decided, a family of another shape would turn at the width at which "
            f"{CONTROL} turns, which predicts a shift of log10 N_c; exact one-sided sign flips "
            "over seeds, Holm over shapes: not_supported if a shift falls short of the predicted "
            "one at p < .05 and none is seen that way; supported if a shift that way is seen at "
            "p < .05 and none falls short; undetermined otherwise"
        ),
        reason=f"At equal parameter counts against {CONTROL}: "
        + "; ".join(
            f"{t}: log10 N_c {sizes[t]} where width alone predicts {signed(expected[t].figure)} "
            f"(less than predicted: p = {short[t]:.3f}; that way at all: p = {toward[t]:.3f})"
            if t in predicted
            else f"{t}: {sizes[t]} over the sizes, depth of the fall {depths[t]}"
            for t in treated
        )
        + ".",
        effects=(
            *sizes.values(),
            *expected.values(),
            *left.values(),
            *widths.values(),
            *depths.values(),
        ),
        source=SOURCE,
    )


def _predicted(tables: LedgerTables, treated: str) -> np.ndarray:
    """By seed: log10 size of the treated family at the width where the control turns, less log10
    of the control's size there. By a line through log width where that lies between its sizes."""
    control, other = curves_of(tables, CONTROL), curves_of(tables, treated)
    if status_of(control, other) != "ok":
        return np.empty(0)
    common = sorted({c.seed for c in control} & {c.seed for c in other})
    width, size = (values_of(control, q) for q in ("log10_critical_width", "log10_critical"))
    shape_of = {curve.seed: curve for curve in other}
    return np.array(
        [
            np.interp(width[seed], shape_of[seed].log10_width, shape_of[seed].log10_params)
            - size[seed]
            for seed in common
        ]
    )
