"""C21 and C22: the second crash of the internal coupling, and the saturation of a benchmark."""

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.words import counted
from ..formats import added
from ._claim import Claim, Control, figure, judge
from ._tables import LedgerTables, stderr_of_items

_LOW, _HIGH = 30e9, 72e9  # published: where the second crash lies
_FALLEN = "OPT-30B"
_BEFORE = "OPT-13B"
_X, _Y = "swe_bench_verified", "gpqa_diamond"
_TOP = 5
_PASSES, _FAILS = 0.02, 0.05  # the paper's own bounds (its prediction 1)
_ENOUGH = 5  # families of which all fall: sign test p = 1/32


def second_crash(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C21: the fall at 30 to 72B, between measures and within them."""
    rows = tables.internal_coupling
    short = rows["model"].str.rsplit("/", n=1).str[-1].str.casefold()
    measures = {name: _measures(rows[short == name.casefold()]) for name in (_BEFORE, _FALLEN)}
    shared = measures[_BEFORE] & measures[_FALLEN]
    changes = _across(rows)
    falls = sum(change < 0 for change in changes.values())
    listed = ", ".join(f"{name} {added(change, 3)}" for name, change in changes.items())
    verb = "falls" if len(changes) == 1 else "fall"
    families = counted(len(changes), "family")
    of_all = f"{falls} of {families} with sizes on both sides of 30B {verb}"
    return Claim(
        id="C21",
        claim="the coupling crashes a second time, at 30 to 72B (Nc2)",
        figures={
            "drop": figure("59", None, scale=0.01),
            "OPT-13B": figure("0.876", None),
            "OPT-30B": figure("0.356", None),
            "OPT-66B": figure("0.396", None),
        },
        control=Control(
            "families with sizes on both sides of 30B under one measure whose coupling falls",
            falls,
            more={
                "families_on_both_sides": len(changes),
                "measures_of_OPT-13B": len(measures[_BEFORE]),
                "measures_of_OPT-30B": len(measures[_FALLEN]),
                "measures_of_both": len(shared),
                **{f"change_{name}": change for name, change in changes.items()},
            },
        ),
        rule=(
            "by the published values of one measure, the mean of a family's sizes below 30B "
            "against that of its sizes from 30 to 72B: supported if every family falls, of at "
            "least five (sign test); not_supported if the two published ends are of different "
            "measures and at most half of the families fall; undetermined otherwise"
        ),
        inference=judge(
            holds=falls == len(changes) >= _ENOUGH,
            fails=not shared and 2 * falls <= len(changes),
        ),
        reason=(
            f"OPT-13B and OPT-30B, the two ends of the fall, have {len(shared)} measures in "
            f"common, and under one measure {of_all}"
            f"{f' ({listed})' if listed else ''}."
        ),
        command="nullcline heads facebook/opt-30b",
    )


def _measures(rows: pd.DataFrame) -> set[str]:
    return set(rows["measure"])


def _across(rows: pd.DataFrame) -> dict[str, float]:
    """Family -> mean coupling from 30 to 72B less that below, under a measure that has both."""
    rows = rows[rows["params"] <= _HIGH].assign(
        above=rows["params"] >= _LOW, name=rows["family"].str.casefold()
    )
    found: dict[str, float] = {}
    for _, group in rows.groupby(["name", "measure"]):
        means = group.groupby("above")["coupling"].mean()
        if len(means) == 2:
            found[str(group["family"].iloc[0])] = float(means[True] - means[False])
    return found


def saturation(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C22: spreads of the five best coding models, with what their items can tell."""
    panel = tables.frontier[tables.frontier["panel"] == "frozen"]
    core = panel[panel["subset"] == "core"]
    swe, gpqa = (_spread(panel, name, _X) for name in (_X, _Y))
    own = _spread(panel, _Y, _Y)
    harness = _spread(tables.frontier_one_harness, _X, _X)
    later = _spread(tables.frontier, _X, _X)
    return Claim(
        id="C22",
        claim="SWE-bench saturates, at about 114B (Nc3)",
        figures={
            "Nc3": figure("114", None, scale=1e9),
            "top_5_spread_swe": figure("1.3", swe.value, scale=0.01),
            "top_5_spread_gpqa": figure("9.1", gpqa.value, scale=0.01),
        },
        obstacle=("the panel has no parameter counts, and no file of the source computes 114B"),
        control=Control(
            "spread of SWE-bench among its five best, by what its items can tell",
            swe.value,
            swe.low,
            swe.high,
            more={
                "core_spread_swe": _spread(core, _X, _X).value,
                "core_spread_gpqa": _spread(core, _Y, _X).value,
                "gpqa_spread_of_its_own_five_best": own.value,
                "one_harness_spread_swe": harness.value,
                "one_harness_spread_swe_low": harness.low,
                "one_harness_spread_swe_high": harness.high,
                "spread_swe_with_later_models": later.value,
            },
        ),
        rule=(
            "the five best by SWE-bench, Tukey's interval for items: supported if their spread "
            "lies below 2 points at 95 %, not_supported if above 5 (the paper's own bounds), "
            "undetermined otherwise"
        ),
        inference=judge(holds=swe.high < _PASSES, fails=swe.low > _FAILS),
        reason=(
            f"The five best lie {100 * swe.value:.1f} points apart "
            f"[{100 * swe.low:.1f}, {100 * swe.high:.1f}] and {100 * gpqa.value:.1f} in GPQA "
            f"(among the core models {100 * _spread(core, _X, _X).value:.1f} and "
            f"{100 * _spread(core, _Y, _X).value:.1f}); GPQA's own five best lie "
            f"{100 * own.value:.1f} apart, and with the later models SWE-bench's lie "
            f"{100 * later.value:.1f}."
        ),
    )


def _spread(panel: pd.DataFrame, name: str, by: str) -> dynamics.controls.Spread:
    best = panel.dropna(subset=[name, by]).nlargest(_TOP, by)
    score = best[name].to_numpy(float)
    return dynamics.controls.spread(np.asarray(score), stderr_of_items(score, name))
