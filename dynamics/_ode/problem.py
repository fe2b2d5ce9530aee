"""What is fitted: the data, the form of the equations and how they are compared."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Float

from .._precision import jax_array
from .coordinates import AbstractCoordinates
from .integral import NormalEquations, Regression, integral_form
from .library import AbstractLibrary
from .match import Matching, MatchProblem, match_problem
from .names import FitMethod, Noise
from .trajectories import Trajectories


class FitProblem(eqx.Module):
    """A fitting problem without its penalty; build it with `fit_problem`.

    - `trajectories`, `library`, `coordinates`, `matching`, `method`: as in `fit_ode`.
    - `regression`: the integral form of the data.
    - `candidates`: terms that each equation may use; `family_weights`: how often families count.
    """

    trajectories: Trajectories
    library: AbstractLibrary
    coordinates: AbstractCoordinates
    regression: Regression
    candidates: Bool[Array, "dims terms"]
    family_weights: Float[Array, " families"]
    matching: Matching
    method: FitMethod = eqx.field(static=True)

    def normal_equations(self) -> NormalEquations:
        """Those of the integral form, families counted by their weights."""
        return self.regression.normal_equations(self.family_weights)

    def match_problem(self) -> MatchProblem:
        """The same data as a matching problem."""
        return match_problem(self.trajectories, self.library, self.coordinates, self.matching)


def fit_problem(
    trajectories: Trajectories,
    library: AbstractLibrary,
    coordinates: AbstractCoordinates,
    *,
    method: FitMethod,
    noise: Noise,
    matching: Matching,
    candidates: Bool[Array, "dims terms"] | None = None,
    family_weights: Float[Array, " families"] | None = None,
) -> FitProblem:
    """All terms are candidates and each family counts once where nothing else is said."""
    shape = (trajectories.dims, library.size(trajectories.dims))
    families = len(trajectories.families)
    return FitProblem(
        trajectories,
        library,
        coordinates,
        integral_form(trajectories, library, coordinates, noise=noise),
        jax_array(np.ones(shape, bool) if candidates is None else candidates),
        jax_array(np.ones(families) if family_weights is None else family_weights),
        matching,
        method,
    )
