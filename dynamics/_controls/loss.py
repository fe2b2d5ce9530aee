"""Loss against size: the power law with a floor, what the values determine of it, and no more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy import stats

from .._statistics.resampling import percentile_interval
from .._tables.counts import parse_counts

_LEAST, _MOST = 0.01, 3.0  # exponents between them are looked at
_GRID = 400
_LEAST_DOF = 2  # degrees of freedom that a fit leaves at the least

PowerLawStatus = Literal["ok", "unbounded", "underdetermined"]


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """Value = floor + scale (N / 1e9)^-exponent, by least squares.

    `_low`, `_high`: profile-likelihood intervals (F quantile); infinite or at the ends of the
    exponents looked at (.01 to 3) where the values do not bound them, `status` then `unbounded`.
    `residual`: value less fit. `status` is `underdetermined` below 5 values.
    """

    values: int
    floor: float = math.nan
    floor_low: float = math.nan
    floor_high: float = math.nan
    scale: float = math.nan
    exponent: float = math.nan
    exponent_low: float = math.nan
    exponent_high: float = math.nan
    residual_sd: float = math.nan
    residual: Float[np.ndarray, " values"]
    status: PowerLawStatus
    settings: dict[str, Any] = field(default_factory=dict)

    def at(
        self, params: str | float | Sequence[str | float] | Float[np.ndarray, "*sizes"]
    ) -> Float[np.ndarray, "*sizes"]:
        """The fitted value at parameter counts (numbers, or text such as "70B")."""
        return np.asarray(self.floor + self.scale * (parse_counts(params) / 1e9) ** -self.exponent)


def _solve(
    exponents: Float[np.ndarray, " grid"],
    params: Float[np.ndarray, " values"],
    values: Float[np.ndarray, " values"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Floor, scale and sum of squares at each exponent: given it, the rest is a straight line."""
    power = (params / 1e9)[None, :] ** -exponents[:, None]
    mean = power.mean(axis=1, keepdims=True)
    along, height = power - mean, values - values.mean()
    scale = along @ height / np.sum(along**2, axis=1)
    squares = np.sum((height - scale[:, None] * along) ** 2, axis=1)
    return values.mean() - scale * mean[:, 0], scale, squares


def _best_exponent(params, values) -> float:
    """Least squares over the exponent: a grid on a log axis, twice refined around its minimum."""
    low, high = math.log(_LEAST), math.log(_MOST)
    for _ in range(3):
        grid = np.linspace(low, high, _GRID)
        best = int(np.argmin(_solve(np.exp(grid), params, values)[2]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    return math.exp((low + high) / 2)


def fit_power_law(
    params: Float[np.ndarray, " values"],
    values: Float[np.ndarray, " values"],
    *,
    level: float = 0.95,
) -> PowerLaw:
    """L = E + A N^-alpha by least squares over the exponent, floor and scale in closed form.

    **Arguments:** `params`, parameter counts; `values`, losses (nats) or any other figure per size.

    **Limits:** three coefficients on a handful of sizes: floor and exponent trade against each
    other, which the intervals show. The scatter of the values about the curve stands for all
    errors; rounding to two decimals alone has a standard deviation of .0029.

    **Source:** form: Kaplan et al. arXiv:2001.08361, Hoffmann et al. arXiv:2203.15556.
    """
    params, values = (np.asarray(v, dtype=np.float64) for v in (params, values))
    settings = {"level": level, "exponents": (_LEAST, _MOST)}
    n = values.size
    if n < 3 + _LEAST_DOF or np.unique(params).size < 4:
        nothing = np.full(n, math.nan)
        return PowerLaw(values=n, residual=nothing, status="underdetermined", settings=settings)
    exponent = _best_exponent(params, values)
    floor, scale, squares = (float(v[0]) for v in _solve(np.array([exponent]), params, values))
    dof = n - 3
    grid = np.exp(np.linspace(math.log(_LEAST), math.log(_MOST), 10 * _GRID))
    floors, _, profile = _solve(grid, params, values)
    limit = squares * (1 + float(stats.f.ppf(level, 1, dof)) / dof)
    inside = np.flatnonzero(profile <= limit)
    bounded = inside.size > 0 and inside[0] > 0 and inside[-1] < grid.size - 1
    floor_ends = (floors[inside].min(), floors[inside].max()) if inside.size else (floor, floor)
    ends = (grid[inside[0]], grid[inside[-1]]) if inside.size else (exponent, exponent)
    power = (params / 1e9) ** -exponent
    return PowerLaw(
        values=n,
        floor=floor,
        floor_low=float(floor_ends[0]) if bounded or not inside.size else -math.inf,
        floor_high=float(floor_ends[1]),
        scale=scale,
        exponent=exponent,
        exponent_low=float(ends[0]),
        exponent_high=float(ends[1]),
        residual_sd=math.sqrt(squares / dof),
        residual=values - floor - scale * power,
        status="ok" if bounded or not inside.size else "unbounded",
        settings=settings,
    )


def power_law_errors(
    params: Float[np.ndarray, " values"], values: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " values"]:
    """Relative error (prediction - value) / value of each value left out of the fit in turn.

    The smallest and the largest size are extrapolated, the others interpolated.
    NaN below 6 values.
    """
    params, values = (np.asarray(v, dtype=np.float64) for v in (params, values))
    errors = np.full(values.size, math.nan)
    if values.size < 4 + _LEAST_DOF:
        return errors
    for i in range(values.size):
        rest = np.arange(values.size) != i
        fitted = fit_power_law(params[rest], values[rest])
        errors[i] = float(fitted.at(params[i : i + 1])[0]) / values[i] - 1
    return errors


def rounding_spread(
    params: Float[np.ndarray, " values"],
    values: Float[np.ndarray, " values"],
    *,
    unit: float = 0.01,
    n_draws: int = 400,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """How far rounding of the values alone moves floor and exponent.

    Each draw adds an error uniform over one `unit` to every value and fits again. Returns the
    central intervals of the floor and of the exponent.
    """
    generator = np.random.default_rng(seed)
    params, values = (np.asarray(v, dtype=np.float64) for v in (params, values))
    fits = []
    for error in generator.uniform(-unit / 2, unit / 2, (n_draws, values.size)):
        exponent = _best_exponent(params, values + error)
        floor = _solve(np.array([exponent]), params, values + error)[0]
        fits.append((float(floor[0]), exponent))
    floors, exponents = np.array(fits).T
    return percentile_interval(floors, level=level), percentile_interval(exponents, level=level)
