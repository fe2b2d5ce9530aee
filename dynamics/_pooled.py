"""What all families of a pair of benchmarks say together, axis by axis."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ._phases.common_turn import CommonTurn, common_turn
from ._phases.critical import critical_point
from ._phases.critical_types import CriticalPoint, known_noise, within_families
from ._phases.own_slopes import Level, slopes_on_level
from ._phases.scatter import Scatter, pooled_scatter, residuals_about_curve

#: Along which a turn is looked for: the reasoning score, and what models are made of.
AXES = ("reasoning", "log10_params", "log10_flops")


def pooled_points(pair: pd.DataFrame, *, n_boot: int, seed: int) -> dict[str, CriticalPoint]:
    """Axis -> critical point of all families, for the axes that the table has."""
    pooled = {}
    for axis in AXES:
        position = _axis(pair, axis)
        if position is not None:
            known = np.isfinite(position)
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
        residuals_about_curve(
            *(group[c].to_numpy(float) for c in ("log10_params", "y", "y_stderr"))
        )
        for group in groups
    )


def common_turns(
    pair: pd.DataFrame,
    pooled: Mapping[str, CriticalPoint],
    scatter: Scatter,
    *,
    seed: int,
) -> dict[str, CommonTurn]:
    """Axis -> whether families share a turn, for the axes of `pooled`."""
    turns = {}
    for axis, point in pooled.items():
        position = _axis(pair, axis)
        assert position is not None  # `pooled` has the axes that the table has
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


def _axis(pair: pd.DataFrame, axis: str) -> np.ndarray | None:
    if axis == "reasoning":
        return pair["x"].to_numpy(float)
    column = axis.removeprefix("log10_")
    return np.log10(pair[column].to_numpy(float)) if column in pair else None
