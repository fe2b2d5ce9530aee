"""Simulated outcomes of several measurements of one family, drawn once and looked up after."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ...common.statistics import binomial_variance
from .family_curve import FamilyCurve, family_curve, quadratic_design
from .next_measurement import (
    MeasurementKind,
    draw_curves,
    draw_scores,
    open_lengths,
    questions_cost,
)

#: New sizes that are tried, over the family's own and the margin about them.
_SIZES = 9
#: Further questions that are tried, in multiples of the benchmark's own.
_MORE = (1, 4, 12)


@dataclass(frozen=True)
class MeasuredFamily:
    """One family's models on the benchmark whose turn is asked for; fractions, log10 of counts."""

    log10_params: Float[np.ndarray, " models"]
    truth: Float[np.ndarray, " models"]
    truth_stderr: Float[np.ndarray, " models"]


@dataclass(frozen=True)
class Move:
    """One measurement of a family: a new model of 10**`value`, or `value` further questions."""

    kind: MeasurementKind
    value: float
    cost: float


@dataclass(frozen=True)
class FamilyOutcomes:
    """What measurements of one family would leave open, by simulation.

    All sets of measurements are judged by the same draws, so that differences are sharp.
    """

    family: MeasuredFamily
    items: int
    margin: float
    level: float
    draws: int
    seed: int

    @cached_property
    def curve(self) -> FamilyCurve | None:
        """The family's curve, None where nothing can be simulated."""
        f = self.family
        return family_curve(f.log10_params, f.truth, y_stderr=f.truth_stderr)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Where a turn is looked for, log10 of sizes."""
        x = self.family.log10_params
        return float(x.min()) - self.margin, float(x.max()) + self.margin

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """The measurements that can be chosen, each once."""
        x = self.family.log10_params
        sizes = np.linspace(*self.window, _SIZES).tolist()
        values: dict[MeasurementKind, list[float]] = {
            "size": sizes,
            "items": [float(times * self.items) for times in _MORE],
        }
        return tuple(
            Move(kind, value, questions_cost(kind, value, self.items, x))
            for kind, of in values.items()
            for value in of
        )

    @cached_property
    def now(self) -> float:
        """Decades in which the family may turn as far as is known."""
        f = self.family
        noise = float(np.mean(f.truth_stderr**2))
        return float(self._lengths(f.log10_params, f.truth[None], noise)[0])

    def width(self, chosen: tuple[Move, ...]) -> float:
        """Expected decades that are left after the `chosen` measurements."""
        if not chosen:
            return self.now
        f, errors = self.family, self.family.truth_stderr
        extra = sum(move.value for move in chosen if move.kind == "items")
        known = np.tile(f.truth, (self.draws, 1))
        variance = np.tile(errors**2, (self.draws, 1))
        if extra:
            share = extra / (self.items + extra)
            fresh = self._true + self._unit * errors * np.sqrt(self.items / extra)
            known = np.clip((1 - share) * known + share * fresh, 0, 1)
            variance = variance * (1 - share)
        places = [self.moves.index(move) for move in chosen if move.kind == "size"]
        scores, noise = self._new
        x = np.append(f.log10_params, [self.moves[i].value for i in places])
        outcomes = np.column_stack([known, scores[:, places]])
        noises = np.column_stack([variance, noise[:, places]]).mean(axis=1)
        return float(self._lengths(x, outcomes, noises).mean())

    def _lengths(self, x, outcomes, noise) -> np.ndarray:
        return open_lengths(x, outcomes, noise, window=self.window, level=self.level)[0]

    @cached_property
    def _drawn(self) -> Float[np.ndarray, "draws 3"]:
        assert self.curve is not None
        return draw_curves(self.curve, self.draws, np.random.default_rng([self.seed, 0]))

    @cached_property
    def _new(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of a new model of each size, and the variance of their questions."""
        assert self.curve is not None
        random = np.random.default_rng([self.seed, 1])
        sizes = np.array([move.value for move in self.moves if move.kind == "size"])
        true = draw_scores(self.curve, self._drawn, sizes, random)
        noise = binomial_variance(true, self.items)
        seen = true + random.standard_normal(true.shape) * np.sqrt(noise)
        return np.clip(seen, 0, 1), noise

    @cached_property
    def _true(self) -> np.ndarray:
        """True scores of the family's models given the curve and what was seen of them."""
        assert self.curve is not None
        f, curve = self.family, self.curve
        design = quadratic_design((f.log10_params - curve.centre) / curve.scale)
        middle = self._drawn @ design.T
        trust = curve.scatter / (curve.scatter + f.truth_stderr**2)
        spread = np.sqrt(trust) * f.truth_stderr
        random = np.random.default_rng([self.seed, 2])
        return middle + trust * (f.truth - middle) + random.standard_normal(middle.shape) * spread

    @cached_property
    def _unit(self) -> np.ndarray:
        shape = (self.draws, len(self.family.truth))
        return np.random.default_rng([self.seed, 3]).standard_normal(shape)
