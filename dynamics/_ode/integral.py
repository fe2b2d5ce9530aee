"""The integral form: scores against integrals of the library, with no numerical derivative.

Along a solution, x(s) = x(s_0) + integral of f(x) from s_0 to s. With f linear in its coefficients
this is a linear regression of the observed scores on the integrals of the terms along the path,
each family with an intercept of its own (its true first point). Schaeffer and McCalla (2017,
Physical Review E 96, 023302) use increments instead. With independent errors of measurement the
errors of neighbouring increments are correlated; taking out the family's intercept is exactly the
generalised least squares of the increments under that correlation.
"""

from typing import get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ...common.checks import check_known
from .._precision import in_double_precision, jax_array
from .coordinates import AbstractCoordinates
from .library import AbstractLibrary
from .names import Noise
from .padding import is_traced
from .trajectories import Trajectories

#: Nodes of Gauss-Legendre quadrature per interval: exact for polynomials of degree 9, that is for
#: cubic terms of a piecewise cubic path.
_NODES = 5


class Regression(eqx.Module):
    """A linear regression per family: rows are points (or increments), columns library terms.

    - `design`: integrals of the terms; `target`: the state. Both are zero in padded rows.
    - `mask`: which rows count.
    - `increments`: independent ones per family, the number of models less 1.
    """

    design: Float[Array, "families points terms"]
    target: Float[Array, "families points dims"]
    mask: Bool[Array, "families points"]
    increments: Float[Array, " families"]

    @in_double_precision
    def normal_equations(
        self, family_weights: Float[Array, " families"] | None = None
    ) -> "NormalEquations":
        """Sums over the families, each counted `family_weights` times (once by default)."""
        weights = np.ones(len(self.increments)) if family_weights is None else family_weights
        return weighted_sum(self.per_family(), weights)

    @in_double_precision
    def per_family(self) -> "NormalEquations":
        """Each family's sums; fields with a leading axis of families."""
        # In NumPy, as JAX would compile these products for every number of families.
        xp = jnp if is_traced(self) else np
        design, target = xp.asarray(self.design), xp.asarray(self.target)
        across = xp.swapaxes(design, 1, 2)
        return NormalEquations(
            gram=jax_array(across @ design),
            moment=jax_array(across @ target),
            total=jax_array(xp.sum(target**2, axis=1)),
            rows=self.increments,
        )


class NormalEquations(eqx.Module):
    """All that least squares needs to know of the data.

    - `gram`: sum of products of terms; `moment`: of terms with targets; `total`: of each target
      with itself; `rows`: the number of independent rows.
    """

    gram: Float[Array, "*batch terms terms"]
    moment: Float[Array, "*batch terms dims"]
    total: Float[Array, "*batch dims"]
    rows: Float[Array, "*batch"]


@in_double_precision
def weighted_sum(
    per_family: NormalEquations, weights: Float[Array | np.ndarray, "*members families"]
) -> NormalEquations:
    """Sums over families, each counted as `weights` says; one set of sums per row of weights."""
    traced = is_traced(per_family, weights)
    weights = weights if traced else np.asarray(weights)

    def total(values):
        if not traced:
            values = np.asarray(values)
        flat = weights @ values.reshape(values.shape[0], -1)
        return jax_array(flat.reshape(weights.shape[:-1] + values.shape[1:]))

    return jax.tree.map(total, per_family)


@in_double_precision
def integral_form(
    trajectories: Trajectories,
    library: AbstractLibrary,
    coordinates: AbstractCoordinates,
    *,
    noise: Noise = "measurement",
) -> Regression:
    """The regression whose coefficients are those of the differential equation.

    **Arguments:** `noise`, "measurement" if each score has an independent error (then each family
    has a free first point), "increment" if each step adds one (then increments are regressed on
    the integrals between neighbouring sizes, unweighted).

    The path between sizes is a piecewise cubic through the points whose slope at a point is that
    of the parabola through it and its neighbours (so a parabola for three models, a line for two).
    It is local: on the sizes of the shipped families it carries a fifth less of the points' errors
    into the coefficients than a cubic spline, whose wiggles run on. Still, the integrals are
    inaccurate where few points meet strong curvature, and the errors of the points are errors in
    the regressors too; trajectory matching has neither limit.
    """
    check_known("noise", (noise,), get_args(Noise))
    mask, sizes = np.asarray(trajectories.mask), np.asarray(trajectories.sizes)
    state = coordinates.rows(np.asarray(trajectories.x))
    steps = _integrals(np.asarray(trajectories.s), state, sizes, library)
    design, target = _design(steps, state, mask, noise)
    return Regression(
        design=jax_array(design),
        target=jax_array(target),
        mask=trajectories.mask,
        increments=jax_array(sizes - 1.0),
    )


