"""How sure each term is: standard errors, and how often it survives a resampling of windows."""

import dataclasses

import numpy as np
from jaxtyping import Float

from .prepared import Prepared, make_segments, merged_first
from .search import FLOOR, Found
from .shooting import Information, information, window_information
from .subsets import best_subset
from .terms import TermValues

_WINDOWS = 16


@dataclasses.dataclass(frozen=True)
class Certainty:
    """Of each coefficient: `standard_error` with the terms as given, and `inclusion`, the share of
    resamples of windows of time that choose its term; `condition` of each equation's own terms."""

    standard_error: Float[np.ndarray, "dims terms"]
    inclusion: Float[np.ndarray, "dims terms"]
    condition: Float[np.ndarray, " dims"]


def certainty(data: Prepared, found: Found, allowed, *, members: int, seed: int) -> Certainty:
    """Windows are drawn with replacement; each resample searches again around the fitted system.

    The search is of the linear regression around the fit, not through the solver, and windows have
    first states of their own, so what only the whole course tells is not counted.
    """
    values = TermValues(found.terms, data.dims)
    shape, support = found.shot.weights.shape, found.support
    errors, condition = np.zeros(shape), np.ones(shape[0])
    whole = information(values, found.shot, support, found.segments)
    if whole is not None and support.any():
        inverse = np.linalg.pinv(whole.gram, hermitian=True)
        owner = np.nonzero(support)[0]
        errors[support] = np.sqrt(np.clip(np.diag(inverse), 0, None) * found.variance[owner])
        condition = _conditions(whole.gram, owner, shape[0])
    inclusion = np.full(shape, np.nan)
    parts = _window_information(data, found, values, allowed)
    if parts and members:
        inclusion = np.zeros(shape)
        rng = np.random.default_rng(seed)
        counts = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=members)
        for drawn in counts:
            inclusion[allowed] += _chosen(parts, drawn, support[allowed]) / members
    return Certainty(errors, inclusion, condition)


def _conditions(gram, owner, dims):
    out = np.ones(dims)
    for d in range(dims):
        own = owner == d
        if own.sum() > 1:
            block = gram[np.ix_(own, own)]
            length = np.sqrt(np.clip(np.diag(block), 1e-300, None))
            singular = np.sqrt(
                np.clip(np.linalg.eigvalsh(block / np.outer(length, length)), 0, None)
            )
            out[d] = singular[-1] / singular[0] if singular[0] > 0 else np.inf
    return out


def _window_information(data: Prepared, found: Found, values, allowed) -> list[Information]:
    points = min(len(t) for t in data.times)
    per = max(1, min(_WINDOWS // len(data.times), points // 6))
    segments = make_segments(data, per)
    if segments.count < 4:
        return []
    first = merged_first(data, found.segments, found.shot.first, segments)
    shot = dataclasses.replace(found.shot, first=first)
    relative = np.sqrt(np.clip(found.variance, 0.2, 1e6))
    segments = dataclasses.replace(segments, weight=segments.weight / relative)
    return window_information(values, shot, allowed, segments) or []


def _chosen(parts: list[Information], drawn, start):
    gram = sum(c * p.gram for c, p in zip(drawn, parts, strict=True) if c)
    moment = sum(c * p.moment for c, p in zip(drawn, parts, strict=True) if c)
    total = float(sum(c * p.total for c, p in zip(drawn, parts, strict=True) if c))
    rows = float(sum(c * p.rows for c, p in zip(drawn, parts, strict=True) if c))
    chosen = best_subset(
        np.asarray(gram), np.asarray(moment), total, rows=max(rows, 2.0), start=start,
        allowed=np.ones(len(start), bool), floor=FLOOR,
    )  # fmt: skip
    return chosen.support
