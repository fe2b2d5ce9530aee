"""Search for the terms of a system, judged by what they do to solutions through the data."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from .linear import first_subsets, regressions
from .prepared import Prepared, first_states, make_segments, merged_first, segment_counts
from .shooting import Segments, Shot, information, residuals, shoot
from .subsets import best_subset, criterion
from .terms import Factor, Term, TermValues

#: Weighted residual variance below which a better fit is no better: noise has variance 1.
FLOOR = 0.05
_ROUNDS = 6
_FEW_STEPS, _MANY_STEPS = 8, 30  # of least squares, on the way and at the end
#: More terms in an equation describe a curve, they do not explain it.
MOST_TERMS = 8
#: A longer shot is taken over if its residual variance is not this many times the shorter ones'.
_WORSE = 2.0
_TUNED = ("hill1", "hill2", "exp")
_RATE_STEPS, _RATE_GAIN, _MOST_RATES, _MOST_RATE_STEPS = (1.5, 1.15), 1.0, 3, 4
_BEHIND = 20.0  # of the criterion; by as much a library may still catch up


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Lowest and highest value of each coefficient, in the units of the search."""

    low: Float[np.ndarray, "dims terms"]
    high: Float[np.ndarray, "dims terms"]

    def clip(self, weights):
        return np.clip(weights, self.low, self.high)


@dataclasses.dataclass(frozen=True)
class Found:
    """A system in scaled units: its terms, the last shot and what it was judged by.

    - `variance`: weighted residual variance of each state (1 where all that is left is noise);
      `value`: the criterion, lower is better; `segments`: of the last shot.
    """

    terms: tuple[Term, ...]
    shot: Shot
    segments: Segments
    variance: Float[np.ndarray, " dims"]
    value: float

    @property
    def support(self) -> Bool[np.ndarray, "dims terms"]:
        return self.shot.weights != 0


def search_terms(
    data: Prepared,
    terms: tuple[Term, ...],
    *,
    allowed: Bool[np.ndarray, "dims terms"] | None = None,
    bounds: Bounds | None = None,
    to_beat: Mapping[int, float] | None = None,
) -> tuple[Found | None, dict[int, float]]:
    """The best system of these terms: first many short segments, then ever longer ones.

    `to_beat` are the criteria of another library at each number of segments: a library that is
    clearly behind is not followed to its end. **Returns** the system, None if it was left behind,
    and its own criteria.
    """
    task = _Search(data, terms, allowed, bounds)
    counts, reached = segment_counts(data), {}
    found = task.start(make_segments(data, counts[0]))
    for count in counts:
        longer = make_segments(data, count)
        begin = merged_first(data, found.segments, found.shot.first, longer)
        step = task.settle(found.shot.weights, begin, longer)
        if count == counts[0] or _holds(step, found):
            found = step
            reached[count] = step.value
        if to_beat and found.value > to_beat.get(count, np.inf) + _BEHIND:
            return None, reached
    variance = found.variance
    found = task.shot(
        found.shot.weights, found.shot.first, found.segments, variance,
        steps=_MANY_STEPS, tolerance=1e-6,
    )  # fmt: skip
    return found, reached


def refine_rates(data: Prepared, found: Found) -> Found:
    """Other rates of the functions in use, as long as the criterion falls.

    The rates of saturation and exponentials come from a coarse grid; with the right one fewer
    terms are needed, and longer segments may hold. Angles have a rate of their own.
    """
    used = np.asarray(found.support.any(axis=0))
    factors = {t.factor for t, u in zip(found.terms, used.tolist(), strict=True) if u}
    tuned = [f for f in factors if f is not None and f.name in _TUNED]
    if not 0 < len(tuned) <= _MOST_RATES:
        return found
    # Rates are tuned on short segments, where a solution costs little.
    short = make_segments(data, segment_counts(data)[0])
    task = _Search(data, found.terms, None, None)
    now = task.settle(found.shot.weights, first_states(data, short), short)
    for factor in sorted(tuned, key=lambda f: (f.name, f.state, f.rate)):
        for step in _RATE_STEPS:
            for ratio in (step, 1 / step):
                for _ in range(_MOST_RATE_STEPS):
                    better = _with_rate(data, now, factor, ratio)
                    if better is None:
                        break
                    now, factor = better
    now = _lengthened(data, now)
    return now if now.value < found.value else found


def _lengthened(data: Prepared, found: Found) -> Found:
    """The same terms through fewer and longer segments, as far as they hold."""
    task = _Search(data, found.terms, None, None)
    for count in segment_counts(data):
        if count * len(data.times) < found.segments.count:
            longer = make_segments(data, count)
            begin = merged_first(data, found.segments, found.shot.first, longer)
            step = task.settle(found.shot.weights, begin, longer)
            if _holds(step, found):
                found = step
    return found


def _with_rate(data: Prepared, found: Found, factor: Factor, ratio: float):
    """The system with one rate changed and its terms searched again; None if it is no better."""
    new = dataclasses.replace(factor, rate=factor.rate * ratio)
    terms = tuple(
        dataclasses.replace(t, factor=new) if t.factor == factor else t for t in found.terms
    )
    task = _Search(data, terms, None, None)
    step = task.settle(found.shot.weights, found.shot.first, found.segments)
    return (step, new) if step.value < found.value - _RATE_GAIN else None


