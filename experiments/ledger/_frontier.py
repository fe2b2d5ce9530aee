"""C15: the frontier panel's line, beside what the release date alone predicts."""

import numpy as np

from ... import dynamics
from ._claim import LAST_DIGIT, Claim, Control, figure, judge
from ._margin import Margin
from ._tables import LedgerTables, stderr_of_items

_X, _Y = "swe_bench_verified", "gpqa_diamond"


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
            },
        ),
        margins={"slope_given_date": margin},
        rule=(
            "supported if the slope given lab and date is above 0 at 95 % and the score predicts "
            "unseen labs better than date or mean alone; not_supported if that slope lies below 0 "
            "at 95 %, or below the margin while the score does not predict better; undetermined "
            "otherwise"
        ),
        inference=judge(
            holds=beyond_date and better,
            fails=effects.high < 0
            or (not better and not beyond_date and effects.high < margin.value),
        ),
        reason=(
            f"Unseen labs are predicted to {100 * unseen['date'].mean:.1f} points by date alone "
            f"and {100 * unseen['score'].mean:.1f} by the score, while the slope given lab and "
            f"date is {effects.slope:.2f} [{effects.low:.2f}, {effects.high:.2f}]."
        ),
    )
