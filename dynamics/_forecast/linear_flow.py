"""Closed-form solutions of linear systems y' = M y, with their sensitivities to M.

The systems are of order 3 to 10 and thousands of them are solved within one cross-validation, each
with many start points and durations. One eigendecomposition serves them all, and gives the exact
derivative with respect to every entry of M by divided differences (Najfeld and Havel 1995,
Advances in Applied Mathematics 16, 321-375), so nothing is stepped and nothing compiled. NumPy is
used because it is 64-bit whatever the caller's setting.

A matrix without a well-conditioned eigenbasis goes another way: matrix exponentials by scaling and
squaring, and Gauss-Legendre quadrature of the variation of constants.
"""

import numpy as np
from jaxtyping import Float, Int

#: Above this condition number of the eigenvectors half of the 16 digits are lost.
_DEFECTIVE = 1e8
#: Exponents are cut here: e^50 is far beyond any state of use, and its square is still finite.
_LARGEST_EXPONENT = 50.0
#: Exact for polynomials of degree 31: more than an exponential over a few decades needs.
_NODES = 16
#: Terms of the exponential's series.
_SERIES_TERMS = 14
#: Exponents nearer than this are divided by a series.
_NEAR = 1e-2


def linear_flow(
    matrices: Float[np.ndarray, "systems order order"],
    start: Float[np.ndarray, "points order"],
    duration: Float[np.ndarray, " points"],
    system: Int[np.ndarray, " points"] | None = None,
) -> Float[np.ndarray, "points order"]:
    """exp(M duration) @ start for each point; `system` says which M (the first by default)."""
    which = np.zeros(len(duration), int) if system is None else system
    values, vectors = np.linalg.eig(matrices.astype(complex))
    sound = np.linalg.cond(vectors) < _DEFECTIVE
    # An identity in place of a defective basis keeps the rest of the batch going.
    vectors[~sound] = np.eye(matrices.shape[-1])
    inverse = np.linalg.inv(vectors)
    parts = (inverse[which] @ start[:, :, None])[:, :, 0]
    growth = _exponential(values[which] * duration[:, None])
    end = (vectors[which] @ (growth * parts)[:, :, None])[:, :, 0].real
    rows = np.flatnonzero(~sound[which])
    if len(rows):
        propagators = _propagators(matrices[which[rows]], duration[rows])
        end[rows] = np.einsum("nij,nj->ni", propagators, start[rows])
    return end


def linear_flow_sensitivity(
    matrix: Float[np.ndarray, "order order"],
    start: Float[np.ndarray, "points order"],
    duration: Float[np.ndarray, " points"],
) -> tuple[Float[np.ndarray, "points order"], Float[np.ndarray, "points order order order"]]:
    """`linear_flow` and its derivative: entry [n, i, k, l] is d y_i / d matrix_kl at point n."""
    values, vectors = np.linalg.eig(matrix.astype(complex))
    if np.linalg.cond(vectors) >= _DEFECTIVE:
        return _sensitivity_by_quadrature(matrix, start, duration)
    inverse = np.linalg.inv(vectors)
    parts = start @ inverse.T
    growth = _exponential(values[None] * duration[:, None])
    end = ((growth * parts) @ vectors.T).real
    # With M = V diag(v) V^-1 and the divided differences of the exponential
    # F_ij = (exp(v_i t) - exp(v_j t)) / (v_i - v_j), F_ii = t exp(v_i t),
    # d exp(M t) / dM_kl = V [F o (V^-1 e_k e_l' V)] V^-1, o the product entry by entry.
    # Where v_i and v_j are near, by the series t exp(mean) (1 + (gap t)^2 / 24), whose next term is
    # of relative size 5e-12 at the limit, where the difference would lose digits.
    gap = (values[:, None] - values[None])[None]
    elapsed = duration[:, None, None]
    near = np.abs(gap) * elapsed < _NEAR
    mean = _exponential((values[:, None] + values[None])[None] * elapsed / 2)
    series = elapsed * mean * (1 + (gap * elapsed) ** 2 / 24)
    difference = growth[:, :, None] - growth[:, None, :]
    divided = np.where(near, series, difference / np.where(near, 1, gap))
    right = (divided * parts[:, None, :]) @ vectors.T
    left = vectors.T[:, :, None] * inverse[:, None, :]
    # Products of small matrices point by point: a single large one would be spread over threads,
    # which costs more than it saves at this size.
    order = len(matrix)
    both = np.swapaxes(right, 1, 2) @ left.reshape(order, order * order)
    return end, both.reshape(-1, order, order, order).transpose(0, 2, 3, 1).real


def _sensitivity_by_quadrature(matrix, start, duration):
    """d y(d) / dM_kl is the integral of exp(M (d - t)) e_k (exp(M t) y(0))_l over t from 0 to d."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    times = duration[:, None] * (node + 1) / 2
    there = _propagators(matrix, times)
    state = np.einsum("nqij,nj->nqi", there, start)
    # The nodes lie symmetrically, so the way back from each is the way to its mirror image.
    weights = duration[:, None] * weight / 2
    sensitivity = np.einsum("nq,nqik,nql->nikl", weights, there[:, ::-1], state, optimize=True)
    end = np.einsum("nij,nj->ni", _propagators(matrix, duration), start)
    return end, sensitivity


def _propagators(
    matrix: Float[np.ndarray, "*#batch order order"], duration: Float[np.ndarray, "*#batch"]
) -> Float[np.ndarray, "*#batch order order"]:
    """exp(matrix duration) for each duration; a huge exponent is cut."""
    # Not scipy's expm, which goes through a batch one by one: milliseconds each where threads
    # contend. Halved until its norm is below 1/2 the matrix' series ends after 14 terms, as
    # 2^-15 / 15! is 2e-17; squarings lead back.
    scaled = matrix * duration[..., None, None]
    norm = np.abs(scaled).sum(axis=-1).max(axis=-1)
    scaled = scaled * np.minimum(1, _LARGEST_EXPONENT / np.maximum(norm, 1))[..., None, None]
    largest = min(norm.max(initial=0.0), _LARGEST_EXPONENT)
    halvings = max(0, int(np.ceil(np.log2(max(largest, 0.5)))) + 1)
    scaled = scaled / 2**halvings
    identity = np.eye(scaled.shape[-1])
    found = identity
    for term in range(_SERIES_TERMS, 0, -1):
        found = identity + scaled @ found / term
    for _ in range(halvings):
        found = found @ found
    return found


def _exponential(exponent: np.ndarray) -> np.ndarray:
    real = np.clip(np.real(exponent), -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    return np.exp(real + 1j * np.imag(exponent))
