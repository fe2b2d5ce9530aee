"""What would settle where a family turns: the expected use of a measurement not yet made."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float

from ...common import distributions
from ...common.display import shown
from ...common.statistics import binomial_variance
from .critical_types import NOISE_DEGREES
from .family_curve import FamilyCurve, family_curve, quadratic_design, residual_variance

#: Sizes at which the slope is tested: steps of .02 decades over a window of five.
_GRID = 241
MeasurementKind = Literal["size", "items"]


@dataclass(frozen=True)
class CandidateMeasurement:
    """One measurement that could be made next, and what is expected of it.

    - `kind`: `size`, a new model of 10**`log10_params` parameters, evaluated on `items` questions;
      `items`, all models of the family evaluated on `items` further questions.
    - `width`: expected length of what remains possible, in decades; `width_stderr`: its Monte
      Carlo error; `gain`: how much shorter than now.
    - `bracketed`: share of the simulated outcomes after which Lind and Mehlum's test finds the turn
      inside the family's sizes.
    - `cost`: questions times parameters of the models that answer them.
    """

    kind: MeasurementKind
    log10_params: float
    items: int
    width: float
    width_stderr: float
    gain: float
    bracketed: float
    cost: float


@shown
@dataclass(frozen=True)
class NextMeasurements:
    """Candidates for the next measurement of one family, the most useful first.

    `width`: length of the part of `window` (log10 of parameters) in which the family may turn as
    far as its present scores tell. `status` is `underdetermined` where fewer than three sizes, or
    unknown errors, leave nothing to simulate from; then there are no candidates.
    """

    width: float
    window: tuple[float, float]
    candidates: tuple[CandidateMeasurement, ...]
    status: Literal["ok", "underdetermined"]
    draws: int
    seed: int


def next_measurements(
    log10_params: Float[np.ndarray, " models"],
    truth: Float[np.ndarray, " models"],
    *,
    truth_stderr: Float[np.ndarray, " models"],
    items: int,
    sizes: Sequence[float] | None = None,
    more_items: Sequence[int] | None = None,
    margin: float = 1.0,
    draws: int = 400,
    level: float = 0.95,
    seed: int = 0,
) -> NextMeasurements:
    """Which model size or which further questions would narrow a family's critical point most.

    A family may turn wherever the slope of its quadratic in log10 N does not differ significantly
    from zero; `width` is the length of that region within the family's sizes and `margin` decades
    around them. For each candidate, curves are drawn from the distribution that the present scores
    leave open, a new score is drawn from each with the noise of its questions and the family's own
    scatter, the quadratic is fitted again with it, and the lengths are averaged.

    **Arguments:** `log10_params`, `truth`, `truth_stderr`, the family's models (fractions);
    `items`, questions of the truth benchmark, which set a new score's noise; `sizes`, candidate
    log10 of parameters (nine over the window by default); `more_items`, candidate numbers of
    further questions for all models of the family (1, 4 and 12 times `items` by default); `margin`,
    decades; `draws`, simulated outcomes of each candidate; `level` of the test; `seed`.

    **Limits:** the curve is a quadratic, and predictions far outside the family's sizes are as good
    as that. Further questions are taken to measure the same thing as the benchmark's own. The
    order is by information alone; `plan_measurements` weighs it against cost. Errors of sizes do
    not exist, and what it costs to train a model of another size is not known.

    **Raises** ValueError for `draws` below 2 or `items` below 1.

    **Source:** expected value of sample information, Raiffa and Schlaifer (1961); the test of a
    turn is Lind and Mehlum (2010).
    """
    if draws < 2 or items < 1:
        raise ValueError(f"draws is {draws} and items {items}; give at least 2 and 1")
    x, y, errors = (np.asarray(v, dtype=np.float64) for v in (log10_params, truth, truth_stderr))
    curve = family_curve(x, y, y_stderr=errors)
    if curve is None:
        ends = (float(np.min(x)) - margin, float(np.max(x)) + margin)
        return NextMeasurements(ends[1] - ends[0], ends, (), "underdetermined", draws, seed)
    window = (curve.span[0] - margin, curve.span[1] + margin)
    lengths_in = partial(open_lengths, window=window, level=level)
    now = float(lengths_in(x, y[None], float(np.mean(errors**2)))[0][0])
    new_sizes = np.linspace(*window, 9) if sizes is None else np.asarray(sizes, dtype=np.float64)
    more = [items, 4 * items, 12 * items] if more_items is None else list(more_items)
    candidates = []
    wanted: dict[MeasurementKind, list] = {"size": new_sizes.tolist(), "items": more}
    for kind, values in wanted.items():
        for value in values:
            random = np.random.default_rng(seed)  # the same draws for all: sharp differences
            outcomes = _OUTCOMES[kind](curve, x, y, errors, items, value, draws, random)
            lengths, turns = lengths_in(*outcomes)
            cost = questions_cost(kind, float(value), items, x)
            candidates.append(_measurement(kind, value, items, lengths, turns, now, cost))
    ranked = tuple(sorted(candidates, key=lambda m: m.width))
    return NextMeasurements(now, window, ranked, "ok", draws, seed)


def draw_curves(curve: FamilyCurve, draws: int, random) -> Float[np.ndarray, "draws 3"]:
    """Coefficients that the present scores leave open: a multivariate t."""
    normal = random.multivariate_normal(np.zeros(3), curve.covariance, size=draws)
    dof = curve.degrees_of_freedom
    wide = np.sqrt(dof / random.chisquare(dof, size=(draws, 1)))
    return curve.coefficients + normal * wide


def draw_scores(curve: FamilyCurve, drawn, x, random) -> Float[np.ndarray, "draws models"]:
    """True scores of models at `x`: the curve with the family's own scatter."""
    design = quadratic_design((x - curve.centre) / curve.scale)
    scatter = random.standard_normal((len(drawn), len(x))) * np.sqrt(curve.scatter)
    return np.clip(drawn @ design.T + scatter, 0, 1)


