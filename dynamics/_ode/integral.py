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
from jaxtyping import Array, Bool, Float
from scipy.interpolate import CubicHermiteSpline

from ...common.checks import check_known
from .._precision import in_double_precision
from .coordinates import AbstractCoordinates
from .library import AbstractLibrary
from .names import Noise
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
        weights = jnp.ones_like(self.increments) if family_weights is None else family_weights
        return weighted_sum(self.per_family(), weights)

    @in_double_precision
    def per_family(self) -> "NormalEquations":
        """Each family's sums; fields with a leading axis of families."""
        return NormalEquations(
            gram=jnp.einsum("fpt,fpu->ftu", self.design, self.design),
            moment=jnp.einsum("fpt,fpd->ftd", self.design, self.target),
            total=jnp.sum(self.target**2, axis=1),
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
    per_family: NormalEquations, weights: Float[Array, "*members families"]
) -> NormalEquations:
    """Sums over families, each counted as `weights` says; one set of sums per row of weights."""

    def total(values):
        flat = weights @ values.reshape(values.shape[0], -1)
        return flat.reshape(weights.shape[:-1] + values.shape[1:])

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
    nodes, weights = _quadrature(trajectories)
    state = coordinates.state(trajectories.x)
    design, target = _design(nodes, weights, state, trajectories.mask, library, noise)
    return Regression(
        design=design,
        target=target,
        mask=trajectories.mask,
        increments=jnp.array([float(size - 1) for size in trajectories.sizes]),
    )


@eqx.filter_jit
def _design(nodes, weights, state, mask, library, noise):
    path = jnp.einsum("fiqp,fpd->fiqd", nodes, state)
    values = jax.vmap(jax.vmap(jax.vmap(library)))(path)
    steps = jnp.einsum("fiq,fiqt->fit", weights, values)
    rows = mask[..., None]
    check_known("noise", (noise,), get_args(Noise))
    if noise == "increment":
        both = rows[:, 1:] & rows[:, :-1]
        # A first row of zeros keeps one row per model in both forms.
        target = jnp.where(both, jnp.diff(state, axis=1), 0)
        return _below(jnp.where(both, steps, 0)), _below(target)
    integrals = _below(jnp.cumsum(steps, axis=1))
    return _centre(integrals, rows), _centre(state, rows)


def _below(values):
    return jnp.concatenate([jnp.zeros_like(values[:, :1]), values], axis=1)


def _centre(values, rows):
    count = jnp.sum(rows, axis=1, keepdims=True)
    mean = jnp.sum(jnp.where(rows, values, 0), axis=1, keepdims=True) / count
    return jnp.where(rows, values - mean, 0)


def _quadrature(trajectories: Trajectories) -> tuple[Array, Array]:
    """For each interval of each family: a matrix from points to path nodes, and node weights.

    Both depend on the sizes only. An interval of the padding has no length, so no weight.
    """
    s, sizes = np.asarray(trajectories.s), trajectories.sizes
    families, points = s.shape
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    length = np.diff(s, axis=1)
    weights = length[:, :, None] * weight / 2
    at = s[:, :-1, None] + length[:, :, None] * (node + 1) / 2
    nodes = np.zeros((families, points - 1, _NODES, points))
    for f, size in enumerate(sizes):
        nodes[f, : size - 1, :, :size] = _path(s[f, :size])(at[f, : size - 1])
    return jnp.array(nodes), jnp.array(weights)


def _path(s: Float[np.ndarray, " points"]) -> CubicHermiteSpline:
    """The path as a function of size, for each point's unit vector (it is linear in the data)."""
    points = np.eye(len(s))
    slopes = np.gradient(points, s, axis=0, edge_order=2 if len(s) > 2 else 1)
    return CubicHermiteSpline(s, points, slopes)
