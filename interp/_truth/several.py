"""Directions that are added at several places at once: to chosen heads (ITI), and to all layers."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from .._errors import InterpError
from .._heads.direct import projection
from .._models.hooks import first, hooked
from .._models.model import Model
from .._questions.tokens import batches, token_budget
from .._steering.hook_point import HookPoint
from .detect import held_out_accuracy
from .find import statement_rows, unit
from .linear import mass_mean
from .sets import TruthSets

#: Shares of a model's heads that are tried; Li et al. take 48 of 1,024.
HEAD_SHARES = (0.02, 0.05, 0.1)


@dataclasses.dataclass(frozen=True, eq=False)
class SeveralAdditions:
    """What is added at strength 1 at several hook points: `vectors`, each of shape (d_model,), and,
    where single heads are meant, the part of each `(layer, head)`, shape (d_head,)."""

    vectors: Mapping[HookPoint, np.ndarray]
    heads: Mapping[tuple[int, int], np.ndarray] = dataclasses.field(default_factory=dict)


def all_layers(
    points: Sequence[HookPoint], raw: np.ndarray, norms: Mapping[HookPoint, float]
) -> SeveralAdditions:
    """Every hook point's own direction at once: strength 1 adds the stream's mean norm, dealt out
    evenly over the hook points.

    **Arguments**: `raw` of shape (points, d_model), of any lengths; directions of no length are
    left out.
    """
    units = {p: unit(vector)[0].numpy() for p, vector in zip(points, raw, strict=True)}
    used = {point: vector for point, vector in units.items() if vector.any()}
    return SeveralAdditions(
        {point: vector * norms[point] / len(used) for point, vector in used.items()}
    )


def chosen_heads(model: Model, sets: TruthSets) -> list[SeveralAdditions]:
    """Inference-time intervention: additions to the outputs of the heads that tell true from false
    statements best, one for each of `HEAD_SHARES`.

    A head's probe is the mass-mean direction of its outputs at the end of statements, and its
    accuracy that on held-out facts. What is added to a head is its direction of length one times
    the standard deviation of the outputs along it, so that the multiplier is alpha of Li et al.
    2023 (arXiv:2306.03341). A constant that is added to a head's output reaches the stream as one
    vector, W_O's columns of that head times it, after the layer's attention.

    **Raises** `InterpError` where a norm follows attention: it would rescale what is added.
    """
    if any(layer.attention_norm is not None for layer in model.parts.layers):
        raise InterpError(
            f"{model.name} has a norm after its attention, so that an addition to a head is no "
            "vector in the stream; leave the method iti out"
        )
    labels = np.array([statement.label for statement in sets.statements])
    outputs = head_outputs(model, statement_rows(model, sets))
    accuracy = held_out_accuracy(outputs, labels, sets.statements)
    silent = np.abs(outputs).max(axis=(1, 2)) == 0
    order = np.argsort(-accuracy, kind="stable")
    order = order[~silent[order]]
    if not len(order):
        return []
    counts = dict.fromkeys(max(1, round(share * len(order))) for share in HEAD_SHARES)
    return [at_heads(model, outputs, labels, order[:count].tolist()) for count in counts]


def at_heads(
    model: Model, outputs: np.ndarray, labels: np.ndarray, numbers: Sequence[int]
) -> SeveralAdditions:
    """The additions to some heads, given by layer x heads + head; `outputs` as `head_outputs`."""
    vectors: dict[HookPoint, np.ndarray] = {}
    heads: dict[tuple[int, int], np.ndarray] = {}
    for number in sorted(numbers):
        layer, head = divmod(number, model.n_heads)
        direction = unit(mass_mean(outputs[number][None], labels)[0])[0].numpy()
        heads[layer, head] = direction * (outputs[number] @ direction).std()
        weight = projection(model.parts.layers[layer].head_projection)[0]
        size = weight.shape[1] // model.n_heads
        columns = weight[:, head * size : (head + 1) * size].cpu()
        written = (columns @ torch.from_numpy(heads[layer, head]).to(columns)).numpy()
        point = HookPoint(layer, "attention")
        vectors[point] = vectors.get(point, 0.0) + written
    return SeveralAdditions(vectors, heads)


def head_outputs(model: Model, rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Every head's output at the last position of texts, before W_O, shape (layers x heads, texts,
    d_head)."""
    modules = [layer.head_projection for layer in model.parts.layers]
    found: list[np.ndarray] = [np.zeros(0)] * len(rows)
    for indices, tokens in batches(rows, device=model.device, budget=token_budget(model)):
        last = torch.tensor([len(rows[index]) - 1 for index in indices], device=model.device)
        every = torch.arange(len(indices), device=model.device)
        caught: list[torch.Tensor] = []

        def read(module: object, inputs: tuple, *, at=(every, last), to=caught) -> None:
            to.append(first(inputs)[at])

        with torch.no_grad(), hooked(before=[(module, read) for module in modules]):
            model.network.base_model(tokens, use_cache=False)
        states = torch.stack(caught, dim=1).float().cpu().numpy()
        for index, own in zip(indices, states, strict=True):
            found[index] = own.reshape(len(modules) * model.n_heads, -1)
    return np.stack(found, axis=1)
