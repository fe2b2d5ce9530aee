"""Curves of families that share no turn, and of families that do, on a `Layout`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .uniform import Curve, Layout

#: Mean place of the families' turns, where they have any.
PLACE = 0.65


def _own(slopes: Callable[[Layout, np.random.Generator], np.ndarray]) -> Curve:
    """A straight line per family."""

    def curve(layout: Layout, generator: np.random.Generator) -> np.ndarray:
        centred = layout.reasoning - layout.mean[layout.family]
        return slopes(layout, generator)[layout.family] * centred

    return curve


def _common(shape: Callable[[np.ndarray], np.ndarray]) -> Curve:
    return lambda layout, generator: shape(layout.reasoning)


def _normal(generator: np.random.Generator, layout: Layout, sd: float) -> np.ndarray:
    return sd * generator.standard_normal(layout.families)


NULLS: dict[str, Curve] = {
    "own lines of the real table": _own(lambda t, g: t.slope),
    "own lines, slopes sd .3": _own(lambda t, g: _normal(g, t, 0.3)),
    "own lines tied to level, 1.5": _own(lambda t, g: 1.5 * (t.mean - 0.65) + _normal(g, t, 0.2)),
    "own lines tied to level, 3": _own(lambda t, g: 3 * (t.mean - 0.65) + _normal(g, t, 0.3)),
    "two groups, -.25 and +.6": _own(
        lambda t, g: np.where(t.mean < 0.65, -0.25, 0.6) + _normal(g, t, 0.1)
    ),
    "level 1.5 and a bend of .25": lambda t, g: (
        (1.5 * (t.mean - 0.65) + _normal(g, t, 0.2))[t.family] * (t.reasoning - t.mean[t.family])
        + 0.25 * (t.reasoning - t.mean[t.family]) ** 2
    ),
    "flat": _common(lambda x: 0 * x),
    "common line, falling": _common(lambda x: -0.25 * x),
    "common line, rising": _common(lambda x: 0.25 * x),
    "convex, rising, square": _common(lambda x: 0.3 * (x - 0.25) ** 2),
    "convex, rising, cube": _common(lambda x: 0.8 * (x - 0.25) ** 3),
    "saturating fall, fast": _common(lambda x: 0.1 * np.exp(-(x - 0.25) / 0.15)),
    "saturating fall, slow": _common(lambda x: 0.15 * np.exp(-(x - 0.25) / 0.3)),
}


@dataclass(frozen=True)
class U:
    """A U with its mean place `at`.

    Curvatures are log-normal of sd `unequal`, a share `straight` of the families lies on lines of
    slope sd `slopes`, places have sd `spread`; the right side is `asymmetry` times as curved.
    """

    curvature: float
    asymmetry: float = 1.0
    unequal: float = 0.0
    straight: float = 0.0
    slopes: float = 0.0
    spread: float = 0.0
    at: float = PLACE

    def __call__(self, layout: Layout, generator: np.random.Generator) -> np.ndarray:
        bend = np.exp(_normal(generator, layout, self.unequal) - self.unequal**2 / 2)
        place = self.at + _normal(generator, layout, self.spread)
        lines = generator.random(layout.families) < self.straight
        k = np.where(lines, 0.0, self.curvature * bend)[layout.family]
        slope = np.where(lines, _normal(generator, layout, self.slopes), 0.0)[layout.family]
        d = layout.reasoning - place[layout.family]
        return k * self._steep(d) * d * d + slope * (layout.reasoning - 0.6)

    def _steep(self, d: np.ndarray) -> np.ndarray:
        return np.where(d < 0, self.asymmetry**-0.5, self.asymmetry**0.5)

    @property
    def lowest(self) -> float:
        """Lowest position of the families' mean curve: on the gentler side of `at` where places
        differ and the two sides do."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(61)
        at = np.linspace(self.at - 0.3, self.at + 0.3, 6001)
        d = at[:, None] - (self.at + self.spread * nodes)
        return float(at[np.argmin((self._steep(d) * d * d) @ weights)])


@dataclass(frozen=True)
class Smooth:
    """A U whose curvature grows e-fold per `length` to the right, the same for all families."""

    curvature: float
    length: float
    at: float = PLACE

    def __call__(self, layout: Layout, generator: np.random.Generator) -> np.ndarray:
        d = (layout.reasoning - self.at) / self.length
        return 2 * self.curvature * self.length**2 * (np.exp(d) - d - 1)

    @property
    def lowest(self) -> float:
        return self.at


_MIXED = {"asymmetry": 1.5, "unequal": 0.6, "spread": 0.04}
_LINES = {"straight": 0.4, "slopes": 0.3}
#: Name -> curve, and an error of x beyond the binomial one. New ones go to the end.
TURNS: dict[str, tuple[U | Smooth, float]] = {
    "curvature 1.3, asymmetry 1": (U(1.3), 0.0),
    "asymmetry 1.9": (U(1.3, 1.86), 0.0),
    "asymmetry 4": (U(1.3, 4), 0.0),
    "asymmetry 6": (U(1.3, 6), 0.0),
    "asymmetry 4, places sd .06": (U(1.3, 4, spread=0.06), 0.0),
    "unequal curvatures": (U(1.3, **_MIXED), 0.0),
    "unequal, 40 % flat": (U(1.3, straight=0.4, **_MIXED), 0.0),
    "unequal, 40 % straight": (U(1.3, **_LINES, **_MIXED), 0.0),
    "the same, asymmetry 4": (U(1.3, **_LINES, **_MIXED | {"asymmetry": 4}), 0.0),
    "the same, error of x 2 pp": (U(1.3, **_LINES, **_MIXED | {"asymmetry": 4}), 0.02),
    "curvature .6": (U(0.6, 1.5), 0.0),
    "curvature .4, unequal": (U(0.4, **_MIXED), 0.0),
    "smooth, curvature e-fold per .3": (Smooth(1.3, 0.3), 0.0),
    "smooth, curvature e-fold per .15": (Smooth(1.0, 0.15), 0.0),
    "smooth, e-fold per .15 to the left": (Smooth(0.5, -0.15), 0.0),
    "asymmetry 1/4": (U(1.3, 0.25), 0.0),
    "asymmetry 1, turn at .58": (U(1.3, at=0.58), 0.0),
    "asymmetry 4, turn at .58": (U(1.3, 4, at=0.58), 0.0),
    "asymmetry 6, turn at .58": (U(1.3, 6, at=0.58), 0.0),
    "asymmetry 6, turn at .70": (U(1.3, 6, at=0.70), 0.0),
    "smooth, e-fold per .15, turn at .58": (Smooth(1.0, 0.15, at=0.58), 0.0),
}
