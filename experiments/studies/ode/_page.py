"""A fit, or a comparison of methods, on one screen: does it err less than what is simple."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .... import dynamics
from ....common.words import counted
from ...formats import interval, signed
from ...page import MOST_ROWS, Page, PageColumn
from ._json import FitReport
from ._text import fit_heading, fixed_point

if TYPE_CHECKING:
    from ....dynamics import CrossValidation

_THIS = "this fit"
_LOSSES = 4


def fit_page(report: FitReport) -> Page:
    """How far a fit is off beside baselines, what the data determine of it, and its equations."""
    methods = _fit_methods(report)
    shown = methods[:MOST_ROWS]
    return Page(
        heading=(fit_heading(report),),
        sentences=(_fit_errs(report), _determined(report)),
        columns=_columns(shown),
        more=len(methods) - len(shown),
        legend=(
            (
                "",
                "Least error first: mean absolute, points, on families left out, from their "
                "smallest model.",
            ),
        ),
        notes=(
            f"Equations, s = {dynamics.CLOCKS[report.along].title}, scores as fractions (--full: "
            "how sure each term is):",
            *report.fit.equations(),
        ),
    )


def crossval_page(found: CrossValidation) -> Page:
    """Which method is off least where it never saw the family, or the lab, and by how much."""
    what = _left(found)
    methods = sorted(found.methods, key=lambda m: m.mae)
    rows = [
        (m.name + (" ←" if m.selected else ""), signed(100 * m.mae), _points(m.low, m.high))
        for m in methods
    ]
    shown = methods[:MOST_ROWS]
    columns = _columns(rows[:MOST_ROWS])
    more = ["" if m.selected else _points(*m.difference[1:]) for m in shown]
    return Page(
        heading=(crossval_heading(found),),
        sentences=(_chosen(found), _bands(found)),
        columns=[
            *columns,
            PageColumn("more than ←", more, spare=1),
            PageColumn("skill", [signed(found.skill(m.name)) for m in shown], spare=2, right=True),
            PageColumn("kind", [m.kind for m in shown], spare=3),
        ],
        more=len(methods) - len(shown),
        legend=(
            (
                "",
                f"Least error first; ←: what validation inside the other {what} chose most often.",
            ),
            ("more than ←", "More than ←: 95 % of the difference, over what was left out."),
            ("skill", "Skill: share of the anchored slope's error that is gone."),
        ),
        notes=_groups(found),
    )


def crossval_heading(found: CrossValidation) -> str:
    """What was left out of what."""
    return (
        f"{counted(len(found.families), 'family')}, {counted(found.models, 'model')}, "
        f"{counted(len(found.benchmarks), 'benchmark')}; left-out {_left(found)}, protocol "
        f"{found.protocol}; mean absolute error in points"
    )


def _fit_methods(report: FitReport) -> list[tuple[str, str, str]]:
    """(method, error, interval), least error first."""
    if report.left_out is None:
        return []
    methods = [(_THIS, report.left_out)]
    if report.baselines is not None:
        methods += [(method.name, method) for method in report.baselines.methods]
    ordered = sorted(methods, key=lambda pair: (math.isnan(pair[1].mae), pair[1].mae))
    return [(name, signed(100 * m.mae), _points(m.low, m.high)) for name, m in ordered]


def _columns(rows: list[tuple[str, str, str]]) -> list[PageColumn]:
    names, errors, ends = zip(*rows, strict=True) if rows else ((), (), ())
    return [
        PageColumn("method", names),
        PageColumn("error", errors, right=True),
        PageColumn("95 %", ends),
    ]


def _points(low: float, high: float) -> str:
    return interval(100 * low, 100 * high)


def _fit_errs(report: FitReport) -> str:
    own = report.left_out
    if own is None:
        return "Nothing tests this fit: too few families to leave one out."
    families = counted(len(own.families), "family")
    if own.escaped:
        return (
            f"The fit has no error over {families} left out: it runs away on the way to "
            f"{', '.join(own.escaped)}."
        )
    says = f"The fit is off by {signed(100 * own.mae)} points {_points(own.low, own.high)} on "
    says += f"{families} left out"
    if report.baselines is None:
        return f"{says}; no baseline stands beside it."
    others = report.baselines.methods
    better = sorted((m for m in others if not own.mae < m.mae), key=lambda m: m.mae)
    if not better:
        best = min(others, key=lambda m: m.mae)
        return (
            f"{says}, less than each of {counted(len(others), 'baseline')}, of which the best, "
            f"{best.name}, is off by {signed(100 * best.mae)}."
        )
    named = ", ".join(f"{m.name} {signed(100 * m.mae)}" for m in better[:_LOSSES])
    rest = f" and {len(better) - _LOSSES} more" if len(better) > _LOSSES else ""
    does = "does" if len(better) == 1 else "do"
    return f"{says}; {len(better)} of {len(others)} baselines {does} no worse ({named}{rest})."


def _determined(report: FitReport) -> str:
    fit, known = report.fit, report.fit.identifiability
    name = dynamics.ode.result_name(fit.result)
    if name != "successful":
        return f"The fit is not to be used ({name}): {dynamics.RESULTS[fit.result]}"
    verb = "do not determine" if known.underdetermined else "determine"
    active = sorted(set(known.active))
    terms = str(active[0]) if len(active) == 1 else f"{active[0]} to {active[-1]}"
    worst = float(np.max(np.asarray(known.condition)))
    condition = f"{worst:.3g}" if math.isfinite(worst) else "without bound"
    points = "; ".join(fixed_point(point) for point in report.points)
    fixed = f"; fixed point: {points}" if points else "; no fixed point is found"
    return (
        f"The data {verb} it: {terms} active {'term' if terms == '1' else 'terms'} per equation "
        f"on {counted(round(known.increments), 'increment')}, condition up to {condition}{fixed}."
    )


def _left(found: CrossValidation) -> str:
    return {"family": "families", "lab": "labs"}[found.leave]


def _chosen(found: CrossValidation) -> str:
    """How far choosing by validation is off, beside the best baseline."""
    chosen = found.selected
    baselines = [m for m in found.methods if m.kind == "baseline"]
    best = min(baselines, key=lambda m: m.mae)
    ends = _points(*found.nested_interval)
    says = (
        f"Chosen by validation inside the other {_left(found)}, methods are off by "
        f"{signed(100 * found.nested_mae)} points {ends} on {_left(found)} that they never saw; "
        f"most often it is {chosen.name} ({chosen.chosen} of {counted(found.folds, 'fold')})"
    )
    if best is chosen:
        return f"{says}, a baseline: no dynamics do better."
    return (
        f"{says}; the best baseline, {best.name}, is off by {signed(100 * best.mae)}, which is "
        f"{_points(*best.difference[1:])} more."
    )


def _bands(found: CrossValidation) -> str:
    covered = found.selected.coverage
    if not math.isfinite(covered):
        return "Its method has no bands."
    return f"Its {100 * found.level:.0f} % bands hold {100 * covered:.0f} % of the left-out scores."


def _groups(found: CrossValidation) -> list[str]:
    if not found.grouped:
        return []
    return [
        f"There are many {_left(found)}, so they were left out in {found.folds} groups, not one "
        "by one."
    ]
