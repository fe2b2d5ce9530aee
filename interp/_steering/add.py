"""One hook that adds to the residual stream, or takes a direction out of it."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from .._errors import InterpError
from .._models.hooks import Hook, block_input, first, replaced
from .._models.model import Model
from .._names import Positions
from .._positions import After, Span
from .condition import Condition
from .hook_point import HookPoint, module_at
from .positions import check_positions as check_positions
from .positions import check_steered
from .reading import Reading


class Applied:
    """What is being done to a model inside a `with` block.

    `start_at` tells, for steering at the `last` positions, where in each row of the next forward
    pass the answer begins to be predicted; without it only the last position of each pass is
    steered, as in generation. `scale` changes what is added between passes (the guard does).
    """

    def __init__(
        self, addition: torch.Tensor, *, positions: Positions, reading: Reading | None = None
    ) -> None:
        self.addition: torch.Tensor = addition
        self.positions = positions
        self._reading = reading
        self.starts: torch.Tensor | None = None
        self.others: tuple[Applied, ...] = ()  # what is added at further hook points

    def start_at(self, starts: torch.Tensor | None) -> None:
        """Steer each row from its own position on; None: the last position only."""
        for applied in (self, *self.others):
            applied.starts = starts if applied.positions == "last" else None

    def scale(self, factor: torch.Tensor) -> None:
        """Add so many times as much from the next pass on, at every hook point."""
        for applied in (self, *self.others):
            applied.addition = factor * applied.addition

    def mask(self, stream: torch.Tensor) -> torch.Tensor | None:
        """Which positions are steered, shape (rows, positions, 1); None for all."""
        if self._reading is not None:
            return self._reading.mask.unsqueeze(-1)
        if self.positions == "all":
            return None
        positions = torch.arange(stream.shape[1], device=stream.device)
        starts = positions[-1:] if self.starts is None else self.starts[:, None]
        return (positions >= starts).unsqueeze(-1).expand(stream.shape[0], -1, 1)


@contextlib.contextmanager
def adding(
    model: Model,
    hook_point: HookPoint,
    addition: torch.Tensor,
    *,
    condition: Condition | None = None,
    positions: Positions = "all",
    hook_zeros: bool = False,
    reading: Reading | None = None,
) -> Iterator[Applied]:
    """Add a vector to the residual stream at one hook point for the length of a `with` block.

    **Arguments**: `addition` of shape (d_model,); where it is all zeros nothing is hooked, so the
    logits are the unsteered ones bit for bit. `condition`: add it only where the stream fulfils it.
    `positions`: `all`, `last` (the last position that is read, and every generated one), a `Span`,
    or `After` a marker. `hook_zeros`: hook zeros too, for gradients at zero. `reading`: what
    watches the passes already for a span or a marker.

    **Raises** `InterpError` for another width, NaN, and a hook point that the model does not have.
    """
    module = module_at(model, hook_point)
    check_vector(model, addition)
    check_steered(positions)
    addition = addition.to(device=model.device, dtype=model.dtype)
    if not hook_zeros and not bool(addition.any()):
        yield Applied(addition, positions=positions)
        return
    if reading is None and isinstance(positions, Span | After):
        with (
            Reading(model, positions).watching() as watched,
            adding(
                model, hook_point, addition, condition=condition, positions=positions,
                hook_zeros=hook_zeros, reading=watched,
            ) as inside,
        ):  # fmt: skip
            yield inside
        return
    applied = Applied(addition, positions=positions, reading=reading)
    if condition is None:

        def add(module: nn.Module, inputs: Any, output: Any) -> Any:
            written = first(output)
            mask = applied.mask(written)
            added = applied.addition if mask is None else mask * applied.addition
            return replaced(output, written + added)

        with _hooked(model, hook_point, module, add):
            yield applied
        return
    weight = condition.weight.to(device=model.device, dtype=model.dtype)
    stream = _BlockInput()

    def add_where(module: nn.Module, inputs: Any, output: Any) -> Any:
        written = first(output)
        state = written if stream.value is None else written + stream.value
        steered = (state @ weight > condition.threshold).unsqueeze(-1)
        mask = applied.mask(written)
        steered = steered if mask is None else steered & mask
        return replaced(output, written + steered * applied.addition)

    with _hooked(model, hook_point, module, add_where, stream):
        yield applied


@contextlib.contextmanager
def adding_at(
    model: Model,
    additions: Mapping[HookPoint, torch.Tensor],
    *,
    condition: Condition | None = None,
    positions: Positions = "all",
) -> Iterator[Applied]:
    """`adding` at one or several hook points, each with a vector of its own."""
    with contextlib.ExitStack() as stack:
        reading = None
        if isinstance(positions, Span | After):
            reading = stack.enter_context(Reading(model, positions).watching())
        lead, *others = (
            stack.enter_context(
                adding(
                    model,
                    point,
                    addition,
                    condition=condition,
                    positions=positions,
                    reading=reading,
                )
            )
            for point, addition in additions.items()
        )
        lead.others = tuple(others)
        yield lead


@contextlib.contextmanager
def ablating(model: Model, hook_point: HookPoint, direction: torch.Tensor) -> Iterator[None]:
    r"""Take a direction out of the residual stream at one hook point: nothing of it is left\.

    **Raises** `InterpError` as `adding`, and for a direction of no length.
    """
    module = module_at(model, hook_point)
    check_vector(model, direction)
    length = direction.norm()
    if not bool(length > 0):
        raise InterpError("a direction of no length cannot be taken out")
    unit = (direction / length).to(device=model.device, dtype=model.dtype)
    stream = _BlockInput()

    def take_out(module: nn.Module, inputs: Any, output: Any) -> Any:
        written = first(output)
        state = written if stream.value is None else written + stream.value
        return replaced(output, written - (state @ unit).unsqueeze(-1) * unit)

    with _hooked(model, hook_point, module, take_out, stream):
        yield


def check_vector(model: Model, vector: torch.Tensor) -> None:
    """Refuse a vector of another width, and one with NaN or infinities."""
    if vector.shape != (model.d_model,):
        raise InterpError(
            f"the vector has the shape {tuple(vector.shape)}; {model.name} has width "
            f"{model.d_model}: find one for this model (nullcline truth)"
        )
    if not bool(torch.isfinite(vector).all()):
        raise InterpError("the vector holds values that are no numbers; find it again")


class _BlockInput:
    """The stream that entered the block of this pass, where the site needs it."""

    value: torch.Tensor | None = None


@contextlib.contextmanager
def _hooked(
    model: Model,
    hook_point: HookPoint,
    module: nn.Module,
    hook: Hook,
    stream: _BlockInput | None = None,
) -> Iterator[None]:
    handles = [module.register_forward_hook(hook)]
    if stream is not None and hook_point.site == "attention":

        def enters(module: nn.Module, inputs: Any, keywords: Any) -> None:
            stream.value = block_input(inputs, keywords)

        block = model.parts.layers[hook_point.layer].block
        handles.append(block.register_forward_pre_hook(enters, with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