def _with_new_size(curve, x, y, errors, items, size, draws, random):
    """The family's models and one of `size` more, their scores, and the mean noise of these."""
    score = draw_scores(curve, draw_curves(curve, draws, random), np.array([size]), random)[:, 0]
    noise = binomial_variance(score, items)
    new = np.clip(score + random.standard_normal(draws) * np.sqrt(noise), 0, 1)
    outcome = np.column_stack([np.tile(y, (draws, 1)), new])
    return np.append(x, size), outcome, (np.sum(errors**2) + noise) / (len(y) + 1)


def _with_more_items(curve, x, y, errors, items, extra, draws, random):
    """The family's models, their scores once each has `extra` further questions, and the noise."""
    middle = draw_curves(curve, draws, random) @ (
        quadratic_design((x - curve.centre) / curve.scale).T
    )
    # Given the curve and the score that it has, a model's true score lies between the two.
    trust = curve.scatter / (curve.scatter + errors**2)
    spread = np.sqrt(trust) * errors
    true = middle + trust * (y - middle) + random.standard_normal(middle.shape) * spread
    new_noise = errors**2 * items / extra
    fresh = true + random.standard_normal(true.shape) * np.sqrt(new_noise)
    share = extra / (items + extra)
    outcome = np.clip((1 - share) * y + share * fresh, 0, 1)
    return x, outcome, float(np.mean(errors**2 * (1 - share)))


_OUTCOMES = {"size": _with_new_size, "items": _with_more_items}


def open_lengths(x, outcomes, noise, *, window, level):
    """For each row of scores: how much of the window may hold the turn, and whether it is inside.

    The same arithmetic as `u_test`, for many rows at once.
    """
    centre, scale = float(np.mean(x)), float(np.ptp(x)) / 2
    design = quadratic_design((x - centre) / scale)
    inverse = np.linalg.inv(design.T @ design)
    coefficients = outcomes @ design @ inverse
    squares = np.sum((outcomes - coefficients @ design.T) ** 2, axis=1)
    variance = residual_variance(squares, len(x) - 3, noise)
    dof = len(x) - 3 + NOISE_DEGREES

    def upward(positions):
        """t of the slope at each position, a row for each outcome."""
        gradient = np.stack([np.ones_like(positions), 2 * positions])
        slope = coefficients[:, 1:] @ gradient
        shape = np.einsum("ip,ij,jp->p", gradient, inverse[1:, 1:], gradient)
        return slope / np.sqrt(variance[:, None] * shape)

    grid = (np.linspace(window[0], window[1], _GRID) - centre) / scale
    possible = np.abs(upward(grid)) < distributions.t.ppf((1 + level) / 2, dof)
    lengths = possible.mean(axis=1) * (window[1] - window[0])
    ends = upward((np.array([x.min(), x.max()]) - centre) / scale)
    p = np.maximum(distributions.t.cdf(ends[:, 0], dof), distributions.t.sf(ends[:, 1], dof))
    enough = np.unique(x).size >= 4
    return lengths, (p < 1 - level) & enough


def questions_cost(
    kind: MeasurementKind,
    value: float,
    items: int,
    log10_params: Float[np.ndarray, " models"],
) -> float:
    """Questions times parameters of one model of 10**`value`, or of `value` further questions for
    all models."""
    if kind == "size":
        return items * 10**value
    return value * float(np.sum(10**log10_params))


def _measurement(kind, value, items, lengths, turns, now, cost) -> CandidateMeasurement:
    return CandidateMeasurement(
        kind=kind,
        log10_params=float(value) if kind == "size" else np.nan,
        items=int(value if kind == "items" else items),
        width=float(lengths.mean()),
        width_stderr=float(lengths.std(ddof=1) / np.sqrt(len(lengths))),
        gain=float(now - lengths.mean()),
        bracketed=float(turns.mean()),
        cost=cost,
    )
