"""A pass of a decoder in which some edges carry what their source wrote in another run."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from .._heads.direct import projection
from .._models.hooks import Hook, first, hooked, replaced
from .._models.model import Model
from .graph import Graph
from .reads import LayerReads, Projection
from .run import Trace

Tensor = torch.Tensor


def patched_value(
    model: Model,
    reads: tuple[LayerReads, ...],
    graph: Graph,
    tokens: Tensor,
    directions: Tensor,
    *,
    other: Trace,
    mask: np.ndarray,
) -> Tensor:
    """Logit differences of a run in which the edges of a mask, shape (sources, targets), carry what
    their source wrote in another run, shape (batch,)."""
    run = _PatchedRun(model, graph, other, mask, tokens.shape)
    before: list[tuple[nn.Module, Hook]] = []
    after: list[tuple[nn.Module, Hook]] = []
    position = 0
    column = 0
    before.append((model.parts.layers[0].block, run.embedding))
    for layer, (part, reading) in enumerate(zip(model.parts.layers, reads, strict=True)):
        before.append((reading.norm, run.keep_stream))
        for made in (reading.query, reading.key, reading.value):
            columns = range(column, column + len(made.rows))
            column += len(made.rows)
            if mask[:, columns].any():
                after.append((made.module, run.projected(made, reading.norm, columns)))
        before.append((part.head_projection, run.heads(layer, position + 1)))
        position += model.n_heads
        if part.mlp_out is not None and reading.mlp is not None and reading.mlp_norm is not None:
            if reading.mlp_norm is not reading.norm:
                before.append((reading.mlp_norm, run.keep_stream))
            if mask[:, column].any():
                before.append((reading.mlp, run.entering(reading.mlp_norm, column)))
            column += 1
            position += 1
            after.append((part.mlp_out, run.mlp(layer, position)))
    before.append((model.parts.final_norm, run.final(column)))
    after.append((model.parts.final_norm, run.end))
    with torch.no_grad(), hooked(before=before, after=after):
        model.network.base_model(tokens, use_cache=False)
    return (run.last * directions).sum(-1)


class _PatchedRun:
    """What one patched pass has met so far: the streams, and by how much each source that a mask
    needs would have to be moved."""

    def __init__(
        self, model: Model, graph: Graph, other: Trace, mask: np.ndarray, shape: tuple[int, ...]
    ) -> None:
        self.model, self.graph, self.other, self.mask = model, graph, other, mask
        self.shape = (*shape, model.d_model)
        self.used: np.ndarray = np.any(mask, axis=1)
        self.moved: dict[int, Tensor] = {}
        self.streams: dict[nn.Module, Tensor] = {}
        self.last: Tensor

    def embedding(self, module: nn.Module, inputs: tuple) -> None:
        if self.used[0]:
            self.moved[0] = self.other.embedding - first(inputs)

    def keep_stream(self, module: nn.Module, inputs: tuple) -> None:
        # OPT's MLP works on (batch x positions, width).
        self.streams[module] = first(inputs).reshape(self.shape)

    def heads(self, layer: int, start: int) -> Callable[[nn.Module, tuple], None]:
        def read(module: nn.Module, inputs: tuple) -> None:
            count = self.model.n_heads
            if not self.used[start : start + count].any():
                return
            weight, _ = projection(module)
            change = (self.other.heads[layer] - first(inputs)).to(weight.dtype)
            size = change.shape[-1] // count
            for head in range(count):
                if self.used[start + head]:
                    own = slice(head * size, (head + 1) * size)
                    made = change[..., own] @ weight[:, own].T
                    self.moved[start + head] = made.to(first(inputs).dtype)

        return read

    def mlp(self, layer: int, source: int) -> Callable[[nn.Module, tuple, object], None]:
        def read(module: nn.Module, inputs: tuple, output: object) -> None:
            other = self.other.mlps[layer]
            if self.used[source] and other is not None:
                self.moved[source] = other - first(output).reshape(self.shape)

        return read

    def change(self, column: int) -> Tensor | None:
        """By how much the input of a target is moved."""
        rows = np.flatnonzero(self.mask[:, column])
        if not len(rows):
            return None
        total = self.moved[rows[0]].clone()
        for row in rows[1:]:
            total += self.moved[row]
        return total

    def projected(
        self, made: Projection, norm: nn.Module, columns: range
    ) -> Callable[[nn.Module, tuple, Tensor], Tensor]:
        def put(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
            output = output.clone()
            bias = getattr(module, "bias", None)
            for head, column in enumerate(columns):
                change = self.change(column)
                if change is not None:
                    rows = made.rows[head].to(output.device)
                    read = norm.forward(self.streams[norm] + change)
                    own = read @ made.weight(head).T
                    output[..., rows] = own if bias is None else own + bias[rows]
            return output

        return put

    def entering(self, norm: nn.Module, column: int) -> Callable[[nn.Module, tuple], tuple]:
        def put(module: nn.Module, inputs: tuple) -> tuple:
            change = self.change(column)
            if change is None:
                return inputs
            read = norm.forward(self.streams[norm] + change)
            return replaced(inputs, read.reshape(first(inputs).shape))

        return put

    def final(self, column: int) -> Callable[[nn.Module, tuple], tuple | None]:
        def put(module: nn.Module, inputs: tuple) -> tuple | None:
            change = self.change(column)
            return None if change is None else replaced(inputs, first(inputs) + change)

        return put

    def end(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        self.last = output[:, -1]
