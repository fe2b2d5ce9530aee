"""Partial pooling: dynamics that all families share, and what is a family's own."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._precision import jax_array
from .estimate import CoefficientEstimate, regression_report
from .names import FitMethod
from .padding import pad_rows, padded_size
from .problem import FitProblem
from .proximal import minimise
from .results import RESULTS
from .sparse import AbstractPenalty, require_not_negative


class PartialPooling(AbstractPenalty):
    """Shared coefficients plus a family-specific part that is group-sparse over families.

    Minimises (1/2n) sum_f |y_f - A_f (w + v_f)|^2 + (ridge/2) |c w|^2
    + strength sum_t c_t |(v_1t, ..., v_Ft)| / sqrt(F), with c the root mean square of each column:
    for each equation a term either deviates in no family or in all, then shrunk towards the shared
    value (group lasso, Yuan and Lin 2006). A larger `strength` pools more; from some strength on
    nothing deviates and the shared part is that of `Ridge(ridge)`.

    **Arguments:** `strength`; `ridge`; `deviating`, "constant" to let only the constant term
    deviate (an offset per family), "all" for every term.
    """

    methods: ClassVar[tuple[FitMethod, ...]] = ("integral",)
    strength: float = 1e-3
    ridge_strength: float = 1e-4
    deviating: Literal["constant", "all"] = eqx.field(static=True, default="constant")

    def __check_init__(self) -> None:
        require_not_negative(self.strength, "strength")
        require_not_negative(self.ridge_strength, "ridge_strength")

    def fit(self, problem: FitProblem) -> CoefficientEstimate:
        each, weights = problem.regression.per_family(), problem.family_weights
        shared, own = self._solve(problem, weights)
        total, gram = np.asarray(shared) + np.asarray(own), np.asarray(each.gram)
        fitted = np.einsum("fdt,ftu,fdu->fd", total, gram, total)
        crossed = np.einsum("fdt,ftd->fd", total, np.asarray(each.moment))
        squares = np.asarray(weights) @ (np.asarray(each.total) - 2 * crossed + fitted)
        normal = problem.normal_equations()
        # `Ridge.ridge` with columns of length 1, in NumPy.
        diagonal = np.diagonal(np.asarray(normal.gram))
        ridge = self.ridge_strength * np.where(diagonal > 0, diagonal, float(normal.rows))
        report = regression_report(
            normal, shared, jax_array(np.maximum(squares, 0)), jax_array(ridge)
        )
        return CoefficientEstimate(shared, own, None, report, RESULTS.successful)

    def refit(
        self,
        problem: FitProblem,
        estimate: CoefficientEstimate,
        weights: Float[Array, "members families"],
    ) -> Float[Array, "members dims terms"]:
        """The shared coefficients of each row."""
        rows = np.asarray(weights)
        return jax_array(np.stack([self._solve(problem, row)[0] for row in rows]))

    def _solve(self, problem: FitProblem, weights: Float[Array | np.ndarray, " families"]):
        """Shared coefficients and each family's deviations from them."""
        names = problem.library.names([f"x{d}" for d in range(problem.trajectories.dims)])
        deviates = jax_array([self.deviating == "all" or name == "1" for name in names])
        if self.deviating == "constant" and "1" not in names:
            raise ValueError('this library has no constant term; use deviating="all"')
        families = len(weights)
        # Families of no weight fill the number up to one of few; they deviate by nothing.
        rows = padded_size(families, factor=4)
        wide = jax.tree.map(
            lambda v: pad_rows(np.asarray(v), rows), problem.regression.per_family()
        )
        numbers = tuple(
            np.asarray(n, float) for n in (self.strength, self.ridge_strength, families)
        )
        padded = pad_rows(np.asarray(weights), rows)
        shared, own = _solve(numbers, wide, padded, problem.candidates, deviates)
        return shared, jax_array(np.asarray(own)[:families])


# With G_f = A_f'A_f / n, b_f = A_f'y_f / n and columns scaled to c = 1 the smooth part is
#     g(w, v) = sum_f [(w + v_f)'G_f (w + v_f) / 2 - b_f'(w + v_f)] + (ridge/2) |w|^2,
# so  dg/dv_f = G_f (w + v_f) - b_f  and  dg/dw = sum_f dg/dv_f + ridge w. Its Hessian is that of
# the map (w, v) -> w + v_f: at most ||sum_f G_f|| + max_f ||G_f|| + ridge. The other part is a sum
# over terms of |(v_1t ... v_Ft)|, whose proximal map shrinks each such vector towards 0 as a whole:
# v_t max(0, 1 - step limit / |v_t|).
@eqx.filter_jit
def _solve(numbers, per_family, family_weights, candidates, deviates):
    strength, ridge_strength, families = numbers
    rows = family_weights @ per_family.rows
    gram = per_family.gram * family_weights[:, None, None] / rows
    moment = per_family.moment * family_weights[:, None, None] / rows
    scale = jnp.sqrt(jnp.diagonal(jnp.sum(gram, axis=0)))
    scale = jnp.where(scale > 0, scale, 1)
    gram = gram / (scale[:, None] * scale[None, :])[None]
    moment = moment / scale[None, :, None]
    limit = strength / jnp.sqrt(families)
    greatest = jnp.max(jnp.linalg.eigvalsh(gram)[:, -1])
    lipschitz = jnp.linalg.eigvalsh(jnp.sum(gram, axis=0))[-1] + greatest + ridge_strength

    def equation(moment, allowed):
        def gradient(point):
            shared, own = point
            slope = jnp.einsum("ftu,fu->ft", gram, shared[None] + own) - moment
            return jnp.sum(slope, axis=0) + ridge_strength * shared, slope

        def prox(step, point):
            shared, own = point
            length = jnp.sqrt(jnp.sum(own**2, axis=0))
            shrink = jnp.maximum(1 - step * limit / jnp.where(length > 0, length, 1), 0)
            factor = jnp.where(allowed & deviates & (length > 0), shrink, 0)
            return jnp.where(allowed, shared, 0), own * factor[None]

        start = (jnp.zeros_like(scale), jnp.zeros_like(moment))
        shared, own = minimise(gradient, prox, start, lipschitz)
        return shared / scale, own / scale[None]

    shared, own = jax.vmap(equation, in_axes=(2, 0))(moment, candidates)
    return shared, jnp.swapaxes(own, 0, 1)
