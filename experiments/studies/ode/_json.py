"""Results about capability ODEs as JSON: fractions, counts, errors in points of the score scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import dynamics
from ...formats import pick, plain
from ...records import SCHEMA_VERSION

if TYPE_CHECKING:
    from ....dynamics import Along, CrossValidation, Ensemble, FamilyPrediction, ODEFit
    from ....dynamics.forecast import LeftOut
    from ....dynamics.ode import FixedPoint


@dataclass(frozen=True)
class FitReport:
    """A fit with what stands beside it; None where the table has too few families for it."""

    table: str
    along: Along
    fit: ODEFit
    settings: dict[str, Any]
    models: int
    ensemble: Ensemble | None
    points: tuple[FixedPoint, ...]
    left_out: LeftOut | None
    baselines: CrossValidation | None


def fit_to_dict(report: FitReport) -> dict[str, Any]:
    """JSON-ready: equations, terms with inclusion probability, identifiability, errors."""
    fit, known = report.fit, report.fit.identifiability
    inclusion = None if report.ensemble is None else np.asarray(report.ensemble.inclusion)
    band = None if report.ensemble is None else report.ensemble.coefficient_band()
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": report.table,
            "along": report.along,
            "settings": report.settings,
            "result": dynamics.ode.result_name(fit.result),
            "families": list(fit.families),
            "models": report.models,
            "benchmarks": fit.ode.benchmarks,
            "equations": [
                {"state": state, "terms": _used(fit, i), "text": text}
                for i, (state, text) in enumerate(
                    zip(fit.ode.benchmarks, fit.equations(), strict=True)
                )
            ],
            "terms": [
                {
                    "equation": equation,
                    "term": term,
                    "coefficient": float(np.asarray(fit.coefficients)[i, j]),
                    "inclusion": None if inclusion is None else inclusion[i, j],
                    "low": None if band is None else float(band.low[i, j]),
                    "high": None if band is None else float(band.high[i, j]),
                }
                for i, equation in enumerate(fit.ode.benchmarks)
                for j, term in enumerate(fit.terms)
            ],
            "identifiability": {
                "underdetermined": known.underdetermined,
                "active": known.active,
                "increments": known.increments,
                "rank": known.rank,
                "condition": np.asarray(known.condition),
                "degrees_of_freedom": np.asarray(known.degrees_of_freedom),
            },
            "fixed_points": [
                {
                    "scores": np.asarray(point.x),
                    "stability": point.stability,
                    "inside": point.inside,
                    "oscillates": point.oscillates,
                    "eigenvalues": [
                        {"real": value.real, "imaginary": value.imag}
                        for value in np.asarray(point.eigenvalues)
                    ],
                }
                for point in report.points
            ],
            "left_out_family": None if report.left_out is None else _left_out(report.left_out),
            "baselines": None
            if report.baselines is None
            else {method.name: {"mae_pp": 100 * method.mae} for method in report.baselines.methods},
        }
    )


def _used(fit: ODEFit, row: int) -> dict[str, float]:
    """Term -> coefficient of one equation, `1` for the constant, products without blanks."""
    values = zip(fit.terms, np.asarray(fit.coefficients)[row].tolist(), strict=True)
    return {term.replace(" ", ""): value for term, value in values if value != 0}


def _left_out(errors: LeftOut) -> dict[str, Any]:
    return {
        "protocol": "A",
        "mae_pp": 100 * errors.mae,
        "low": 100 * errors.low,
        "high": 100 * errors.high,
        "families": len(errors.families),
        "escaped": errors.escaped,
    }


def prediction_to_dict(prediction: FamilyPrediction) -> dict[str, Any]:
    """JSON-ready; `observed` is null for models to come."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "holdout": prediction.family,
            **pick(prediction, "along protocol benchmarks given level"),
            "predictions": [
                {
                    "model": model,
                    prediction.along: at,
                    "benchmark": benchmark,
                    "predicted": prediction.predicted[i, j],
                    "low": prediction.low[i, j],
                    "high": prediction.high[i, j],
                    "observed": prediction.observed[i, j],
                }
                for i, (model, at) in enumerate(zip(prediction.models, prediction.at, strict=True))
                for j, benchmark in enumerate(prediction.benchmarks)
            ],
            "mae_pp": 100 * prediction.mae,
            "mae_relative": prediction.mae_relative,
            "baselines": {
                name: {"mae_pp": 100 * mae, "mae_relative": relative}
                for name, (mae, relative) in prediction.baselines.items()
            },
            **pick(prediction, "skill beaten_by trained_on teacher judges result"),
            "distance": prediction.distance.value,
            "distance_farther": prediction.distance.farther,
            "own_check_mae_pp": {name: 100 * mae for name, mae in prediction.check.items()},
        }
    )


def crossval_to_dict(found: CrossValidation) -> dict[str, Any]:
    """JSON-ready: one entry per method, errors in percentage points."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "leave": found.leave,
            "protocol": found.protocol,
            "families": len(found.families),
            "models": found.models,
            "benchmarks": found.benchmarks,
            "folds": found.folds,
            "grouped": found.grouped,
            "methods": [
                {
                    "name": method.name,
                    "mae_pp": 100 * method.mae,
                    "low": 100 * method.low,
                    "high": 100 * method.high,
                    "kind": method.kind,
                    "selected": method.selected,
                    "chosen_in": method.chosen,
                    "skill": found.skill(method.name),
                    "difference_to_selected": [100 * value for value in method.difference],
                    "band_coverage": method.coverage,
                }
                for method in found.methods
            ],
            "nested": {
                "mae_pp": 100 * found.nested_mae,
                "low": 100 * found.nested_interval[0],
                "high": 100 * found.nested_interval[1],
            },
            "left_out": [{"name": name, "reason": reason} for name, reason in found.left_out],
        }
    )
