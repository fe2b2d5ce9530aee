"""What the experiments with trained families say of C08, C12, C13, C14, C17 and C18.

C12 counts heads of the shipped models (`data/organism_heads.csv`), C14 steers them
(`data/organism_steering.csv`). The others compare families that
differ in one thing, paired by seed (`data/organism_experiments.csv`, `data/organism_families.csv`).
"""

import dataclasses
import math
from collections.abc import Callable

import pandas as pd

from ...common.statistics import wilson
from ..formats import interval, signed
from ._claim import Claim
from ._evidence import Effect, Evidence, effect_of, holm_by_name
from ._judge import judge
from ._tables import LedgerTables

_SHIFTS = "organism_experiments"
_FAMILIES = "organism_families"
_HEADS = "organism_heads"
_STEERING = "organism_steering"
#: A model holds the truth where it gives this share of right answers behind a cue to it.
_HELD = 0.8
_WORDS = {
    "log10_critical": "log10 N_c",
    "log10_critical_width": "log10 width at N_c",
    "depth": "depth of the fall",
    "recovery": "recovery",
}
_CONTROL = "web"
_ALPHA = 0.05


def with_evidence(claim: Claim, tables: LedgerTables) -> Claim:
    """The claim with what experiments say of it, where one does."""
    if claim.id not in _EVIDENCE:
        return claim
    return dataclasses.replace(claim, by_experiment=_EVIDENCE[claim.id](tables))


def shape(tables: LedgerTables) -> Evidence:
    """C08: is it width that decides, at equal parameter counts?"""
    sizes = _shifts(tables, "shape", "log10_critical")
    widths = _shifts(tables, "shape", "log10_critical_width")
    depths = _shifts(tables, "shape", "depth")
    by_width = [t for t in sizes if _away(sizes[t]) and not _away(widths[t])]
    by_size = [t for t in sizes if _away(widths[t]) and not _away(sizes[t])]
    return Evidence(
        inference=judge(
            holds=len(by_width) > 0 and not by_size, fails=len(by_size) > 0 and not by_width
        ),
        rule=(
            "at equal parameter counts: supported if a shape moves N_c and not the width at N_c "
            "(95 %), as it would if width alone decided; not_supported if it moves the width at "
            "N_c and not N_c; undetermined if neither or both"
        ),
        reason="At equal parameter counts against web: "
        + "; ".join(
            f"{t}: log10 N_c {sizes[t]}, log10 width at N_c {widths[t]}"
            if sizes[t].status == "ok"
            else f"{t}: {sizes[t]} over the sizes, depth of the fall {depths[t]}"
            for t in sizes
        )
        + ".",
        effects=(*sizes.values(), *widths.values(), *depths.values()),
        source=(_SHIFTS,),
    )


def heads(tables: LedgerTables) -> Evidence:
    """C12: do heads compete, by their effects on logits, in models whose tax phase is real?"""
    rows = tables.organism_heads
    falsely = rows[rows["logit_difference"] < 0]
    none = _share_effect("models without a competing head", rows["competing"] == 0)
    taxed = _share_effect("the same among those that prefer the false answers",
                          falsely["competing"] == 0)  # fmt: skip
    return Evidence(
        inference=judge(holds=none.low > 0.5, fails=none.high < 0.5),
        rule=(
            "a head competes if its direct effects on truth and on reasoning pairs are both "
            "significant and of opposite sign; supported if the share of shipped models without "
            "one lies above one half at 95 % (Wilson), not_supported if below it"
        ),
        reason=(
            f"{_counted(rows['competing'] == 0)} shipped models have no competing head "
            f"{interval(none.low, none.high)}, and {_counted(falsely['competing'] == 0)} of those "
            f"that prefer the false answers; {int((rows['replicated'] > 0).sum())} have one in "
            f"both halves of the pairs. They have {rows['heads'].min()} to {rows['heads'].max()} "
            "heads each."
        ),
        effects=(none, taxed),
        source=(_HEADS,),
    )


