"""Passes of a decoder that read what each part writes, and the gradients by what it reads."""

import dataclasses

import torch
from torch import nn

from .._errors import InterpError
from .._heads.direct import projection
from .._models.hooks import Hook, first, hooked, replaced
from .._models.model import Model
from .reads import LayerReads

Tensor = torch.Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """What every part wrote in one run.

    - `embedding`: what enters the first block, shape (batch, positions, d_model); `heads`: all
      heads' outputs before W_O, one (batch, positions, heads x d_head) per layer; `mlps`: what each
      MLP adds, shape as `embedding` (None without one).
    - `value`: logit differences but for the unembedding's bias, shape (batch,).
    """

    embedding: Tensor
    heads: tuple[Tensor, ...]
    mlps: tuple[Tensor | None, ...]
    value: Tensor

    def minus(self, other: "Trace") -> "Trace":
        """What differs from another run."""
        return Trace(
            embedding=self.embedding - other.embedding,
            heads=tuple(a - b for a, b in zip(self.heads, other.heads, strict=True)),
            mlps=tuple(
                None if a is None or b is None else a - b
                for a, b in zip(self.mlps, other.mlps, strict=True)
            ),
            value=self.value - other.value,
        )

    def written(self, model: Model, chosen: slice) -> Tensor:
        """What every source wrote at some positions of the flattened batch, in the order of
        `Graph.sources`: shape (sources, positions, d_model)."""
        rows = [self.embedding.flatten(0, 1)[chosen][None]]
        for layer, heads, mlp in zip(model.parts.layers, self.heads, self.mlps, strict=True):
            weight, _ = projection(layer.head_projection)
            own = heads.flatten(0, 1)[chosen].float()
            own = own.reshape(len(own), model.n_heads, -1)
            weight = weight.reshape(len(weight), model.n_heads, -1)
            rows.append(torch.einsum("phk,dhk->hpd", own, weight))
            if mlp is not None:
                rows.append(mlp.flatten(0, 1)[chosen][None])
        return torch.cat([row.float() for row in rows])


def trace(model: Model, tokens: Tensor, directions: Tensor) -> Trace:
    """Read what every part writes.

    **Raises** `InterpError` where the residual stream is not the sum of what is written.
    """
    found: dict[nn.Module, Tensor] = {}
    shape = (*tokens.shape, model.d_model)

    def before(module: nn.Module, inputs: tuple) -> None:
        found[module] = first(inputs)

    def after(module: nn.Module, inputs: tuple, output: object) -> None:
        # Falcon adds attention to this very tensor.
        found[module] = first(output).clone()

    layers, norm = model.parts.layers, model.parts.final_norm
    inside = [(layers[0].block, before), *((layer.head_projection, before) for layer in layers)]
    written = [layer.mlp_out for layer in layers if layer.mlp_out is not None]
    ends: list[Tensor] = []

    def end(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        ends.append(first(inputs))
        ends.append(output[:, -1])

    with (
        torch.no_grad(),
        hooked(before=inside, after=[(norm, end), *((part, after) for part in written)]),
    ):
        model.network.base_model(tokens, use_cache=False)
    made = Trace(
        embedding=found[layers[0].block],
        heads=tuple(found[layer.head_projection] for layer in layers),
        mlps=tuple(
            None if layer.mlp_out is None else found[layer.mlp_out].reshape(shape)
            for layer in layers
        ),
        value=(ends[1] * directions).sum(-1),
    )
    _check_sum(model, made, ends[0])
    return made


def _check_sum(model: Model, made: Trace, final: Tensor) -> None:
    """Compare the last positions' stream with the sum of what was written."""
    count = made.embedding.shape[1]
    total = made.written(model, slice(count - 1, count)).sum(0)[0]
    for layer in model.parts.layers:
        total = total + projection(layer.head_projection)[1].to(total.dtype)
    stream = final[0, -1].float()
    off = float((total - stream).abs().max())
    allowed = float(stream.abs().max()) * (1e-3 if model.dtype == torch.float32 else 0.1)
    if not off <= allowed:
        raise InterpError(
            f"{model.name} ({model.architecture}): embedding, heads, MLPs and biases miss the "
            f"residual stream by {off:.2g} (more than {allowed:.2g}), so that it has no edges"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of the logit differences by what enters each part, of one run.

    - `streams`: the residual stream before each layer's attention norm and MLP norm, and before
      the final norm; `projected`: gradients by the outputs of the modules that make queries, keys
      and values; `mlps`: by what enters each MLP; `final`: by the final norm's input;
      `embedding`: by what enters the first block.
    """

    streams: dict[nn.Module, Tensor]
    projected: dict[nn.Module, Tensor]
    mlps: dict[nn.Module, Tensor]
    final: Tensor
    embedding: Tensor
    value: Tensor


def slopes(
    model: Model, reads: tuple[LayerReads, ...], tokens: Tensor, directions: Tensor, start: Tensor
) -> Slopes:
    """One forward and one backward pass, with `start` entering the first block."""
    streams: dict[nn.Module, Tensor] = {}
    outputs: dict[nn.Module, Tensor] = {}
    entered: dict[nn.Module, Tensor] = {}
    leaf = start.detach().requires_grad_(True)
    final = model.parts.final_norm
    ends: list[Tensor] = []

    def begin(module: nn.Module, inputs: tuple) -> tuple:
        return (leaf, *inputs[1:])

    def stream(module: nn.Module, inputs: tuple) -> None:
        streams[module] = first(inputs)

    def projected(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        outputs[module] = output

    def enters(module: nn.Module, inputs: tuple) -> tuple:
        # A tensor of its own, since attention may read the same one.
        entered[module] = first(inputs).clone()
        return replaced(inputs, entered[module])

    def end(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        ends.append(output[:, -1])

    norms = {part.norm for part in reads} | {part.mlp_norm for part in reads if part.mlp_norm}
    makers = {p.module for part in reads for p in (part.query, part.key, part.value)}
    before: list[tuple[nn.Module, Hook]] = [(model.parts.layers[0].block, begin)]
    before += [(norm, stream) for norm in (*norms, final)]
    before += [(part.mlp, enters) for part in reads if part.mlp is not None]
    after: list[tuple[nn.Module, Hook]] = [(maker, projected) for maker in makers]
    with torch.enable_grad(), hooked(before=before, after=[*after, (final, end)]):
        model.network.base_model(tokens, use_cache=False)
        value = (ends[0] * directions).sum(-1)
    wanted = [*outputs.values(), *entered.values(), streams[final], leaf]
    found = iter(torch.autograd.grad(value.sum(), wanted))
    return Slopes(
        projected={module: next(found) for module in outputs},
        mlps={module: next(found) for module in entered},
        final=next(found),
        embedding=next(found),
        streams={module: tensor.detach() for module, tensor in streams.items()},
        value=value.detach(),
    )
