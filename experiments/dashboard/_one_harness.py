"""The frontier under one harness, beside the makers' own scores."""

import numpy as np
import pandas as pd

from ... import dynamics
from ...common.words import counted
from ...dynamics import benchmark
from ..formats import interval, signed
from ._blocks import Block, csv_data, facts, figure, lines, table
from ._lab_markers import lab_markers
from ._style import INK, layout, percent, trace

_X, _Y = "swe_bench_verified", "gpqa_diamond"
_AT_SETTING = "gpqa_diamond_at_swe_setting"


def one_harness_blocks(makers: pd.DataFrame, panel: pd.DataFrame) -> list[Block]:
    """r beside the makers', the plane, and every pair of benchmarks."""
    scores = {name: panel[name].to_numpy(float) for name in dynamics.BENCHMARKS if name in panel}
    shared = dynamics.controls.general_factor(scores, (_X, _Y))
    same = dynamics.controls.pair_correlation(
        {_X: scores[_X], _Y: panel[_AT_SETTING].to_numpy(float)}, _X, _Y
    )
    theirs = dynamics.controls.pair_correlation(
        {name: makers[name].to_numpy(float) for name in (_X, _Y)}, _X, _Y
    )
    return [
        facts(
            ("r, as makers report", signed(theirs.r), _about(theirs)),
            ("r, one harness", signed(shared.pair.r), f"best settings, {_about(shared.pair)}"),
            ("r, one harness, same setting", signed(same.r), _about(same)),
            ("r given the other benchmarks", signed(shared.given_others.r),
             _about(shared.given_others)),
        ),
        _plane(makers, panel),
        _pairs(shared),
        lines(
            "One harness: all models were run by the same people with the same prompts and tools "
            "(Epoch AI's runs). Setting: how long a model may think before it answers; makers "
            "mostly report the longest.",
            "General factor: better models are better at everything, so that any two benchmarks "
            "correlate. r given the other benchmarks is what is left of the pair's r when the mean "
            "of the others is taken off both.",
        ),
    ]  # fmt: skip


def _about(pair: dynamics.controls.PairCorrelation) -> str:
    return f"95 % {interval(pair.low, pair.high)}, {counted(pair.models, 'model')}"


def _plane(makers: pd.DataFrame, panel: pd.DataFrame) -> Block:
    both = panel.dropna(subset=[_X, _Y]).reset_index(drop=True)
    line = dynamics.controls.population_line(both[_X].to_numpy(float), both[_Y].to_numpy(float))
    ends = np.array([both[_X].min(), both[_X].max()])
    x, y = benchmark(_X).title, benchmark(_Y).title
    told = [both[f"{name}_setting"].fillna("not told") for name in (_X, _Y)]
    settings = told[0] + " / " + told[1]
    shown = both.assign(model=both["model"] + " (" + settings + ")")
    columns = ["lab", "model", "date", _X, f"{_X}_stderr", _Y, f"{_Y}_stderr", _AT_SETTING]
    return figure(
        "one-harness",
        f"{y} against {x}, one harness",
        traces=[
            trace(
                100 * ends,
                100 * (line.intercept + line.slope * ends),
                mode="lines",
                line={"color": INK, "width": 2},
                name="population line",
                hoverinfo="skip",
            ),
            *lab_markers(
                shown,
                100 * shown[_X],
                100 * shown[_Y],
                hover="%{x:.1f} %, %{y:.1f} %",
                order=makers["lab"].value_counts().index.tolist(),
            ),
        ],
        layout=layout(x=percent(x), y=percent(y)),
        alt="A marker per model run by one harness, coloured by lab, with the line through all.",
        data=csv_data("one_harness", columns, both[columns].to_numpy(object).tolist()),
        note="Under the pointer: the settings of the SWE-bench and of the GPQA run.",
        height=460,
    )


def _pairs(shared: dynamics.controls.GeneralFactor) -> Block:
    ordered = sorted(shared.pairs, key=lambda pair: -pair.r)
    rows = [
        (
            f"{benchmark(pair.first).title} × {benchmark(pair.second).title}",
            signed(pair.r),
            interval(pair.low, pair.high),
            str(pair.models),
        )
        for pair in ordered
    ]
    plain_rows = [(p.first, p.second, p.r, p.low, p.high, p.models) for p in ordered]
    return table(
        "Every pair of benchmarks under one harness",
        ("pair", "r", "95 %", "models"),
        rows,
        right=(1, 3),
        note=f"{shared.positive} of {len(shared.pairs)} lie above 0 at 95 %; the intervals take "
        "models as independent, which those of one lab are not.",
        data=csv_data("pairs", ("first", "second", "r", "low", "high", "models"), plain_rows),
    )
