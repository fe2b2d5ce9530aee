"""Sequentially thresholded least squares, for one regression and for thousands at once."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from .elimination import solve_positive
from .integral import NormalEquations
from .sparse import AbstractRegressionPenalty, column_scale, require_not_negative, restricted_solve

#: Regressions solved together; their matrices should stay in a core's cache.
_CHUNK = 64
#: After the first sweeps few terms are left: matrix sizes that get code of their own.
_COMPACT = (6, 12)


class STLSQ(AbstractRegressionPenalty):
    """Sequentially thresholded least squares (Brunton, Proctor and Kutz 2016).

    Ridge regression, coefficients below `threshold` in size set to zero, and again on what
    remains until nothing changes; then least squares on the surviving terms.

    **Arguments:** `threshold`, in the unit of the coefficients (per decade of parameters for score
    tables); `alpha`, the ridge of the sweeps, added to the Gram matrix as in PySINDy; `scaled`,
    whether threshold and ridge apply to coefficients times their column's root mean square;
    `sweeps`, the greatest number of rounds.
    """

    threshold: float = 0.1
    alpha: float = 0.05
    scaled: bool = eqx.field(static=True, default=False)
    sweeps: int = eqx.field(static=True, default=20)

    def __check_init__(self) -> None:
        require_not_negative(self.threshold, "threshold")
        require_not_negative(self.alpha, "alpha")

    def solve(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "dims terms"]:
        # On the support S:  w_S = (G_SS + alpha c_S^2)^-1 A_S'y,  then S <- {j in S: |c_j w_j| >=
        # threshold}. S can only shrink, so it settles within as many sweeps as there are terms. For
        # alpha = 0 and |A| <= 1 it settles at a local minimum of |y - A w|^2 + threshold^2 |w|_0
        # (Zhang and Schaeffer 2019). The last solve takes alpha = 0: survivors are not shrunk.
        scale = column_scale(normal, self.scaled)

        def sweep(carry):
            support, _, count = carry
            weights = restricted_solve(normal, support, self.alpha * scale**2)
            survivors = support & (jnp.abs(weights) * scale[None] >= self.threshold)
            return survivors, jnp.any(survivors != support), count + 1

        def goes_on(carry):
            return carry[1] & (carry[2] < self.sweeps)

        support, _, _ = lax.while_loop(goes_on, sweep, (candidates, jnp.array(True), 0))
        return restricted_solve(normal, support, jnp.zeros_like(scale))

    def solve_many(
        self, normal: NormalEquations, candidates: Bool[Array, "dims terms"]
    ) -> Float[Array, "members dims terms"]:
        """As `solve` for each member, but quicker.

        The equations of a member share their Gram matrix, so the first sweep factorises it once.
        From then on only regressions that still change are solved, in chunks sorted by the number
        of terms left, each chunk in matrices of the size that its largest member needs.
        """
        members, terms, dims = normal.moment.shape
        scale = jax.vmap(column_scale, in_axes=(0, None))(normal, self.scaled)
        first = self._first_sweep(normal, scale)
        allowed = jnp.broadcast_to(candidates[None], (members, dims, terms))
        survivors = allowed & (jnp.abs(first) * scale[:, None] >= self.threshold)
        # With every term allowed the first sweep is that of each equation; else all start anew.
        support = jnp.where(jnp.all(candidates), survivors, allowed).reshape(-1, terms)
        many = _Many(
            gram=normal.gram,
            owner=jnp.repeat(jnp.arange(members), dims),
            moment=jnp.swapaxes(normal.moment, 1, 2).reshape(-1, terms),
            scale=scale,
        )

        def sweep(carry):
            support, changing, count = carry
            weights = many.solve(support, changing, self.alpha)
            large = jnp.abs(weights) * scale[many.owner] >= self.threshold
            survivors = jnp.where(changing[:, None], support & large, support)
            return survivors, jnp.any(survivors != support, axis=1), count + 1

        def goes_on(carry):
            return jnp.any(carry[1]) & (carry[2] < self.sweeps)

        every = jnp.ones(support.shape[:1], bool)
        support, _, _ = lax.while_loop(goes_on, sweep, (support, every, 1))
        return many.solve(support, every, 0.0).reshape(members, dims, terms)

    def _first_sweep(self, normal, scale):
        eye = jnp.eye(scale.shape[1], dtype=normal.gram.dtype)[None]
        gram = normal.gram + self.alpha * scale[:, None, :] ** 2 * eye
        return jnp.swapaxes(solve_positive(gram, normal.moment), 1, 2)


class _Many(eqx.Module):
    """Regressions that share Gram matrices: `owner` says which one each uses."""

    gram: Float[Array, "members terms terms"]
    owner: Int[Array, " regressions"]
    moment: Float[Array, "regressions terms"]
    scale: Float[Array, "members terms"]

    def solve(
        self,
        support: Bool[Array, "regressions terms"],
        wanted: Bool[Array, " regressions"],
        alpha: float | Float[Array, ""],
    ) -> Float[Array, "regressions terms"]:
        """Ridge regressions on their supports; zeros where not wanted."""
        regressions, terms = support.shape
        size = jnp.sum(support, axis=1)
        order = jnp.argsort(jnp.where(wanted, size, terms + 1))
        padding = jnp.full((-regressions % _CHUNK,), regressions)
        order = jnp.concatenate([order, padding])

        def chunk(index, out):
            rows = lax.dynamic_slice_in_dim(order, index * _CHUNK, _CHUNK)
            weights = self._chunk(support.at[rows].get(mode="fill", fill_value=False), rows, alpha)
            return out.at[rows].set(weights, mode="drop")

        chunks = (jnp.sum(wanted) + _CHUNK - 1) // _CHUNK
        return lax.fori_loop(0, chunks, chunk, jnp.zeros_like(self.moment))

    def _chunk(self, support, rows, alpha):
        terms = support.shape[1]
        sizes = [size for size in _COMPACT if size < terms] + [terms]
        largest = jnp.max(jnp.sum(support, axis=1))
        branch = sum((largest > size).astype(int) for size in sizes[:-1])
        owner = self.owner[rows]
        moment, ridge = self.moment[rows], alpha * self.scale[owner] ** 2
        used_first = jnp.argsort(~support, axis=1, stable=True)
        line = jnp.arange(_CHUNK)[:, None]

        def compact(size):
            def run(_):
                at = used_first[:, :size]
                small = self.gram[owner[:, None, None], at[:, :, None], at[:, None, :]]
                weights = _restricted(small, moment[line, at], support[line, at], ridge[line, at])
                return jnp.zeros_like(moment).at[line, at].set(weights)

            return run

        def full(_):
            return _restricted(self.gram[owner], moment, support, ridge)

        branches = [compact(size) for size in sizes[:-1]] + [full]
        return lax.switch(branch, branches, None) if sizes[:-1] else full(None)


def _restricted(gram, moment, support, ridge):
    both = support[:, :, None] & support[:, None, :]
    eye = jnp.eye(gram.shape[-1], dtype=gram.dtype)[None]
    # An unused term gets an equation of its own, w = 0.
    diagonal = jnp.where(support, ridge, 1)[:, :, None] * eye
    system = jnp.where(both, gram, 0) + diagonal
    right = jnp.where(support, moment, 0)[..., None]
    return jnp.where(support, solve_positive(system, right)[..., 0], 0)
