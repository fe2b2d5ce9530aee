"""C12 to C14 and C17: claims about model internals, as far as their published figures go.

The numbers need the models. What can be asked of the figures without them is whether they can be
measurements of different weights at all.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from ...common.statistics import wilson
from ..formats import interval, signed
from ._claim import Claim, Control, figure, judge
from ._evidence import effect_of
from ._margin import ALPHA, Margin, equivalence_p, sign_flip_p
from ._tables import LedgerTables, flagged

_DIGITS = 3  # the figures are published to three decimals
_ALIKE = 0.5 * 10**-_DIGITS
_FIRST, _LAST = "hidden", "wider_proj"
_MIDDLE = "original_proj"
_RECIPES = ("Qwen2.5", "Qwen3")


def _shared(rows: pd.DataFrame) -> np.ndarray:
    """Rows whose coupling equals that of another model under the same measure, to three digits."""
    shown = rows["coupling"].round(_DIGITS)
    alike = shown.groupby([rows["measure"], shown]).transform("size")
    return (alike > 1).to_numpy()


def _heads_scaled(rows: pd.DataFrame) -> np.ndarray:
    """Rows whose coupling is another row's times the share of heads that answered.

    That is so where the value is the measure's commonest value times k / heads, k the whole number
    of heads that the published cooperative share stands for, as far as the digits tell.
    """
    coupling, units, share = (
        rows[name].to_numpy(float) for name in ("coupling", "units", "cooperative_share")
    )
    found = np.zeros(len(rows), dtype=bool)
    for positions in rows.groupby("measure").indices.values():
        values, counts = np.unique(coupling[positions].round(_DIGITS), return_counts=True)
        if counts.max() < 2:
            continue
        common = values[counts.argmax()]
        for i in positions:
            if units[i] > 0 and 0 < share[i] < 1:
                answered = round(share[i] * units[i]) / units[i]
                # Both values are rounded, the common one before it is multiplied.
                found[i] = abs(common * answered - coupling[i]) <= _ALIKE * (1 + answered)
    return found


def competing_heads(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C12: models without competing heads."""
    rows = tables.internal_coupling
    cohort = (rows["in_cohort_of_40"] == "yes").to_numpy()
    shared, scaled = _shared(rows), _heads_scaled(rows)
    literal = flagged(rows, "literal_without_measurement")
    own = cohort & ~shared & ~scaled & ~literal
    counted = rows["competing_count"].notna().to_numpy()
    varying = counted & ~shared
    with_some = int(np.sum(rows["competing_count"].to_numpy()[varying] > 0))
    without, models = 38, 40
    low, high = wilson(without, models)
    zero = int(np.sum(own & (rows["competing_share"] == 0).to_numpy()))
    share_low, share_high = wilson(zero, int(own.sum()))
    return Claim(
        id="C12",
        claim="38 of 40 models have no competing heads",
        figures={"models_without": figure(str(without), None), "models": figure(str(models), None)},
        tolerance_reason="none: counts are exact",
        control=Control(
            "shipped rows of the 40 whose value can come from the model's own weights",
            int(own.sum()),
            more={
                "rows_of_the_40": int(cohort.sum()),
                "equal_to_another_model": int(np.sum(cohort & shared)),
                "common_value_times_heads": int(np.sum(cohort & scaled & ~shared)),
                "literals": int(np.sum(cohort & literal & ~shared)),
                "wilson_low": low,
                "wilson_high": high,
                "varying_rows": int(varying.sum()),
                "varying_rows_with_competing_units": with_some,
            },
        ),
        rule=(
            "supported if the share without competing heads among rows with a value of their own "
            "lies above one half at 95 % (Wilson), not_supported if below it; a row has none if "
            "it equals another model's to three digits, is the common value times a share of "
            "heads, or is a literal"
        ),
        inference=judge(holds=share_low > 0.5, fails=share_high < 0.5),
        reason=(
            f"{int(own.sum())} of the {int(cohort.sum())} shipped rows of the {models} hold a "
            f"value of the model's own, and where the measure differs between models "
            f"{with_some} of {int(varying.sum())} have competing units."
        ),
        command="nullcline heads MODEL",
    )


