"""C13 by experiment: does a narrower output map make the tax worse and a wider one better?"""

from typing import Literal

from ... import organisms
from ._evidence import Evidence, counted, holm_by_name, share_effect
from ._judge import judge
from ._margin import ALPHA, sign_flip_p
from ._seeds import CONTROL, SOURCE, shift_of, shifts
from ._tables import LedgerTables

_NARROW, _WIDE = "bottleneck", "widened"
#: Which way each quantity goes when the tax gets worse.
_WORSE: dict[organisms.Quantity, Literal[-1, 1]] = {"log10_critical": 1, "recovery": -1}


def unembedding(tables: LedgerTables) -> Evidence:
    """Families with the trunk of the control and another output map."""
    treated = organisms.EXPERIMENTS["unembedding"].treated
    sizes = {t: shift_of(tables, t, "log10_critical", "log10 N_c") for t in treated}
    recoveries = {t: shift_of(tables, t, "recovery", "recovery") for t in treated}
    claimed, contrary = _tests(tables, 1), _tests(tables, -1)
    shown = [name for name, p in holm_by_name(claimed).items() if p < ALPHA]
    against = [name for name, p in holm_by_name(contrary).items() if p < ALPHA]
    both = all(any(name.startswith(t) for name in shown) for t in (_NARROW, _WIDE))
    heads = tables.organism_heads
    outside = ~heads["cosine_logits"].between(heads["null_low"], heads["null_high"])
    least = min(holm_by_name(claimed).values(), default=1.0)
    return Evidence(
        inference=judge(holds=both and not against, fails=bool(against)),
        rule=(
            "same trunk, exact one-sided sign flips over seeds, Holm over the tests of both maps: "
            "supported if an output map through half the width makes N_c larger or the recovery "
            "smaller and one through four times the width the reverse, each at p < .05; "
            "not_supported if either does the contrary; undetermined otherwise"
        ),
        reason=f"With the trunk of {CONTROL}: "
        + "; ".join(
            f"{t}: log10 N_c "
            + (str(sizes[t]) if sizes[t].status == "ok" else f"unknown ({sizes[t]})")
            + f", recovery {recoveries[t]}"
            for t in treated
        )
        + f"; the smallest of {len(claimed)} corrected p is {least:.3f}. The unembedding moves the "
        "cosine of the two states further than it moves random directions in "
        f"{counted(outside)} shipped models.",
        effects=(
            *sizes.values(),
            *recoveries.values(),
            share_effect("models whose cosine leaves the null of random directions", outside),
        ),
        source=(*SOURCE, "organism_heads"),
    )


def _tests(tables: LedgerTables, way: Literal[-1, 1]) -> dict[str, float]:
    """One-sided p by treatment and quantity, of the claimed way (1) or of the contrary (-1)."""
    found = {}
    for treated, worse in ((_NARROW, 1), (_WIDE, -1)):
        for quantity, sign in _WORSE.items():
            values, status = shifts(tables, treated, quantity)
            if status == "ok" and values.size > 1:
                found[f"{treated} {quantity}"] = sign_flip_p(
                    way * worse * sign * values, alternative="greater"
                )
    return found
