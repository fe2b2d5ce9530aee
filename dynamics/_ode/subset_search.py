"""Search for the best subset of columns of a linear regression: add, drop and swap."""

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from .elimination import restricted, solve_positive

#: A column of which less than this share is left by the columns in use is collinear with them.
_COLLINEAR = 1e-9
#: Criterion per coefficient of a subset that leaves no degree of freedom: above any real one's.
_NO_FREEDOM = 1e6
#: A move counts when it lowers the criterion by more than this share of it: more than rounding.
_LEAST_GAIN = 1e-9
#: Moves per column after which a search ends. A search needs about one; each lowers the criterion.
_MOVES_PER_COLUMN = 4


class Criterion(eqx.Module):
    """Extended Bayesian information criterion (Chen and Chen 2008) of a least-squares fit.

    n log(RSS/n) + k (log n + 2 gamma log p), with n independent rows and k coefficients in use of
    p candidates. `gamma=0` is BIC; `gamma=1` also pays for having had p to choose from. (This is
    the form for k much below p; log C(p, k) itself would make the full model free of charge.)
    """

    gamma: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not 0 <= self.gamma <= 1:
            raise ValueError(f"gamma is {self.gamma!r}; it lies between 0 (BIC) and 1")

    def penalty(
        self,
        used: Float[Array, "..."] | int,
        *,
        rows: Float[Array, ""] | float,
        candidates: Float[Array, ""] | int,
    ) -> Float[Array, "..."]:
        """The part that grows with the number of coefficients.

        Subsets that leave no degree of freedom cost so much that every smaller one is better.
        """
        fair = used * (jnp.log(rows) + 2 * self.gamma * jnp.log(candidates))
        return jnp.where(used < rows, fair, _NO_FREEDOM * (1 + used))

    def value(
        self,
        rss: Float[Array, "..."],
        used: Float[Array, "..."],
        *,
        rows: Float[Array, ""],
        candidates: Float[Array, ""],
    ) -> Float[Array, "..."]:
        """The criterion of one fit, or of an array of them."""
        least = jnp.finfo(jnp.result_type(float)).tiny
        size = rows * jnp.log(jnp.maximum(rss, least) / rows)
        return size + self.penalty(used, rows=rows, candidates=candidates)


class Subset(eqx.Module):
    """A subset of columns, its least-squares weights (0 outside), its residual sum of squares and
    its criterion."""

    support: Bool[Array, " columns"]
    weights: Float[Array, " columns"]
    rss: Float[Array, ""]
    value: Float[Array, ""]


def search(
    gram: Float[Array, "columns columns"],
    moment: Float[Array, " columns"],
    total: Float[Array, ""],
    rows: Float[Array, ""],
    *,
    start: Bool[Array, " columns"],
    candidates: Bool[Array, " columns"],
    criterion: Criterion,
) -> Subset:
    """Improve a subset by the best single addition, removal or swap until none improves it.

    All moves are scored exactly from one factorisation of the columns in use. The result is a
    local optimum under single moves. May be vmapped.
    """
    diagonal = jnp.diagonal(gram)
    length = jnp.sqrt(jnp.where(diagonal > 0, diagonal, 1))
    gram, moment = gram / (length[:, None] * length[None, :]), moment / length
    usable = candidates & (diagonal > 0)
    count = jnp.sum(candidates)

    def value(rss, used):
        used = used.astype(rows.dtype)
        return criterion.value(rss, used, rows=rows, candidates=count.astype(rows.dtype))

    def round_(carry):
        now, _, moves = carry
        move = _best_move(gram, moment, total, now, usable, value)
        after = _evaluate(gram, moment, total, move, value)
        better = after.value < now.value - _LEAST_GAIN * jnp.abs(now.value)
        return lax.cond(better, lambda: after, lambda: now), better, moves + 1

    def goes_on(carry):
        # Each accepted move lowers the criterion, so no subset comes twice.
        return carry[1] & (carry[2] < _MOVES_PER_COLUMN * len(moment))

    begin = _evaluate(gram, moment, total, start & usable, value)
    best, _, _ = lax.while_loop(goes_on, round_, (begin, jnp.array(True), 0))
    return Subset(best.support, best.weights / length, best.rss, best.value)


def _evaluate(gram, moment, total, support, value) -> Subset:
    right = jnp.where(support, moment, 0)
    weights = solve_positive(restricted(gram, support)[None], right[None, :, None])[0, :, 0]
    weights = jnp.where(support, weights, 0)
    rss = jnp.maximum(total - weights @ moment, jnp.finfo(gram.dtype).eps * total)
    return Subset(support, weights, rss, value(rss, jnp.sum(support)))


def _best_move(gram, moment, total, now: Subset, usable, value):
    inside, outside = now.support, usable & ~now.support
    eye = jnp.eye(len(moment), dtype=gram.dtype)
    inverse = solve_positive(restricted(gram, inside)[None], eye[None])[0]
    inverse = jnp.where(inside[:, None] & inside[None, :], inverse, 0)
    # With S the columns in use, H = G_SS^-1, w = H A_S'y, and for a column j outside
    #     left_j = G_jj - G_jS H G_Sj,   covariance_j = A_j'(y - A_S w),
    # adding j lowers the residual sum of squares by covariance_j^2 / left_j, and dropping i raises
    # it by w_i^2 / H_ii. Swapping i for j: with i gone w_S changes by -H_Si w_i / H_ii, so that
    # covariance_j becomes covariance_j + (H G)_ij w_i / H_ii and left_j becomes
    # left_j + (H G)_ij^2 / H_ii. Columns have length 1.
    onto = inverse @ gram
    left = 1 - jnp.sum(jnp.where(inside[:, None], gram, 0) * onto, axis=0)
    covariance = moment - gram @ now.weights
    spread = jnp.where(inside, jnp.diagonal(inverse), 1)
    lost = now.weights**2 / spread

    def gained(covariance, left):
        return jnp.where(left > _COLLINEAR, covariance**2 / jnp.maximum(left, _COLLINEAR), 0)

    freed = covariance[None, :] + onto * (now.weights / spread)[:, None]
    room = left[None, :] + onto**2 / spread[:, None]
    swaps = lost[:, None] - gained(freed, room)
    used = jnp.sum(inside)
    drop = value(now.rss + lost, used - 1)
    add = value(jnp.maximum(now.rss - gained(covariance, left), 0), used + 1)
    swap = value(jnp.maximum(now.rss + swaps, 0), used)
    drop = jnp.where(inside, drop, jnp.inf)
    add = jnp.where(outside, add, jnp.inf)
    swap = jnp.where(inside[:, None] & outside[None, :], swap, jnp.inf)
    # One table of moves: rows are the columns that leave (the last row: none), and so for entries.
    table = jnp.block([[swap, drop[:, None]], [add[None, :], jnp.full((1, 1), jnp.inf)]])
    out, into = jnp.unravel_index(jnp.argmin(table), table.shape)
    columns = jnp.arange(len(moment))
    return (inside & (columns != out)) | (columns == into)
