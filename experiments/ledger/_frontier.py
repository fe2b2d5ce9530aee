"""C15: the frontier panel's line, beside what the release date alone predicts, the same pair under
one harness, and what all benchmarks share."""

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.numbers import bounded
from ._claim import LAST_DIGIT, Claim, Control, figure, judge
from ._margin import Margin
from ._tables import LedgerTables, stderr_of_items

_X, _Y = "swe_bench_verified", "gpqa_diamond"
_AT_SETTING = "gpqa_diamond_at_swe_setting"


def frontier(tables: LedgerTables, *, n_boot: int, seed: int) -> Claim:
    """C15: correlation, line, error on unseen labs, slopes by lab."""
    panel = tables.frontier[tables.frontier["panel"] == "frozen"]
    x, y = panel[_X].to_numpy(float), panel[_Y].to_numpy(float)
    lab = panel["lab"].to_numpy().astype(str)
    date = np.array([dynamics.controls.decimal_year(str(text)) for text in panel["date"]])
    line = dynamics.controls.population_line(
        x, y, x_stderr=stderr_of_items(x, _X), y_stderr=stderr_of_items(y, _Y)
    )
    unseen = {
        name: dynamics.controls.leave_one_lab_out(covariates, y, lab)
        for name, covariates in {
            "score": x[:, None],
            "date": date[:, None],
            "score_and_date": np.column_stack([x, date]),
            "mean": np.empty((len(x), 0)),
        }.items()
    }
    lines = dynamics.controls.lab_lines(x, y, lab)
    slopes = {name: lines[name].slope if name in lines else None for name in ("Google", "DeepSeek")}
    effects = dynamics.controls.lab_effects(np.column_stack([x, date]), y, lab)
    plain = dynamics.controls.lab_effects(x[:, None], y, lab)
    shared, same = one_harness(tables.frontier_one_harness)
    alone = shared.pair.low > 0 and shared.given_others.low > 0
    beyond_date = effects.low > 0
    better = unseen["score"].mean < min(unseen["date"].mean, unseen["mean"].mean)
    within_error = int(np.sum(np.abs(line.residual) < 1.96 * line.residual_stderr))
    figures = {
        "r": figure("0.72", line.r),
        "models": figure("34", line.models),
        "labs": figure("10", len(set(lab))),
        "slope": figure("0.513", line.slope),
        "intercept": figure("46.4", line.intercept, scale=0.01),
        "unseen_lab_error": figure("9.2", unseen["score"].mean, scale=0.01),
        "unseen_lab_error_sd": figure("2.4", unseen["score"].sd, scale=0.01),
        "slope_Google": figure("1.15", slopes["Google"]),
        "slope_DeepSeek": figure("0.23", slopes["DeepSeek"]),
    }
    margin = Margin((figures["slope"].published or 0) / 2, "half of the published slope")
    return Claim(
        id="C15",
        claim="cooperation goes on at the frontier",
        figures=figures,
        tolerance_reason=f"{LAST_DIGIT}; counts are exact",
        control=Control(
            "error on unseen labs by release date alone",
            unseen["date"].mean,
            more={
                "by_score": unseen["score"].mean,
                "by_score_and_date": unseen["score_and_date"].mean,
                "by_mean": unseen["mean"].mean,
                "slope_given_date": effects.slope,
                "slope_given_date_low": effects.low,
                "slope_given_date_high": effects.high,
                "slope_given_lab": plain.slope,
                "slope_given_lab_low": plain.low,
                "slope_given_lab_high": plain.high,
                "equal_slopes_p": dynamics.controls.equal_slopes_p(x, y, lab),
                "residuals_within_their_error": within_error,
                **_one_harness_figures(shared, same),
            },
        ),
        margins={"slope_given_date": margin},
        rule=(
            "supported if the slope given lab and date is above 0 at 95 %, the score predicts "
            "unseen labs better than date or mean alone, and under one harness r is above 0 at "
            "95 %, also given the other benchmarks; not_supported if that slope lies below 0 "
            "at 95 %, or below the margin while the score does not predict better; undetermined "
            "otherwise"
        ),
        inference=judge(
            holds=beyond_date and better and alone,
            fails=effects.high < 0
            or (not better and not beyond_date and effects.high < margin.value),
        ),
        reason=(
            f"Unseen labs are predicted with an error of {100 * unseen['date'].mean:.1f} points by "
            f"date alone and {100 * unseen['score'].mean:.1f} by the score; the slope given lab "
            f"and date is {bounded(effects.slope, effects.low, effects.high)}; under one "
            f"harness r is {_r(shared.pair)} ({_r(same)} where both runs have one setting), given "
            "the other benchmarks "
            f"{_r(shared.given_others)}, and {shared.positive} of {len(shared.pairs)} pairs of "
            "benchmarks correlate."
        ),
    )


def one_harness(
    panel: pd.DataFrame,
) -> tuple[dynamics.controls.GeneralFactor, dynamics.controls.PairCorrelation]:
    """The pair beside all pairs of benchmarks in the panel of one harness, each at its best
    setting, and the pair where both runs have one setting."""
    scores = {name: panel[name].to_numpy(float) for name in dynamics.BENCHMARKS if name in panel}
    same = {_X: scores[_X], _Y: panel[_AT_SETTING].to_numpy(float)}
    return (
        dynamics.controls.general_factor(scores, (_X, _Y)),
        dynamics.controls.pair_correlation(same, _X, _Y),
    )


def _one_harness_figures(
    shared: dynamics.controls.GeneralFactor, same: dynamics.controls.PairCorrelation
) -> dict[str, float | None]:
    found = {
        "one_harness": shared.pair,
        "one_harness_same_setting": same,
        "one_harness_given_others": shared.given_others,
    }
    return {
        **{
            f"{name}_{part}": value
            for name, pair in found.items()
            for part, value in (
                ("r", pair.r), ("low", pair.low), ("high", pair.high), ("models", pair.models)
            )
        },
        "pairs_of_benchmarks": len(shared.pairs),
        "pairs_above_0": shared.positive,
        "smallest_pair_r": min((pair.r for pair in shared.pairs), default=None),
    }  # fmt: skip


def _r(pair: dynamics.controls.PairCorrelation) -> str:
    return f"{bounded(pair.r, pair.low, pair.high)}, n = {pair.models}"
