"""In which variables the dynamics are written: scores, or their log odds over chance."""

import abc
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class AbstractCoordinates(eqx.Module):
    """A change of variables between scores and the state of the differential equation."""

    @abc.abstractmethod
    def state(self, x: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        """The state that belongs to the scores `x`."""

    @abc.abstractmethod
    def scores(self, z: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        """The scores that belong to the state `z`."""

    def rows(self, x: Float[np.ndarray, "*batch dims"]) -> Float[np.ndarray, "*batch dims"]:
        """`state` of a NumPy array, without compiled code where a class can do so."""
        return np.asarray(self.state(jnp.asarray(x)))

    @abc.abstractmethod
    def names(self, benchmarks: Sequence[str]) -> tuple[str, ...]:
        """Names of the state variables."""

    @abc.abstractmethod
    def hold(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        """The velocity, with what would lead out of the box taken away."""

    @abc.abstractmethod
    def score_velocity(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        """Velocity of the scores at state `z` that moves with `velocity`."""


class Unbounded(AbstractCoordinates):
    """The state is the data themselves, and may go anywhere: for systems that are no scores."""

    def state(self, x: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        return x

    def rows(self, x: Float[np.ndarray, "*batch dims"]) -> Float[np.ndarray, "*batch dims"]:
        return x

    def scores(self, z: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        return z

    def names(self, benchmarks: Sequence[str]) -> tuple[str, ...]:
        return tuple(benchmarks)

    def hold(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        return velocity

    def score_velocity(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        return velocity


class UnitBox(AbstractCoordinates):
    """The state is the scores, confined to 0..1.

    Within `rim` of a wall the part of the velocity that points outwards is faded to zero, so that
    every solution stays in the box. Inside nothing is changed. A solution that touched a rim with
    an outward velocity is reported: without the fading it would have left.
    """

    rim: float = eqx.field(static=True, default=0.005)

    def __check_init__(self) -> None:
        if not 0 < self.rim < 0.5:
            raise ValueError(f"rim is {self.rim!r}; it lies between 0 and 0.5")

    def state(self, x: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        return x

    def rows(self, x: Float[np.ndarray, "*batch dims"]) -> Float[np.ndarray, "*batch dims"]:
        return x

    def scores(self, z: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        return jnp.clip(z, 0, 1)

    def names(self, benchmarks: Sequence[str]) -> tuple[str, ...]:
        return tuple(benchmarks)

    def hold(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        upper = jnp.clip((1 - z) / self.rim, 0, 1)
        lower = jnp.clip(z / self.rim, 0, 1)
        return jnp.where(velocity > 0, velocity * upper, velocity * lower)

    def score_velocity(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        return velocity


class LogOdds(AbstractCoordinates):
    """The state is the log odds of a score over a floor: log((x - floor) / (1 - x)).

    With `floor` a little below the chance level of each benchmark the dynamics of small models
    are not squeezed against chance; solutions stay between floor and 1 by construction.

    **Arguments:** `floor`, one value per benchmark, a fraction below 1; `edge`, how near (as a
    share of the range) a score may come to floor or 1 before it is drawn in, because a score at or
    below the floor has no finite log odds.
    """

    floor: tuple[float, ...] = eqx.field(static=True, converter=lambda f: tuple(map(float, f)))
    edge: float = eqx.field(static=True, default=0.005)

    def __check_init__(self) -> None:
        if not all(0 <= f < 1 for f in self.floor):
            raise ValueError(f"floor is {self.floor}; each value lies in 0 <= floor < 1")
        if not 0 < self.edge < 0.5:
            raise ValueError(f"edge is {self.edge!r}; it lies between 0 and 0.5")

    def _floor(self, like: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        if like.shape[-1] != len(self.floor):
            raise ValueError(f"{like.shape[-1]} benchmarks but {len(self.floor)} floors")
        return jnp.broadcast_to(jnp.array(self.floor, like.dtype), like.shape)

    def state(self, x: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        floor = self._floor(x)
        share = jnp.clip((x - floor) / (1 - floor), self.edge, 1 - self.edge)
        return jnp.log(share / (1 - share))

    def rows(self, x: Float[np.ndarray, "*batch dims"]) -> Float[np.ndarray, "*batch dims"]:
        floor = np.asarray(self.floor)
        if x.shape[-1] != len(floor):
            raise ValueError(f"{x.shape[-1]} benchmarks but {len(floor)} floors")
        share = np.clip((x - floor) / (1 - floor), self.edge, 1 - self.edge)
        return np.log(share / (1 - share))

    def scores(self, z: Float[Array, "*batch dims"]) -> Float[Array, "*batch dims"]:
        floor = self._floor(z)
        return floor + (1 - floor) * jax.nn.sigmoid(z)

    def names(self, benchmarks: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"z({name})" for name in benchmarks)

    def hold(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        return velocity

    def score_velocity(
        self, z: Float[Array, " dims"], velocity: Float[Array, " dims"]
    ) -> Float[Array, " dims"]:
        floor = self._floor(z)
        return (1 - floor) * jax.nn.sigmoid(z) * jax.nn.sigmoid(-z) * velocity
