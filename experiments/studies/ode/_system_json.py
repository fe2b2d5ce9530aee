"""A fitted system as JSON: coefficients and errors in the units of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...formats import plain
from ...records import SCHEMA_VERSION

if TYPE_CHECKING:
    from ....dynamics import SystemFit, TimeSeries

SAID = {
    "successful": "structure found",
    "no_structure_found": "no structure found",
    "underdetermined": "underdetermined",
    "constant_state": "a state is constant",
}


@dataclass(frozen=True)
class SystemReport:
    """A fit and the series that it was made of."""

    series: TimeSeries
    fit: SystemFit


def system_to_dict(report: SystemReport) -> dict[str, Any]:
    """JSON-ready. `equations` is empty unless the fit is successful; `nearest` holds what came
    closest then."""
    fit, series = report.fit, report.series
    found = [
        {"state": one.state, "terms": one.terms, "text": text, "latex": latex}
        for one, text, latex in zip(fit.system, fit.equations(), fit.latex(), strict=True)
    ]
    good = fit.result == "successful"
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": series.source,
            "settings": dict(fit.settings),
            "result": fit.result,
            "verdict": SAID[fit.result],
            "reason": fit.reason,
            "time": series.time,
            "states": series.names,
            "trajectories": series.trajectories,
            "points": series.points,
            "missing": dict(series.missing),
            "left_out": [{"name": name, "reason": reason} for name, reason in series.left_out],
            "library": fit.library,
            "equations": found if good else [],
            "nearest": [] if good else found,
            "terms": _terms(fit),
            "held_out": _held_out(fit),
            "noise": dict(zip(series.names, fit.noise.tolist(), strict=True)),
            "left_over": dict(zip(series.names, fit.left_over.tolist(), strict=True)),
            "identifiability": {
                "underdetermined": fit.result == "underdetermined",
                "active": np.count_nonzero(fit.coefficients, axis=1),
                "values": fit.values,
                "condition": fit.condition,
            },
            "first": [
                dict(zip(series.names, row, strict=True)) for row in np.asarray(fit.first).tolist()
            ],
            "segments": fit.segments,
        }
    )


def _terms(fit: SystemFit) -> list[dict[str, Any]]:
    """Every term that an equation uses, or that many resamples would."""
    rows = []
    for i, state in enumerate(fit.names):
        for j, term in enumerate(fit.term_names):
            share = float(fit.inclusion[i, j])
            if fit.coefficients[i, j] == 0 and not share >= 0.5:
                continue
            rows.append(
                {
                    "equation": state,
                    "term": term,
                    "coefficient": float(fit.coefficients[i, j]),
                    "standard_error": float(fit.standard_error[i, j]),
                    "inclusion": share,
                }
            )
    return rows


def _held_out(fit: SystemFit) -> dict[str, Any] | None:
    if fit.held_out is None:
        return None
    return {
        "what": fit.held_out.what,
        "count": fit.held_out.count,
        "least": fit.held_out.least,
        "r2": dict(zip(fit.names, fit.held_out.r2.tolist(), strict=True)),
    }