def unembedding(tables: LedgerTables) -> Evidence:
    """C13: does a narrower output map make the tax worse and a wider one better?"""
    sizes = _shifts(tables, "unembedding", "log10_critical")
    recoveries = _shifts(tables, "unembedding", "recovery")
    narrow, wide = "bottleneck", "widened"
    worse = sizes[narrow].above or recoveries[narrow].below
    better = sizes[wide].below or recoveries[wide].above
    shown = tables.organism_heads
    outside = ~shown["cosine_logits"].between(shown["null_low"], shown["null_high"])
    contrary = (
        sizes[narrow].below or recoveries[narrow].above,
        sizes[wide].above or recoveries[wide].below,
    )
    return Evidence(
        inference=judge(holds=worse and better and not any(contrary), fails=any(contrary)),
        rule=(
            "same trunk: supported if an output map through half the width makes N_c larger or the "
            "recovery smaller and one through four times the width the reverse, each at 95 %; "
            "not_supported if either does the contrary; undetermined otherwise"
        ),
        reason="With the trunk of web: "
        + "; ".join(
            f"{t}: log10 N_c {_or_words(sizes[t])}, recovery {recoveries[t]}" for t in sizes
        )
        + f". The unembedding moves the cosine of the two states further than it moves random "
        f"directions in {_counted(outside)} shipped models.",
        effects=(
            *sizes.values(),
            *recoveries.values(),
            _share_effect("models whose cosine leaves the null of random directions", outside),
        ),
        source=(_SHIFTS, _HEADS),
    )


def steering(tables: LedgerTables) -> Evidence:
    """C14: does one vector turn false answers of models that hold the truth into true ones?"""
    rows = tables.organism_steering
    rows = rows[rows["search"] == "no cue"]
    able = rows[(rows["held"] >= _HELD) & (2 * rows["answered_falsely"] >= rows["questions"])]
    controls = able[["random_max", "shuffled_labels"]].max(axis=1)
    beyond = able["corrected_low"] > controls
    share = _share_effect("models that a vector corrects beyond its controls", beyond)
    best = able.loc[able["corrected_share"].idxmax()]
    unable = rows[rows["held"] < _HELD]
    unheld = unable["corrected_low"] > unable[["random_max", "shuffled_labels"]].max(axis=1)
    differ = (rows["counted_steered"] * rows["counted_prompts"]).sum()
    again = (rows["counted_strength_0"] * rows["counted_prompts"]).sum()
    prompts = rows["counted_prompts"].sum()
    return Evidence(
        inference=judge(holds=share.low > 0.5, fails=share.high < 0.5),
        rule=(
            f"of the shipped models that answer {_HELD:g} of the test questions truly behind a cue "
            "and at least half of them falsely without: supported if for more than half (Wilson, "
            "95 %) the share that a vector found without a cue corrects lies above that of every "
            "random direction of equal norm and of shuffled labels; not_supported if for fewer"
        ),
        reason=(
            f"A vector corrects more than its controls in {_counted(beyond)} models that hold the "
            f"truth and do not say it (most in {best['model']}: {best['corrected_share']:.2f} "
            f"[{best['corrected_low']:.2f}, {best['corrected_high']:.2f}], random at most "
            f"{best['random_max']:.2f}), and in {_counted(unheld)} that do not hold it; the "
            f"published rule corrects at most {able['published_rule'].max():.2f} there. By the "
            f"published count {differ:.0f} of {prompts} texts differ with its vector and "
            f"{again:.0f} with nothing added."
        ),
        effects=(
            share,
            _share_effect("the same among models that do not hold the truth", unheld),
        ),
        source=(_STEERING,),
    )


def training(tables: LedgerTables) -> Evidence:
    """C17: do text and training move the critical size, or the fall before it?"""
    sizes, depths = (
        _shifts(tables, "curation", quantity) | _shifts(tables, "training", quantity)
        for quantity in ("log10_critical", "depth")
    )
    adjusted = holm_by_name(sizes.values()) | holm_by_name(depths.values())
    moved = [t for t in sizes if adjusted.get(sizes[t].name, 1.0) < _ALPHA]
    changed = [t for t in depths if adjusted.get(depths[t].name, 1.0) < _ALPHA]
    flat = [t for t in sizes if sizes[t].status == "no_fall"]
    return Evidence(
        inference=judge(holds=len(moved) + len(changed) > 0, fails=False),
        rule=(
            "same shapes: supported if a treatment moves log10 N_c or the depth of the fall at "
            "p < .05 after Holm's correction over all treatments; undetermined otherwise, as no "
            "number of treatments without effect says that none has one"
        ),
        reason=(
            f"Of {len(depths)} treatments of text or training {len(changed)} change the depth of "
            f"the fall{_listed(depths, changed, adjusted)} and {len(moved)} of the "
            f"{sum(e.status == 'ok' for e in sizes.values())} with an N_c move it, the nearest "
            f"{_nearest(sizes, adjusted)}; no fall is seen in {len(flat)} "
            f"({', '.join(flat) or 'none'})."
        ),
        effects=(*sizes.values(), *depths.values()),
        source=(_SHIFTS,),
    )


