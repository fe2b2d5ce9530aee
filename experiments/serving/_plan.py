"""A request's wish to be steered, checked against the vector that the server has."""

import dataclasses

import torch

from ...interp import After, InterpError, Model, Positions, TruthVector, parse_positions
from ._errors import ApiError
from ._requests import AskedSteering


@dataclasses.dataclass(frozen=True)
class Plan:
    """How one text is steered; `answer_start` as in `AskedSteering`."""

    strength: float
    positions: Positions
    ablate: bool = False
    budget: float | None = None
    answer_start: int | None = None

    @property
    def needs_start(self) -> bool:
        """Whether where the answer starts can matter at all."""
        return not self.ablate and self.strength != 0 and self.positions == "last"


def plan_of(
    model: Model, vector: TruthVector | None, steering: AskedSteering | None
) -> Plan | None:
    """What is done to the model, None for nothing.

    **Raises** `ApiError` where there is no vector, for wishes that exclude one another, and for a
    strength beyond the model's number format.
    """
    if vector is None:
        if steering is not None:
            raise ApiError(
                400,
                "this server was started without a vector; start it with --vector FILE to steer",
                param="steering",
                code="no_vector",
            )
        return None
    steering = steering or AskedSteering()
    if steering.ablate and (steering.budget is not None or steering.strength is not None):
        raise ApiError(
            400,
            "ablate takes the direction out as a whole; leave out strength and budget",
            param="steering.ablate",
        )
    positions = _positions(vector, steering)
    strength = vector.strength if steering.strength is None else steering.strength
    added = vector.additions(strength).values()
    if not all(bool(torch.isfinite(value.to(model.dtype)).all()) for value in added):
        raise ApiError(
            400,
            f"strength {strength:g} is beyond the model's {model.dtype}; give less",
            param="steering.strength",
        )
    return Plan(
        strength=strength,
        positions=positions,
        ablate=steering.ablate,
        budget=steering.budget,
        answer_start=steering.answer_start,
    )


def _positions(vector: TruthVector, steering: AskedSteering) -> Positions:
    """Where it is added: the vector's own positions where the request says nothing."""
    given = {"positions": steering.positions, "after": steering.after}
    named = [name for name, value in given.items() if value is not None]
    if not named:
        return vector.positions
    param = f"steering.{named[-1]}"
    if steering.ablate or len(named) > 1:
        other = "ablate acts on all positions" if steering.ablate else "positions and after are two"
        raise ApiError(400, f"{other}; give one of them", param=param)
    if steering.after is not None:
        return After(steering.after)
    try:
        return parse_positions(str(steering.positions))
    except InterpError as error:
        raise ApiError(400, str(error), param=param) from None
