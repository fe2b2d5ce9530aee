"""A diagnosis as JSON: fractions, counts of parameters, 95 % intervals."""

import math

from ....dynamics import CriticalPoint, Diagnosis, FamilyDiagnosis, Slope, Step
from ....dynamics.controls import WidthRatio
from ...formats import plain
from ...records import SCHEMA_VERSION


def diagnosis_to_dict(diagnosis: Diagnosis) -> dict:
    """JSON-ready. Ends of intervals that the data do not bound are null."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": diagnosis.table,
            "pair": {"reasoning": diagnosis.reasoning, "truth": diagnosis.truth},
            "models": diagnosis.models,
            "families": len(diagnosis.families),
            "n_boot": diagnosis.n_boot,
            "seed": diagnosis.seed,
            "warnings": diagnosis.warnings,
            "by_family": [_family(f) for f in diagnosis.families],
            "coupling": diagnosis.coupling,
            "pooled": [_pooled(axis, point) for axis, point in diagnosis.pooled.items()],
            "width": {"by_family": [_width(*item) for item in diagnosis.width.items()]},
            "dimension": {
                **plain(diagnosis.dimension),
                "benchmarks": diagnosis.dimension_benchmarks,
                "tax_beside_bonus": diagnosis.dimension_change,
            },
        }
    )


def _family(family: FamilyDiagnosis) -> dict:
    correlation, critical = family.correlation, family.critical
    return {
        "family": family.family,
        "models": len(family.models),
        "r": correlation.r,
        "p": correlation.p,
        "partial_r": correlation.partial_r,
        "partial_p": correlation.partial_p,
        "increment_r": correlation.increment_r,
        "notes": correlation.notes,
        "phase": family.phase,
        "gamma_now": _slope(family.current),
        "gamma_all": _slope(family.slope),
        "gamma_before_turn": _slope(family.about_turn[0] if family.about_turn else None),
        "gamma_after_turn": _slope(family.about_turn[1] if family.about_turn else None),
        "steps": [_step(step) for step in family.steps],
        "critical": {
            "status": critical.status,
            "params": _count(critical.vertex),
            "low": _count(critical.low),
            "high": _count(critical.high),
            "p": critical.p_value,
        },
        "points": [
            {"model": model, "params": 10**log10_params, "reasoning": x, "truth": y}
            for model, log10_params, x, y in zip(
                family.models, family.log10_params, family.reasoning, family.truth, strict=True
            )
        ],
    }


def _slope(slope: Slope | None) -> dict | None:
    if slope is None:
        return None
    return {
        "gamma": slope.gamma,
        "low": slope.low,
        "high": slope.high,
        "p_tax": slope.p_tax,
        "p_bonus": slope.p_bonus,
        "phase": slope.phase,
        "models": slope.models,
    }


def _step(step: Step) -> dict:
    return {
        "from": step.smaller,
        "to": step.larger,
        "params": 10**step.log10_params,
        "gamma": step.slope.gamma,
        "low": step.slope.low,
        "high": step.slope.high,
        "p_tax": step.slope.p_tax,
        "p_bonus": step.slope.p_bonus,
        "phase": step.slope.phase,
        "near_chance": step.near_chance,
    }


def _pooled(axis: str, point: CriticalPoint) -> dict:
    unit = _count if axis == "log10_params" else (lambda value: value)
    return {
        "axis": axis,
        "status": point.status,
        "vertex": unit(point.vertex),
        "low": unit(point.low),
        "high": unit(point.high),
        "within_r2": point.within_r2,
        "no_minimum_share": point.no_minimum_share,
        "models": point.models,
        "families": point.families,
        "method": point.method,
        "alternatives": [
            {
                "method": other.method,
                "vertex": unit(other.vertex),
                "low": unit(other.low),
                "high": unit(other.high),
                "within_r2": other.within_r2,
                "no_minimum_share": other.no_minimum_share,
            }
            for other in point.alternatives
        ],
    }


def _width(family: str, width: WidthRatio) -> dict:
    return {
        "family": family,
        "models": width.models,
        "ratio_r": width.ratio_r,
        "null_low": width.null_low,
        "null_high": width.null_high,
        "partial_r": width.partial_r,
        "partial_p": width.partial_p,
        "vif": width.vif,
        "status": width.status,
    }


def _count(log10_params: float) -> float:
    """A count from its logarithm; an end that lies at no size at all stays infinite."""
    if math.isnan(log10_params):
        return math.nan
    return 10**log10_params if abs(log10_params) < 300 else math.copysign(math.inf, log10_params)