def _holds(longer: Found, shorter: Found) -> bool:
    return bool(np.all(longer.variance <= _WORSE * np.maximum(shorter.variance, 1)))


def found_at(data: Prepared, terms, weights, first, segments: Segments) -> Found:
    """Coefficients as they are, judged on segments that begin at `first`."""
    rest = residuals(TermValues(terms, data.dims), weights, first, segments)
    shot = Shot(weights, first, rest, float((rest**2).sum()))
    return _found(terms, shot, segments, np.full(data.dims, len(terms)))


def _found(terms, shot: Shot, segments: Segments, candidates) -> Found:
    squares = (shot.residual**2).sum(axis=0)
    rows = np.maximum((segments.weight > 0).sum(axis=0) - segments.count, 2)
    used = (shot.weights != 0).sum(axis=1)
    variance = squares / np.maximum(rows - used, 1)
    value = sum(
        criterion(float(s), int(k), rows=float(n), candidates=int(c), floor=FLOOR)
        + segments.count * np.log(n)
        for s, k, n, c in zip(squares, used, rows, candidates, strict=True)
    )
    cost = float(((shot.weights != 0) @ np.array([term.cost for term in terms])).sum())
    return Found(terms, shot, segments, variance, float(value) + cost)


class _Search:
    """What stays the same during one search."""

    def __init__(self, data: Prepared, terms, allowed, bounds: Bounds | None):
        self.data, self.terms = data, terms
        self.values = TermValues(terms, data.dims)
        shape = (data.dims, len(terms))
        self.allowed = np.ones(shape, bool) if allowed is None else allowed
        self.bounds = bounds
        self.cost = np.array([term.cost for term in terms])

    def start(self, segments: Segments) -> Found:
        """The subset that the integral form prefers, as it is."""
        chosen = first_subsets(
            regressions(self.data, self.values, segments),
            self.allowed,
            floor=FLOOR,
            most=MOST_TERMS,
            cost=self.cost,
        )
        weights = np.stack([one.weights for one in chosen])
        return self.judge(self.clipped(weights), first_states(self.data, segments), segments)

    def clipped(self, weights):
        return weights if self.bounds is None else self.bounds.clip(weights)

    def judge(self, weights, first, segments) -> Found:
        return found_at(self.data, self.terms, weights, first, segments)

    def as_found(self, shot: Shot, segments: Segments) -> Found:
        candidates = self.allowed.sum(axis=1)
        return _found(self.terms, shot, segments, candidates)

    def shot(
        self, weights, first, segments, variance, *, steps=_FEW_STEPS, tolerance=1e-3
    ) -> Found:
        """Least squares with each state's residuals in units of what they were before."""
        relative = np.sqrt(np.clip(variance, 0.2, 1e6))
        balanced = replace(segments, weight=segments.weight / relative)
        limits = None if self.bounds is None else (self.bounds.low, self.bounds.high)
        made = shoot(
            self.values, weights, first, balanced, bounds=limits, steps=steps, tolerance=tolerance
        )
        rest = made.residual * relative
        return self.as_found(replace(made, residual=rest, squares=float((rest**2).sum())), segments)

    def settle(self, weights, first, segments) -> Found:
        """Refine, look for a better subset in the linear regression around it, and so on."""
        now = self.shot(weights, first, segments, self.judge(weights, first, segments).variance)
        now = self.shot(now.shot.weights, now.shot.first, segments, now.variance)
        for _ in range(_ROUNDS):
            proposed = self.propose(now)
            if proposed is None or ((proposed != 0) == now.support).all():
                break
            starts = [(proposed, now.shot.first)]
            kept = np.where(proposed != 0, now.shot.weights, 0)
            if (kept != 0).sum() == (proposed != 0).sum():
                starts.append((kept, now.shot.first))
            tries = [self.shot(w, x, segments, now.variance) for w, x in starts]
            best = min(tries, key=lambda one: one.value)
            if not best.value < now.value - 1e-6 * abs(now.value):
                break
            now = best
        return now

    def propose(self, now: Found):
        """The best subset in the linear regression around a shot; None where there is none."""
        relative = np.sqrt(np.clip(now.variance, 0.2, 1e6))
        segments = replace(now.segments, weight=now.segments.weight / relative)
        known = information(self.values, now.shot, self.allowed, segments)
        if known is None:
            return None
        every = np.ones(len(known.moment), bool)
        cost = np.broadcast_to(self.cost, self.allowed.shape)[self.allowed]
        # From the terms in use, and backwards from all: single moves alone can end in a bad place.
        chosen = min(
            (
                best_subset(
                    known.gram, known.moment, known.total, rows=segments.freedom, start=start,
                    allowed=every, floor=FLOOR, cost=cost, group=np.nonzero(self.allowed)[0],
                    most=MOST_TERMS,
                )
                for start in (now.support[self.allowed], every)
            ),
            key=lambda one: one.value,
        )  # fmt: skip
        weights = np.zeros(self.allowed.shape)
        weights[self.allowed] = chosen.weights
        return self.clipped(weights)
