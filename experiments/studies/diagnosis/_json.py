"""A diagnosis as JSON: fractions, counts of parameters, 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ....dynamics import CLOCKS
from ...accounts import account_to_dict
from ...formats import pick, plain
from ...records import SCHEMA_VERSION

if TYPE_CHECKING:
    from ....dynamics import (
        Along,
        ClockComparison,
        CommonTurn,
        CriticalPoint,
        Diagnosis,
        FamilyDiagnosis,
        Slope,
        Step,
    )
    from ....dynamics.controls import WidthRatio

_SLOPE = "gamma low high p_tax p_bonus phase"


def diagnosis_to_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    """JSON-ready. Ends of intervals that the data do not bound are null."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": diagnosis.table,
            "along": diagnosis.along,
            "pair": pick(diagnosis, "reasoning truth"),
            "models": diagnosis.models,
            "families": len(diagnosis.families),
            **pick(diagnosis, "n_boot seed warnings"),
            "account": account_to_dict(diagnosis.account),
            "by_family": [_family(f) for f in diagnosis.families],
            "clocks": _clocks(diagnosis.clocks),
            "coupling": diagnosis.coupling,
            "turning": diagnosis.turning,
            "common_turn": [_common_turn(*item) for item in diagnosis.common_turn.items()],
            "level": diagnosis.level,
            "scatter": diagnosis.scatter,
            "expected_false_calls": diagnosis.expected_false_calls,
            "pooled": [_pooled(axis, point) for axis, point in diagnosis.pooled.items()],
            "width": {"by_family": [_width(*item) for item in diagnosis.width.items()]},
            "dimension": {
                **plain(diagnosis.dimension),
                "benchmarks": diagnosis.dimension_benchmarks,
                "tax_beside_bonus": diagnosis.dimension_change,
            },
        }
    )


def _family(family: FamilyDiagnosis) -> dict[str, Any]:
    correlation, critical = family.correlation, family.critical
    value = CLOCKS[family.along].value
    return {
        "family": family.family,
        "models": len(family.models),
        **pick(correlation, "r p partial_r partial_p increment_r notes"),
        "phase": family.phase,
        "support": family.support,
        "gamma_now": _slope(family.current),
        "gamma_all": _slope(family.slope),
        "gamma_before_turn": _slope(family.about_turn[0] if family.about_turn else None),
        "gamma_after_turn": _slope(family.about_turn[1] if family.about_turn else None),
        "steps": [_step(step, family.along) for step in family.steps],
        "critical": {
            "status": critical.status,
            family.along: value(critical.vertex),
            "low": value(critical.low),
            "high": value(critical.high),
            "p": critical.p_value,
            "by_seeds": critical.by_seeds and pick(critical.by_seeds, "status p_fall p_rise seeds"),
        },
        "points": [
            {"model": model, family.along: value(time), "reasoning": x, "truth": y}
            for model, time, x, y in zip(
                family.models, family.time, family.reasoning, family.truth, strict=True
            )
        ],
    }


def _slope(slope: Slope | None) -> dict[str, Any] | None:
    return None if slope is None else pick(slope, f"{_SLOPE} models")


def _step(step: Step, along: Along) -> dict[str, Any]:
    at = CLOCKS[along].value(step.log10_params)
    return {
        **{"from": step.smaller, "to": step.larger, along: at},
        **pick(step.slope, _SLOPE),
        "near_chance": step.near_chance,
    }


def _common_turn(axis: str, turn: CommonTurn) -> dict[str, Any]:
    unit = _unit(axis)
    return {
        "axis": axis,
        **pick(turn, "established gate_p power curvature curvature_low curvature_high bend_p"),
        **pick(turn, "before after straddling within_r2 own_slopes_r2 common_bend_r2"),
        **{name: unit(value) for name, value in pick(turn, "place low high").items()},
        "estimators": {
            name: {key: unit(value) for key, value in pick(place, "place low high").items()}
            for name, place in turn.estimators.items()
        },
    }


def _unit(axis: str) -> Callable[[float], float]:
    return CLOCKS["params"].value if axis == "log10_params" else (lambda value: value)


def _pooled(axis: str, point: CriticalPoint) -> dict[str, Any]:
    unit = _unit(axis)

    def ends(of: CriticalPoint) -> dict[str, Any]:
        where = {name: unit(value) for name, value in pick(of, "vertex low high").items()}
        return where | pick(of, "within_r2 no_minimum_share")

    return {
        "axis": axis,
        "status": point.status,
        **ends(point),
        **pick(point, "models families method"),
        "alternatives": [{"method": other.method, **ends(other)} for other in point.alternatives],
    }


def _width(family: str, width: WidthRatio) -> dict[str, Any]:
    names = "models ratio_r null_low null_high partial_r partial_p vif status"
    return {"family": family, **pick(width, names)}


def _clocks(found: ClockComparison | None) -> dict[str, Any] | None:
    """What explains the truth score; R² on groups left out."""
    if found is None:
        return None
    return plain(found) | {"mixed": list(found.mixed)}
