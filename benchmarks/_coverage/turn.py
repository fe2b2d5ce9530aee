"""The gate and the place of a shared turn on a simulated table, as `diagnose` computes them."""

from dataclasses import dataclass

import numpy as np

from nullcline.dynamics._phases.common_turn import Gate, gate_of
from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.scatter import Scatter, pooled_scatter, residuals_about_curve
from nullcline.dynamics._phases.turn_interval import turn_interval


@dataclass(frozen=True)
class TruthTable:
    """Truth scores `y` at positions `x`, with what `diagnose` knows of them."""

    x: np.ndarray
    y: np.ndarray
    y_stderr: np.ndarray
    family: np.ndarray
    log10_params: np.ndarray


def scatter_of(table: TruthTable) -> Scatter:
    """Between models of one family, as the table itself shows it."""
    columns = (table.log10_params, table.y, table.y_stderr)
    return pooled_scatter(
        residuals_about_curve(*(column[table.family == f] for column in columns))
        for f in np.unique(table.family)
    )


def gate(table: TruthTable) -> Gate:
    """The gate with known errors and the table's own scatter."""
    return gate_of(within_families(table.x, table.y, table.family), noise=_noise(table))


def interval_of(table: TruthTable, found: Gate) -> tuple[float, float]:
    """The interval of the place, whether or not the gate is open."""
    if found.spline is None:
        return -np.inf, np.inf
    data = within_families(table.x, table.y, table.family)
    return turn_interval(data, noise=_noise(table), place=found.spline.place)


def _noise(table: TruthTable) -> float:
    return float(np.mean(table.y_stderr**2)) + scatter_of(table).sd ** 2