def output_bottleneck(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C13: coupling of the hidden state, after the unembedding, and through a wider map."""
    rows = tables.internal_coupling
    site = rows["measure"].str.extract(r"10 vs 10 prompts: (\w+)$")[0]
    values = rows.assign(site=site).dropna(subset=["site"])
    values = values.pivot(index="model", columns="site", values="coupling")
    values = values.reindex(columns=[_FIRST, _MIDDLE, _LAST]).dropna()
    drops = int(np.sum(values[_MIDDLE] < values[_FIRST]))
    whole = int(np.sum((values[_MIDDLE] < values[_FIRST]) & (values[_LAST] > values[_FIRST])))
    gelu = int(flagged(rows, "wider_map_is_gelu").sum())
    listed = ", ".join(
        f"{name.rsplit('/', 1)[-1]} {a:.3f} to {b:.3f}"
        for name, a, b in zip(values.index, values[_FIRST], values[_MIDDLE], strict=True)
    )
    return Claim(
        id="C13",
        claim="the unembedding lowers Pythia-1B's coupling and a wider map restores it",
        figures={
            "hidden": figure("0.725", None),
            "after_unembedding": figure("0.639", None),
            "wider_map": figure("0.805", None),
        },
        control=Control(
            "published sizes whose coupling drops after the unembedding",
            drops,
            more={
                "sizes": len(values),
                "sizes_that_drop_and_rise_above": whole,
                "wider_maps_equal_to_gelu": gelu,
            },
        ),
        rule=(
            "by the published values of all sizes: supported if every size drops, of at least "
            "three, not_supported if fewer than half do, undetermined otherwise"
        ),
        inference=judge(
            holds=drops == len(values) >= 3, fails=len(values) >= 3 and 2 * drops < len(values)
        ),
        reason=(
            f"By its own figures the coupling drops after the unembedding at {drops} of "
            f"{len(values)} sizes ({listed})."
        ),
        command="nullcline heads EleutherAI/pythia-1b",
    )


def steering(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C14: share of outputs counted as corrected."""
    counted = tables.organism_steering
    counted = counted[counted["search"] == "no cue"]
    prompts = int(counted["counted_prompts"].sum())
    steered, again = (
        round(float((counted[name] * counted["counted_prompts"]).sum()))
        for name in ("counted_steered", "counted_strength_0")
    )
    low, high = wilson(again, prompts)
    figures = {
        "corrected_410M": figure("60", None, scale=0.01),
        "corrected_1B": figure("30", None, scale=0.01),
        "corrected_2.8B": figure("20", None, scale=0.01),
    }
    margin = Margin(
        min(f.published or math.nan for f in figures.values()) / 2,
        "half of the smallest share that the paper reports as corrected",
    )
    more = (counted["counted_steered"] - counted["counted_strength_0"]).to_numpy(float)
    raised = effect_of("share of texts that the vector adds", more)
    same = equivalence_p(more, margin.value)
    beyond = sign_flip_p(more - margin.value, alternative="greater")
    return Claim(
        id="C14",
        claim="adding a truth direction corrects outputs",
        figures=figures,
        control=Control(
            "share of texts of shipped organisms that differ with nothing added, sampled again",
            again / prompts,
            low,
            high,
            more={
                "prompts": prompts,
                "share_with_the_published_vector": steered / prompts,
                "added_by_the_vector": raised.figure,
                "added_low": raised.low,
                "added_high": raised.high,
                "p_inside_margin": same,
                "p_beyond_margin": beyond,
                "models": raised.n,
            },
        ),
        margins={"added_share": margin},
        rule=(
            "the published count, texts that differ, on shipped organisms with the published "
            "vector and with nothing added, sign flips over models: supported if the vector adds "
            "more than the margin at p < .05; not_supported if what it adds is shown to lie inside "
            "the margin (the count is then got without a vector); undetermined otherwise"
        ),
        inference=judge(holds=beyond < ALPHA, fails=same < ALPHA),
        reason=(
            "0 of the 3 published shares are given beside strength 0 or a random direction; a text "
            "that differs was counted as corrected: by that count "
            f"{again} of {prompts} texts of shipped organisms are corrected with nothing added, "
            f"and {steered} with the published vector, which adds {signed(raised.figure)} "
            f"{interval(raised.low, raised.high)} (inside ±{margin.value:.2f} at p = {same:.3f})."
        ),
        command="nullcline evaluate EleutherAI/pythia-410m",
    )


def recipe(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C17: the recipe moves the critical scale."""
    rows = tables.internal_coupling
    short = rows["model"].str.rsplit("/", n=1).str[-1]
    shared, scaled = _shared(rows), _heads_scaled(rows)
    literal = flagged(rows, "literal_without_measurement")
    low, high = (short == "Qwen2.5-1.5B").to_numpy(), (short == "Qwen3-1.7B").to_numpy()
    both = bool(low.any() and high.any())
    artefact = both and bool(scaled[low].all() and shared[high].all())
    value = heads = share = math.nan
    if both:
        row = rows[low].iloc[0]
        value = float(rows.loc[high, "coupling"].iloc[0])
        heads, share = float(row["units"]), round(row["cooperative_share"] * row["units"])
    own = ~(shared | scaled | literal)
    clean = both and bool(own[low | high].all())
    p = _recipe_p(rows[own]) if clean else math.nan
    same = int(np.sum(rows["coupling"].round(_DIGITS) == round(value, _DIGITS)))
    return Claim(
        id="C17",
        claim="the recipe moves the coupling: Qwen2.5 to Qwen3, Gemma-4, Phi",
        figures={
            "Qwen2.5-1.5B": figure("0.025", None),
            "Qwen3-1.7B": figure("0.830", None),
            "Gemma-4-4B": figure("0.871", None),
        },
        control=Control(
            "Qwen3-1.7B's value times the share of Qwen2.5-1.5B's heads that answered",
            value * share / heads,
            more={
                "value": value,
                "heads": heads,
                "heads_that_answered": share,
                "models_with_that_value": same,
                "p_between_recipes": p,
                "Gemma-4_literals": int(
                    np.sum(literal & short.str.startswith("gemma-4").to_numpy())
                ),
            },
        ),
        rule=(
            "not_supported if the low value is, to three digits, the common value times the share "
            "of heads that answered, and the high value is that of other models as well; supported "
            "if both are the models' own and, under one measure, the own values of Qwen2.5 and of "
            "Qwen3 differ between the two recipes at exact permutation p < .05; undetermined "
            "otherwise: two values alone may differ by chance"
        ),
        inference=judge(holds=clean and p < ALPHA, fails=artefact),
        reason=(
            f"{value:.3f} times {share:.0f} of {heads:.0f} heads is {value * share / heads:.3f}, "
            f"and {same} models of different weights have the value {value:.3f}."
            if both and not clean
            else f"Qwen2.5-1.5B and Qwen3-1.7B have values of their own, and those of the two "
            f"recipes differ at permutation p = {p:.3f}."
            if both
            else "0 of the 2 Qwen values are shipped."
        ),
        command="nullcline heads Qwen/Qwen2.5-1.5B",
    )


def _recipe_p(rows: pd.DataFrame) -> float:
    """Exact two-sided p that the couplings of Qwen2.5 and Qwen3 do not differ, under the measure
    that has most of them; NaN where a recipe has fewer than two."""
    mine = rows[rows["family"].isin(_RECIPES)]
    if not len(mine):
        return math.nan
    mine = mine[mine["measure"] == mine["measure"].mode().iloc[0]]
    groups = [mine.loc[mine["family"] == name, "coupling"].to_numpy(float) for name in _RECIPES]
    if min(len(group) for group in groups) < 2:
        return math.nan
    test = stats.permutation_test(
        groups,
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)