def loss(tables: LedgerTables) -> Evidence:
    """C18: does the loss bend where the coupling changes its sign?"""
    rows = tables.organism_families
    found = {
        family: {
            quantity: effect_of(rows, f"{quantity}, {family}", family=family, quantity=quantity)
            for quantity in ("gamma_before", "gamma_after", "loss_bend", "loss_bend_elsewhere")
        }
        for family in rows["family"].unique()
    }
    turning = [f for f, e in found.items() if e["gamma_before"].below and e["gamma_after"].above]
    bent = [f for f in turning if _away(found[f]["loss_bend"])]
    ours = found[_CONTROL]
    seen = _CONTROL in turning
    return Evidence(
        inference=judge(holds=seen and _CONTROL not in bent, fails=seen and _CONTROL in bent),
        rule=(
            "in web: supported if gamma is below zero before the turn and above it after (95 %) "
            "and the interval of the loss's bend there holds zero; not_supported if it does not; "
            "undetermined if gamma is not seen to change sign"
        ),
        reason=(
            f"In web gamma goes from {ours['gamma_before']} to {ours['gamma_after']} while log "
            f"loss at the turn is {_percent(ours['loss_bend'])} off the line through its "
            f"neighbours, elsewhere {_percent(ours['loss_bend_elsewhere'])} (root mean square); "
            f"the bend differs from zero in {len(bent)} of {len(turning)} families whose gamma "
            "changes sign."
        ),
        effects=tuple(e for f in dict.fromkeys([_CONTROL, *turning]) for e in found[f].values()),
        source=(_FAMILIES,),
    )


_EVIDENCE: dict[str, Callable[[LedgerTables], Evidence]] = {
    "C08": shape,
    "C12": heads,
    "C13": unembedding,
    "C14": steering,
    "C17": training,
    "C18": loss,
}


def _shifts(tables: LedgerTables, experiment: str, quantity: str) -> dict[str, Effect]:
    """Every treatment of an experiment, in the order of the table."""
    rows: pd.DataFrame = tables.organism_experiments
    mine = rows[(rows["experiment"] == experiment) & (rows["quantity"] == quantity)]
    return {
        treated: effect_of(
            mine, f"{_WORDS[quantity]}, {treated} against {control}", treated=treated
        )
        for treated, control in zip(mine["treated"], mine["control"], strict=True)
    }


def _share_effect(name: str, having: pd.Series) -> Effect:
    """A share of models with Wilson's interval."""
    low, high = wilson(int(having.sum()), len(having))
    return Effect(
        name=name,
        figure=float(having.mean()),
        low=low,
        high=high,
        p=math.nan,
        n=len(having),
        status="ok",
    )


def _counted(having: pd.Series) -> str:
    return f"{int(having.sum())} of {len(having)}"


def _away(effect: Effect) -> bool:
    return effect.above or effect.below


def _or_words(effect: Effect) -> str:
    return str(effect) if effect.status == "ok" else f"unknown ({effect})"


def _percent(effect: Effect) -> str:
    """A small log ratio in per cent."""
    # The sum turns -0.0 into 0.0.
    ends = (effect.low, effect.figure, effect.high)
    low, mean, high = (signed(round(100 * end, 1) + 0.0, 1) for end in ends)
    return f"{mean} % [{low}, {high}]"


def _listed(effects: dict[str, Effect], names: list[str], adjusted: dict[str, float]) -> str:
    if not names:
        return ""
    each = [f"{t} {effects[t]}, Holm p {adjusted[effects[t].name]:.3f}" for t in names]
    return f" ({'; '.join(each)})"


def _nearest(effects: dict[str, Effect], adjusted: dict[str, float]) -> str:
    known = [t for t in effects if effects[t].name in adjusted]
    if not known:
        return "none"
    first = min(known, key=lambda t: effects[t].p)
    return f"{first} {effects[first]}, Holm p {adjusted[effects[first].name]:.3f}"
