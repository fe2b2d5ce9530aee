"""Your table: what the reader warns of, and what the dynamics expect of the next sizes."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, FamilyPrediction, benchmark
from ..accounts import account_line
from ..formats import size
from ..studies.diagnosis import conclusions
from ..studies.ode import about_distance, reliance
from ._blocks import Block, Csv, View, csv_data, details, facts, figure, lines, notice, table
from ._blocks import view as make_view
from ._kinds import kinds_block
from ._overview import families_table, warnings_block
from ._phase_diagram import phase_diagram
from ._plan import plan_block
from ._style import PHASES, layout, percent, size_axis, trace

_MOST = 6  # families whose next sizes are predicted
_MOST_ROWS = 200  # that were left out, in the account
_FURTHER = 10.0  # how many times the largest model the furthest prediction lies


def table_view(table_: dynamics.ScoreTable, diagnosis: Diagnosis) -> View:
    """A table of the reader's own: warnings, phases, and the next sizes with bands."""
    read = facts(
        ("models", str(len(table_.frame)), f"that count; {len(table_.left_out)} left out"),
        ("families", str(len(table_.families)), ""),
        ("benchmarks", str(len(table_.benchmarks)), ", ".join(table_.benchmarks)),
        ("scores", table_.unit, "as the file writes them"),
    )
    warned = warnings_block(diagnosis.warnings) or lines("The reader has no warning.")
    chosen = _chosen(diagnosis)
    return make_view(
        table_.name,
        "What does this table say about its families, and what comes at the next sizes?",
        [
            read,
            account_block(table_.account),
            warned,
            lines(*conclusions(diagnosis)),
            phase_diagram(diagnosis),
            families_table(diagnosis),
            plan_block(table_, diagnosis, chosen),
            *_predictions(table_, diagnosis, chosen),
            lines(
                f"Next sizes are shown for {counted(len(chosen), 'family')} of "
                f"{len(diagnosis.families)}: "
                "those with most models."
            )
            if len(chosen) < len(diagnosis.families)
            else None,
            kinds_block(table_, reasoning=diagnosis.reasoning, truth=diagnosis.truth),
        ],
    )


def _below_common_folder(paths: Sequence[str]) -> list[str]:
    """The paths from the folder that holds all of them: a page does not tell where that lies."""
    folders = [str(Path(path).parent) for path in paths]
    if len({Path(path).is_absolute() for path in paths}) != 1:
        return [Path(path).name for path in paths]
    common = os.path.commonpath(folders)
    return [os.path.relpath(path, common or ".") for path in paths]


def account_block(account: dynamics.Account) -> Block | None:
    """What became of each file, column, task and row of the table."""
    names = _below_common_folder([f.path for f in account.files])
    rows = [("file", name, f.format, f.reason or _used(f.used, f.left_out))
            for name, f in zip(names, account.files, strict=True)]  # fmt: skip
    rows += [("column", c.name, c.used_as, c.reason) for c in account.columns]
    rows += [("task", f"{t.name} {t.metric}".strip(), t.used_as, t.reason) for t in account.tasks]
    rows += [(f"row {r.row}", r.model, "", r.reason) for r in account.rows_left_out[:_MOST_ROWS]]
    if not rows:
        return None
    rest = len(account.rows_left_out) - _MOST_ROWS
    note = f"and {rest} more rows that were left out" if rest > 0 else ""
    header = ("what", "name", "read as", "remark")
    data = csv_data("account", header, rows)
    title = account_line(account).removesuffix(" (nullcline read says more)")
    return details(title.capitalize(), [table("", header, rows, note=note, data=data)])


def _used(used: int, left_out: int) -> str:
    return f"{used} used, {left_out} left out" if used or left_out else ""


def _chosen(diagnosis: Diagnosis) -> list[FamilyDiagnosis]:
    return sorted(diagnosis.families, key=lambda f: -len(f.models))[:_MOST]


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
