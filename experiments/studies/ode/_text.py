"""Results about capability ODEs as pages for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from .... import dynamics
from ....common.words import counted
from ...formats import axis_value, interval, signed
from ...page import PageColumn, fitted_table
from ...text import text_table
from ._json import FitReport

if TYPE_CHECKING:
    from ....dynamics import CrossValidation, FamilyPrediction
    from ....dynamics.ode import FixedPoint

_WIDTH = 98
_NARROW = 80


def fit_to_text(report: FitReport) -> str:
    """Equations, how often each term survives a resampling of families, what the data determine."""
    fit, known = report.fit, report.fit.identifiability
    name = dynamics.ode.result_name(fit.result)
    clock = dynamics.CLOCKS[report.along]
    parts = [
        fit_heading(report),
        f"Equations, s = {clock.title}, scores as fractions\n"
        + "\n".join(_folded(line) for line in fit.equations()),
    ]
    if report.ensemble is not None:
        inclusion = np.asarray(report.ensemble.inclusion)
        rows = [
            (equation, *(signed(share) for share in row))
            for equation, row in zip(fit.ode.benchmarks, inclusion, strict=True)
        ]
        right = range(1, len(fit.terms) + 1)
        parts.append(
            f"Inclusion probability ({len(report.ensemble.coefficients)} resamples of families)\n"
            + text_table(("equation", *fit.terms), rows, right=tuple(right))
        )
    verdict = "underdetermined" if known.underdetermined else "determined"
    active = ", ".join(str(count) for count in known.active)
    parts.append(
        f"Identifiability: {verdict}; active terms per equation {active}, on "
        f"{known.increments:.0f} increments; condition up to "
        f"{_bound(float(np.max(np.asarray(known.condition))))}."
    )
    per = "year" if clock.is_date else "decade"
    for point in report.points:
        values = ", ".join(map(_complex, np.asarray(point.eigenvalues)))
        parts.append(
            textwrap.fill(
                f"Fixed point ({fixed_point(point)}): eigenvalues {values} per {per}.", _WIDTH
            )
        )
    parts += _errors(report)
    if name != "successful":
        parts.append(textwrap.fill(f"{name}: {dynamics.RESULTS[fit.result]}", _WIDTH))
    return "\n\n".join(parts)


def fit_heading(report: FitReport) -> str:
    """What was fitted, and with which settings."""
    settings = ", ".join(f"{k} {v}" for k, v in report.settings.items() if v is not None)
    return (
        f"{report.table}: {counted(len(report.fit.families), 'family')}, "
        f"{counted(report.models, 'model')}; {settings}"
    )


def fixed_point(point: FixedPoint) -> str:
    """What kind of point it is, and whether scores can come there."""
    outside = "" if point.inside else ", outside 0 to 1"
    return f"{point.stability}{outside}{', winding' if point.oscillates else ''}"


def _bound(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "no bound"


def _complex(value: complex) -> str:
    return f"{signed(value.real)}{'-' if value.imag < 0 else '+'}{signed(abs(value.imag))}i"


def _errors(report: FitReport) -> list[str]:
    if report.left_out is None:
        return ["Too few families to leave one out."]
    rows = [
        ("this fit", signed(100 * report.left_out.mae), _points(report.left_out)),
    ]
    losses = []
    if report.baselines is not None:
        for method in report.baselines.methods:
            rows.append((method.name, signed(100 * method.mae), _points(method)))
            if not report.left_out.mae < method.mae:
                losses.append(method.name)
    text = "Error on families left out, from their smallest model (points, mean absolute)\n"
    text += text_table(("method", "error", "95 %"), rows, right=(1,))
    if report.left_out.escaped:
        text += f"\nescaped on the way to {', '.join(report.left_out.escaped)}"
    if report.baselines is not None and report.baselines.grouped:
        text += f"\nFor the baselines families were left out in {report.baselines.folds} groups."
    if losses:
        text += f"\nBetter than this fit: {', '.join(losses)}."
    return [text]


def _points(errors) -> str:
    return interval(100 * errors.low, 100 * errors.high)


def prediction_to_text(prediction: FamilyPrediction, *, width: int = _NARROW) -> str:
    """Predicted scores with their bands, beside what was observed and what baselines say; names
    are cut to `width`."""
    extension = prediction.protocol == "extension"
    given = ", ".join(prediction.given)
    if len(prediction.given) > 2:
        given = f"{counted(len(prediction.given), 'model')} up to {prediction.given[-1]}"
    rows = []
    clock = dynamics.CLOCKS[prediction.along]
    show, places = axis_value(clock.axis), clock.places(prediction.at)
    for i, (model, place) in enumerate(zip(prediction.models, places, strict=True)):
        for j, benchmark in enumerate(prediction.benchmarks):
            band = interval(100 * prediction.low[i, j], 100 * prediction.high[i, j], _tenth)
            observed = _tenth(100 * prediction.observed[i, j])
            predicted = _tenth(100 * prediction.predicted[i, j])
            name = f"{prediction.family} to come" if extension else model
            cells = (name if j == 0 else "", show(place), benchmark, predicted, band)
            rows.append(cells if extension else (*cells, observed))
    level = f"{100 * prediction.level:.0f} %"
    where = "size" if prediction.along == "params" else prediction.along
    header = ("model", where, "benchmark", "predicted", level)
    header = header if extension else (*header, "seen")
    columns = [
        PageColumn(title, [row[place] for row in rows], right=place in (3, 5))
        for place, title in enumerate(header)
    ]
    taught = f"dynamics of {len(prediction.trained_on)} {_OF[prediction.teacher]} families"
    parts = [
        _folded_text(reliance(prediction)),
        _folded_text(f"{prediction.family} from {given}, by the {taught} (percent)"),
        fitted_table(columns, width),
    ]
    if not extension:
        errors = [("the ODE", prediction.mae, prediction.mae_relative)]
        errors += [(name, *values) for name, values in prediction.baselines.items()]
        table = [(n, signed(100 * mae), _tenth(100 * relative)) for n, mae, relative in errors]
        parts.append(text_table(("method", "error (points)", "relative (%)"), table, right=(1, 2)))
        parts.append(f"Skill {signed(prediction.skill)} against the anchored slope.")
    parts.append(_folded_text(about_distance(prediction)))
    if prediction.result != "successful":
        parts.append(f"Result: {prediction.result}.")
    return "\n\n".join(parts)


_OF = {"own": "other", "uniform": "shipped", "both": "shipped and own"}


def reliance(prediction: FamilyPrediction) -> str:
    """Whether the prediction is to be relied on: it and the best baseline on measured models."""
    name, errors = prediction.family, dict(prediction.check)
    if prediction.protocol != "extension":
        errors = {dynamics.forecast.ODE: prediction.mae}
        errors |= {baseline: mae for baseline, (mae, _) in prediction.baselines.items()}
    if not errors:
        return f"{name} has one measured model, so these dynamics cannot be tested on it."
    own = errors.pop(dynamics.forecast.ODE)
    best = min(errors, key=lambda baseline: errors[baseline])
    says = f"the ODE is off by {signed(100 * own)} points on the measured larger models of {name}"
    other = f"the best of {len(errors)} baselines, {best}, is off by {signed(100 * errors[best])}"
    if errors[best] < own:
        return f"A baseline is better: {says}, and {other}."
    return f"{says[0].upper()}{says[1:]}; {other}."


def about_distance(prediction: FamilyPrediction) -> str:
    """How far the family lies from its teachers, and what the bands rest on."""
    judged = len(prediction.trained_on) + len(prediction.judges)
    bands = f"The bands come from errors on {counted(judged, 'family')}, each left out in turn"
    distance = prediction.distance
    if not np.isfinite(distance.value):
        return f"{bands}."
    farther = f"{100 * distance.farther:.0f} % of the families that taught the dynamics"
    return (
        f"{bands}. The scores of the first model lie at distance {distance.value:.1f} from those "
        f"of other families at its size (about 1 is usual; {farther} lie farther)."
    )


def _folded_text(text: str) -> str:
    return textwrap.fill(text, _NARROW)


def _tenth(value: float) -> str:
    return signed(value, 1)


def _percents(ends: tuple[float, float]) -> tuple[float, float]:
    return 100 * ends[0], 100 * ends[1]


def crossval_to_text(found: CrossValidation) -> str:
    """Every method's error on families (or labs) it never saw; the validated choice marked."""
    rows = [
        (
            method.name + (" ←" if method.selected else ""),
            method.kind,
            signed(100 * method.mae),
            interval(100 * method.low, 100 * method.high),
            "" if method.selected else interval(*_percents(method.difference[1:])),
            str(method.chosen),
            signed(found.skill(method.name)),
        )
        for method in sorted(found.methods, key=lambda m: -m.mae)
    ]
    header = ("method", "kind", "error", "95 %", "more than ←, 95 %", "chosen in", "skill")
    what = {"family": "families", "lab": "labs"}[found.leave]
    nested = interval(*_percents(found.nested_interval))
    covered = {m.name: m.coverage for m in found.methods if np.isfinite(m.coverage)}
    lines = [
        f"{counted(len(found.families), 'family')}, {counted(found.models, 'model')}, "
        f"{len(found.benchmarks)} "
        f"benchmarks; left-out {what}, protocol {found.protocol}; mean absolute error in points",
        text_table(header, rows, right=(2, 5, 6)),
        textwrap.fill(
            f"←: the method that validation inside the other {what} chose most often. With the "
            f"method chosen so in each of {found.folds} folds the error is "
            f"{signed(100 * found.nested_mae)} {nested}.",
            _WIDTH,
        ),
    ]
    if found.selected.name in covered:
        lines.append(
            f"Its {100 * found.level:.0f} % bands hold {100 * covered[found.selected.name]:.0f} % "
            "of the left-out scores."
        )
    if found.grouped:
        lines.append(
            f"There are many {what}, so they were left out in {found.folds} groups, not one by one."
        )
    return "\n\n".join(lines)


def _folded(line: str) -> str:
    return textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="      ")
