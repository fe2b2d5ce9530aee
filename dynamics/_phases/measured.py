"""Two scores of one family's models, both measured with error: what they say of any slope."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class SlopeScore(NamedTuple):
    """What a family says of a slope that is taken for true.

    `score`: half of how fast the profile falls there, positive where a greater slope fits better;
    `variance`: of `score` if the slope is true; `information`: its expected change per unit of
    slope, below 0 where the models differ along x by less than their errors.
    """

    score: float
    variance: float
    information: float


@dataclass(frozen=True)
class MeasuredScores:
    """Scores `x` and `y` of a family's models with their standard errors, fractions.

    `y_stderr` has in it what else models differ by.
    """

    x: Float[np.ndarray, " models"]
    y: Float[np.ndarray, " models"]
    x_stderr: Float[np.ndarray, " models"]
    y_stderr: Float[np.ndarray, " models"]

    def profile(self, angle: np.ndarray | float) -> np.ndarray | np.float64:
        """The weighted sum of squares about the best line at each angle to the axis of `x`."""
        # With b = tan(angle) and both sides of (y - a - b x)^2 / (se_y^2 + b^2 se_x^2) times cos^2:
        #     (cos y - sin x - a')^2 / (cos^2 se_y^2 + sin^2 se_x^2),
        # which is as smooth at a vertical line as elsewhere. The best a' is the mean of the
        # distances weighted by 1 / variance, so what is left is a function of the angle alone, with
        # period pi.
        cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
        variance = (cos * self.y_stderr) ** 2 + (sin * self.x_stderr) ** 2
        along = cos * self.y - sin * self.x  # distance from a line through the origin at this angle
        centre = (along / variance).sum(-1, keepdims=True) / (1 / variance).sum(-1, keepdims=True)
        return ((along - centre) ** 2 / variance).sum(-1)

    def at(self, slope: float) -> SlopeScore:
        """The score of the slope, with its variance and information, as if it were the true one."""
        # At the slope b a model lies e = y - a - b x from the line, with variance
        # v = se_y^2 + b^2 se_x^2, and the best estimate of its true x is
        #     z = (se_y^2 x + b se_x^2 (y - a)) / v,   with variance se_x^2 se_y^2 / v.
        # If b is true, e and z are independent. So the score sum(z e / v) is 0 on average and has
        # the variance J = sum(z^2 / v), z about its mean: both whatever the errors of x did to the
        # spread of z. With a true slope of b + d it is on average d times the information, J less
        # what errors make of it.
        x_variance, y_variance = self.x_stderr**2, self.y_stderr**2
        variance = y_variance + slope**2 * x_variance
        weight = 1 / variance
        share = weight / weight.sum()
        line = self.y - slope * self.x
        along = (y_variance * self.x + slope * x_variance * (self.y - share @ line)) / variance
        off, along = line - share @ line, along - share @ along
        spread = float(weight @ along**2)
        by_errors = float((weight * x_variance * y_variance / variance) @ (1 - share))
        return SlopeScore(float(weight @ (along * off)), spread, spread - by_errors)
