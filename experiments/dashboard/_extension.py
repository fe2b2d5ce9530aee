"""Your table: what the reader warns of, and what the dynamics expect of the next sizes."""

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, FamilyPrediction, benchmark
from ..formats import size
from ..studies.diagnosis import conclusions
from ..studies.ode import about_distance, reliance
from ._account import account_block, table_facts, warnings_block
from ._blocks import Block, Csv, View, csv_data, figure, later, lines, notice, table
from ._blocks import view as make_view
from ._kinds import kinds_block
from ._overview import families_table
from ._phase_diagram import phase_diagram
from ._plan import plan_block
from ._style import PHASES, layout, percent, size_axis, trace

_MOST = 6  # families whose next sizes are predicted
#: Of a table of more families one is: to learn from so many takes half a minute for each.
_MANY = 100
_NEXT = "The next sizes, as the coupled equations predict them"
_FURTHER = 10.0  # how many times the largest model the furthest prediction lies


def table_view(
    table_: dynamics.ScoreTable, diagnosis: Diagnosis, *, why: str = "", live: bool = False
) -> View:
    """A table of the reader's own: warnings, phases, and the next sizes with bands.

    `why`: why this pair of scores is looked at, where nobody chose it. `live`: the next sizes are a
    section that the page asks for when it is opened (`next_view`).
    """
    warned = warnings_block(diagnosis.warnings) or lines("The reader has no warning.")
    return make_view(
        table_.name,
        "What does this table say about its families, and what comes at the next sizes?",
        [
            table_facts(table_),
            lines(why) if why else None,
            account_block(table_.account),
            warned,
            lines(*conclusions(diagnosis)),
            phase_diagram(diagnosis),
            families_table(diagnosis),
            plan_block(table_, diagnosis, _largest(diagnosis)[:_MOST]),
            *([later(_NEXT, "next")] if live else next_view(table_, diagnosis)["blocks"]),
            kinds_block(table_, reasoning=diagnosis.reasoning, truth=diagnosis.truth),
        ],
    )


def next_view(table_: dynamics.ScoreTable, diagnosis: Diagnosis) -> View:
    """The next sizes of the families with most models: of six, of one where there are many."""
    families = diagnosis.families
    chosen = _largest(diagnosis)[: _MOST if len(families) <= _MANY else 1]
    left = lines(_which(len(chosen), len(families))) if len(chosen) < len(families) else None
    return make_view(_NEXT, "", [left, *_predictions(table_, diagnosis, chosen)])


def _which(shown: int, families: int) -> str:
    if families > _MANY:
        return (
            f"Next sizes are shown for 1 family of {families}: the one with most models. Of a "
            f"table of more than {_MANY} families the page predicts no more; nullcline ode predict "
            "--extend FAMILY does so for any."
        )
    return (
        f"Next sizes are shown for {counted(shown, 'family')} of {families}: those with most "
        "models."
    )


def _largest(diagnosis: Diagnosis) -> list[FamilyDiagnosis]:
    return sorted(diagnosis.families, key=lambda f: -len(f.models))


def _next_sizes(family: FamilyDiagnosis) -> np.ndarray:
    largest = 10 ** family.log10_params[-1]
    return largest * np.geomspace(2, _FURTHER, 4)


def _predictions(
    table_: dynamics.ScoreTable, diagnosis: Diagnosis, chosen: list[FamilyDiagnosis]
) -> list[Block]:
    """The next sizes of each family; families without one are named together, with the reason."""
    blocks: list[Block] = []
    missing: dict[str, list[str]] = {}
    for family in chosen:
        try:
            prediction = dynamics.extend(table_, family.family, params=_next_sizes(family).tolist())
        except ValueError as error:
            missing.setdefault(str(error), []).append(family.family)
            continue
        pair = (diagnosis.reasoning, diagnosis.truth)
        there = [name for name in pair if name in prediction.benchmarks]
        if there:
            blocks.append(_figure(family, diagnosis, prediction, there))
        blocks.append(_numbers(family, prediction))
    for reason, families in missing.items():
        blocks.append(
            notice("No prediction of the next sizes", f"{', '.join(families)}: {reason}.")
        )
    return blocks


def _figure(
    family: FamilyDiagnosis, diagnosis: Diagnosis, prediction: FamilyPrediction, there: list[str]
) -> Block:
    colours = dict(zip(there, (PHASES["bonus"], PHASES["tax"]), strict=False))
    observed = {diagnosis.reasoning: family.reasoning, diagnosis.truth: family.truth}
    traces = []
    grid = np.log10(prediction.params)
    for name in there:
        column = prediction.benchmarks.index(name)
        label = benchmark(name).title
        low, middle, high = (
            100 * values[:, column]
            for values in (prediction.low, prediction.predicted, prediction.high)
        )
        shown = {"size": 8, "color": colours[name]}
        traces += [
            trace(family.log10_params, 100 * observed[name], mode="lines+markers", marker=shown,
                  line={"color": colours[name], "width": 1.2}, name=f"{label}, measured",
                  hovertemplate="%{y:.1f} %<extra></extra>"),
            trace(grid, middle, mode="lines+markers",
                  marker={**shown, "symbol": "circle-open"},
                  line={"color": colours[name], "width": 1.2, "dash": "dash"},
                  error_y={"type": "data", "symmetric": False, "array": (high - middle).tolist(),
                           "arrayminus": (middle - low).tolist(), "thickness": 1.2, "width": 4},
                  text=[size(p) for p in prediction.params],
                  hovertemplate="%{text}: %{y:.1f} %<extra></extra>",
                  name=f"{label}, predicted, {100 * prediction.level:.0f} %"),
        ]  # fmt: skip
    ends = family.log10_params[0] - 0.2, grid[-1] + 0.2
    return figure(
        "next-sizes",
        f"{family.family}: the next sizes",
        traces=traces,
        layout=layout(x=size_axis(*ends), y=percent("score")),
        alt="Measured scores by size, and the ODE's predictions for larger models with bands.",
        data=_data(family, prediction),
        note=f"{reliance(prediction)} {about_distance(prediction)} The coupled ODE learned from "
        f"{counted(len(prediction.trained_on), 'family')}; bands aim at "
        f"{100 * prediction.level:.0f} %.",
        height=380,
    )


def _data(family: FamilyDiagnosis, prediction: FamilyPrediction) -> Csv:
    rows = [
        (
            family.family,
            params,
            name,
            prediction.predicted[i, j],
            prediction.low[i, j],
            prediction.high[i, j],
        )
        for i, params in enumerate(prediction.params)
        for j, name in enumerate(prediction.benchmarks)
    ]
    return csv_data(
        "next-sizes", ("family", "params", "benchmark", "predicted", "low", "high"), rows
    )


def _numbers(family: FamilyDiagnosis, prediction: FamilyPrediction) -> Block:
    rows = [
        (
            size(params),
            *(
                f"{100 * prediction.predicted[i, j]:.1f} "
                f"[{100 * prediction.low[i, j]:.1f}, {100 * prediction.high[i, j]:.1f}]"
                for j in range(len(prediction.benchmarks))
            ),
        )
        for i, params in enumerate(prediction.params)
    ]
    return table(
        f"{family.family}: predicted scores (%), {100 * prediction.level:.0f} % bands",
        ("N", *(benchmark(name).title for name in prediction.benchmarks)),
        rows,
        right=tuple(range(1, len(prediction.benchmarks) + 1)),
        data=_data(family, prediction),
    )
