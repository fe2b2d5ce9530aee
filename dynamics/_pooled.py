"""What all families of a pair of benchmarks say together, axis by axis."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ._phases.common_turn import CommonTurn, common_turn
from ._phases.critical import critical_point
from ._phases.critical_types import CriticalPoint, known_noise, within_families
from ._phases.own_slopes import Level, slopes_on_level
from ._phases.scatter import Scatter, pooled_scatter, residuals_about_curve
from ._tables.clock import Clock


def axes_of(pair: pd.DataFrame, clock: Clock) -> dict[str, np.ndarray]:
    """Along what a turn is looked for, axis -> positions: the reasoning score and the clock; beside
    the size also the FLOPs, where they are stated."""
    axes = {"reasoning": pair["x"].to_numpy(float), clock.axis: pair["time"].to_numpy(float)}
    if clock.name == "params" and "flops" in pair:
        axes["log10_flops"] = np.log10(pair["flops"].to_numpy(float))
    return axes


def pooled_points(
    pair: pd.DataFrame, axes: Mapping[str, np.ndarray], *, n_boot: int, seed: int
) -> dict[str, CriticalPoint]:
    """Axis -> critical point of all families."""
    pooled = {}
    for axis, position in axes.items():
        known = np.isfinite(position)
        if known.any():
            pooled[axis] = critical_point(
                position[known],
                pair["y"].to_numpy()[known],
                pair["family"].to_numpy()[known],
                y_stderr=pair["y_stderr"].to_numpy()[known],
                n_boot=n_boot,
                seed=seed,
            )
    return pooled


def scatter_of(groups: Iterable[pd.DataFrame]) -> Scatter:
    """The scatter between models that all families of a table show together."""
    return pooled_scatter(
        residuals_about_curve(*(group[c].to_numpy(float) for c in ("time", "y", "y_stderr")))
        for group in groups
    )


def common_turns(
    pair: pd.DataFrame,
    axes: Mapping[str, np.ndarray],
    pooled: Mapping[str, CriticalPoint],
    scatter: Scatter,
    *,
    seed: int,
) -> dict[str, CommonTurn]:
    """Axis -> whether families share a turn, for the axes of `pooled`."""
    turns = {}
    for axis, point in pooled.items():
        position = axes[axis]
        known = np.isfinite(position)
        turns[axis] = common_turn(
            position[known],
            pair["y"].to_numpy()[known],
            pair["family"].to_numpy()[known],
            y_stderr=pair["y_stderr"].to_numpy()[known],
            scatter=scatter.sd,
            pooled=point,
            seed=seed,
        )
    return turns


def level_of(pair: pd.DataFrame, scatter: Scatter) -> Level:
    """How the families' couplings go with their mean reasoning score."""
    data = within_families(pair["x"], pair["y"], pair["family"].to_numpy())
    return slopes_on_level(data, noise=noise_of(pair, scatter))


def noise_of(pair: pd.DataFrame, scatter: Scatter) -> float:
    """Variance of a truth score about its family's curve: known errors and scatter."""
    return (known_noise(pair["y_stderr"].to_numpy(float)) or 0.0) + scatter.sd**2