def _design(steps, state, mask, noise: Noise) -> tuple[np.ndarray, np.ndarray]:
    """Design and target of each family; `steps` are the integrals over neighbouring sizes."""
    rows = mask[..., None]
    if noise == "increment":
        both = rows[:, 1:] & rows[:, :-1]
        # A first row of zeros keeps one row per model in both forms.
        target = np.where(both, np.diff(state, axis=1), 0)
        return _below(np.where(both, steps, 0)), _below(target)
    integrals = _below(np.cumsum(steps, axis=1))
    return _centre(integrals, rows), _centre(state, rows)


def _below(values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(values[:, :1]), values], axis=1)


def _centre(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    count = np.sum(rows, axis=1, keepdims=True)
    mean = np.sum(np.where(rows, values, 0), axis=1, keepdims=True) / count
    return np.where(rows, values - mean, 0)


def _integrals(
    s: Float[np.ndarray, "families points"],
    state: Float[np.ndarray, "families points dims"],
    sizes: Int[np.ndarray, " families"],
    library: AbstractLibrary,
) -> Float[np.ndarray, "families intervals terms"]:
    """Integrals of the terms along the path, over each interval; 0 over those of the padding."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    share = (node + 1) / 2
    length = np.diff(s, axis=1)
    slopes = _slopes(s, state, sizes)
    # Hermite's cubics in the share u of an interval: values and slopes at both of its ends.
    u = share[:, None]
    begin, end = 1 - 3 * share**2 + 2 * share**3, 3 * share**2 - 2 * share**3
    rising, falling = u * (1 - u) ** 2, -(u**2) * (1 - u)
    long = length[:, :, None, None]
    path = (
        begin[:, None] * state[:, :-1, None]
        + end[:, None] * state[:, 1:, None]
        + long * (rising * slopes[:, :-1, None] + falling * slopes[:, 1:, None])
    )
    there = np.arange(s.shape[1] - 1) < (sizes - 1)[:, None]
    values = library.rows(path[there].reshape(-1, state.shape[2]))
    values = values.reshape(-1, _NODES, values.shape[1])
    steps = np.zeros((*length.shape, values.shape[2]))
    steps[there] = np.einsum("q,iqt->it", weight / 2, values) * length[there][:, None]
    return steps


def _slopes(
    s: Float[np.ndarray, "families points"],
    state: Float[np.ndarray, "families points dims"],
    sizes: Int[np.ndarray, " families"],
) -> Float[np.ndarray, "families points dims"]:
    """The slope at each point of the parabola through it and its neighbours, as np.gradient's, for
    all families at once; of a family of two points that of the line."""
    length = np.diff(s, axis=1)
    real = length > 0
    secant = np.diff(state, axis=1) / np.where(real, length, 1)[..., None]
    before, after = length[:, :-1, None], length[:, 1:, None]
    both = np.where(real[:, 1:, None], before + after, 1)
    slopes = np.zeros_like(state)
    # The parabola's slope at the middle of three points: each secant weighs the other's length.
    middle = (after * secant[:, :-1] + before * secant[:, 1:]) / both
    slopes[:, 1:-1] = middle
    rows, last = np.arange(len(s)), sizes - 1
    long = sizes > 2
    # And at an end: as far beyond the nearest secant as the middle is on this side of it.
    slopes[:, 0] = secant[:, 0]
    slopes[long, 0] = 2 * secant[long, 0] - slopes[long, 1]
    slopes[rows, last] = secant[rows, last - 1]
    ends = rows[long], last[long]
    slopes[ends] = 2 * secant[ends[0], ends[1] - 1] - slopes[ends[0], ends[1] - 1]
    return slopes
