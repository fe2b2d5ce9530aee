"""Effects through later parts: attribution patching, exact patching, ablation by the mean.

The corrupted prompt is one of the same length to which another answer is right. An effect is the
change of logit(true) - logit(false) when a head's output, at all positions, is put back from the
clean run into the corrupted one (denoising, the sign convention of TransformerLens); attribution
patching estimates it for all heads at once by gradient x difference (Nanda 2023; Syed et al. 2023).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch

from ...common.checks import check_seed
from ...common.display import shown
from ...common.progress import Progress, silent, stepped
from .._errors import InterpError
from .._models.blocks import blocks_from, entering
from .._models.hooks import Hook, first, hooked, replaced
from .._models.model import Model
from .._questions.pairs import Pair
from .._questions.passes import abilities
from .._questions.tokens import batches
from .._statistics import MeanEffect, correlation, effect
from .cases import Case, answer_directions, batches_of, by_length, case_of, cases_of, token_rows
from .pattern import check_head


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class Patching:
    """Effects of heads through everything that follows them, in logits.

    - `pairs`: those with a corrupted prompt; `left_out`: how many had none.
    - `values`: estimate for every pair, shape (pairs, layers, heads); `heads`: their means.
    - `clean`, `corrupted`: mean logit difference of the two runs.
    - `exact`: exact effects of the heads with the largest estimates, as (layer, head, effect).
    - `correlation`: between estimated and exact effects of those heads (NaN below 3).
    """

    pairs: tuple[Pair, ...]
    left_out: int
    values: np.ndarray
    heads: MeanEffect
    clean: float
    corrupted: float
    exact: tuple[tuple[int, int, float], ...]
    correlation: float


def attribution_patching(
    model: Model,
    pairs: Sequence[Pair],
    *,
    check_top: int = 10,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Patching:
    """Estimate the effect of every head by two forward passes and one backward pass, and check the
    largest exactly.

    **Arguments**

    - `pairs`: a pair's `counterfactual` is its corrupted prompt; where none is given, the prompt of
      another pair of the same length and with another true answer is taken.
    - `check_top`: so many heads are patched exactly, one forward pass each.
    - `seed`: of the sign flips. `on_progress`: counts pairs.

    **Raises** `InterpError` where fewer than two pairs have a corrupted prompt.

    **Limits**: a first-order estimate; it fails where an effect saturates (read `correlation`).
    Only the first token of each answer counts, at the end of the prompt.
    """
    check_seed(seed, error=InterpError)
    cases = cases_of(model, pairs)
    if len(cases) < 2:
        raise InterpError(
            f"{len(cases)} of {len(pairs)} pairs have a prompt of equal length with another "
            "answer; give a column counterfactual"
        )
    values = np.zeros((len(cases), model.n_layers, model.n_heads))
    clean, corrupted = np.zeros(len(cases)), np.zeros(len(cases))
    done, tell = 0, on_progress or silent
    for index, group in batches_of(model, cases):
        original = token_rows(model, [case.clean for case in group])
        other = token_rows(model, [case.corrupted for case in group])
        targets = answer_directions(model, group)
        clean_outputs, value = _forward(model, original, targets)
        clean[index] = value.detach().cpu().numpy()
        with torch.enable_grad():
            outputs, value = _forward(model, other, targets, gradient=True)
            gradients = torch.autograd.grad(value.sum(), outputs)
        corrupted[index] = value.detach().cpu().numpy()
        for layer, (a, b, g) in enumerate(zip(clean_outputs, outputs, gradients, strict=True)):
            product = ((a - b.detach()) * g).double()
            shares = product.reshape(*product.shape[:2], model.n_heads, -1).sum((1, 3))
            values[index, layer] = shares.cpu().numpy()
        done += len(group)
        tell("patching pairs", done, len(cases))
    effects = effect(values, seed=seed)
    order = np.argsort(-np.abs(effects.mean).ravel())[:check_top]
    largest = [divmod(int(number), model.n_heads) for number in order]
    exact = tuple(
        (layer, head, float(_patch(model, cases, layer, head).mean() - corrupted.mean()))
        for layer, head in largest
    )
    estimated = [float(effects.mean[layer, head]) for layer, head in largest]
    return Patching(
        pairs=tuple(case.pair for case in cases),
        left_out=len(pairs) - len(cases),
        values=values,
        heads=effects,
        clean=float(clean.mean()),
        corrupted=float(corrupted.mean()),
        exact=exact,
        correlation=correlation(estimated, [value for _, _, value in exact]),
    )


def activation_patching(
    model: Model, pairs: Sequence[Pair], *, layer: int, head: int
) -> np.ndarray:
    """Exact effect of one head on every pair that has a corrupted prompt, shape (pairs,), logits.

    **Raises** `InterpError` for a head that does not exist and where no pair can be corrupted.
    """
    check_head(model, layer, head)
    cases = cases_of(model, pairs)
    if not cases:
        raise InterpError("no pair has a prompt of equal length with another answer")
    before = np.zeros(len(cases))
    for index, group in by_length(cases):
        tokens = token_rows(model, [case.corrupted for case in group])
        before[index] = _forward(model, tokens, answer_directions(model, group))[1].cpu().numpy()
    return _patch(model, cases, layer, head) - before


def mean_ablation(
    model: Model,
    pairs: Sequence[Pair],
    heads: Sequence[tuple[int, int]],
    *,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> MeanEffect:
    """What is lost without each head: own logit difference minus that with the head's output held
    at its mean over the prompts of the other half of the pairs.

    Use pairs that did not name the heads. `on_progress` counts heads. **Returns** one entry
    per head. **Raises** `InterpError` for a head that does not exist and for fewer than four pairs.
    """
    check_seed(seed, error=InterpError)
    if len(pairs) < 4:
        raise InterpError(f"{len(pairs)} pairs are too few to ablate with a mean from elsewhere")
    for layer, head in heads:
        check_head(model, layer, head)
    cases = [case_of(model, pair) for pair in pairs]
    half = np.zeros(len(cases), dtype=int)
    half[np.random.default_rng(seed).permutation(len(cases))[1::2]] = 1
    resumes = abilities(model).resumes
    layers = [layer for layer, _ in heads if resumes]
    groups, outputs = [], _HalfMeans(model)
    with entering(model, layers) as entered:
        for index, tokens in batches([case.clean for case in cases], device=model.device):
            group = [cases[number] for number in index]
            lengths = torch.tensor([len(case.clean) for case in group], device=model.device)
            read = answer_directions(model, group), lengths - 1
            written, whole = _forward(model, tokens, *read)
            outputs.add(written, lengths, half[index])
            groups.append((index, tokens, read, whole, dict(entered)))
    lost = np.zeros((len(cases), len(heads)))
    counted = stepped(on_progress or silent, "heads taken out", heads)
    for column, (layer, head) in enumerate(counted):
        elsewhere = outputs.of_the_other(layer)
        for index, tokens, read, whole, streams in groups:
            source = elsewhere[half[index]][:, None]
            # What an ablated head changes begins in its own layer.
            with (
                blocks_from(model, layer, streams.get(layer)),
                _replaced_head(model, layer, head, source),
            ):
                value = _forward(model, tokens, *read)[1]
            lost[index, column] = (whole - value).double().cpu().numpy()
    return effect(lost, seed=seed)


class _HalfMeans:
    """Mean head outputs of every layer over the prompts and positions of two halves."""

    def __init__(self, model: Model) -> None:
        self._sums: list[torch.Tensor] = []
        self._counts = torch.zeros(2, device=model.device)

    def add(self, outputs: Sequence[torch.Tensor], lengths: torch.Tensor, half: np.ndarray) -> None:
        """Outputs of every layer, shape (prompts, positions, width), the length of each prompt, and
        its half."""
        one_hot = torch.nn.functional.one_hot(torch.from_numpy(half), 2).T.to(outputs[0])
        inside = torch.arange(outputs[0].shape[1], device=lengths.device) < lengths[:, None]
        sums = [one_hot @ (written * inside[..., None]).sum(1) for written in outputs]
        self._sums = [a + b for a, b in zip(self._sums, sums, strict=True)] if self._sums else sums
        self._counts += one_hot @ lengths.to(one_hot)

    def of_the_other(self, layer: int) -> torch.Tensor:
        """For a prompt of each half, the mean of the other, shape (2, width)."""
        return (self._sums[layer] / self._counts[:, None]).flip(0)


def _forward(
    model: Model,
    tokens: torch.Tensor,
    targets: torch.Tensor,
    last: torch.Tensor | None = None,
    *,
    gradient: bool = False,
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Every block's head outputs (batch, positions, heads x d_head), and the logit difference at
    the last position (or at that of each row) but for the unembedding's bias, shape (batch,)."""
    outputs: list[torch.Tensor] = []
    ends: list[torch.Tensor] = []

    def read(module: torch.nn.Module, inputs: tuple) -> None:
        outputs.append(first(inputs))

    def start(module: torch.nn.Module, inputs: tuple) -> tuple:
        # Weights need no gradient, so the graph starts at the first block's input.
        return (inputs[0].detach().requires_grad_(True), *inputs[1:])

    def end(module: torch.nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        rows = torch.arange(len(output), device=output.device)
        ends.append(output[:, -1] if last is None else output[rows, last])

    before: list[tuple[torch.nn.Module, Hook]] = [
        (layer.head_projection, read) for layer in model.parts.layers
    ]
    if gradient:
        before.append((model.parts.layers[0].block, start))
    with (
        torch.set_grad_enabled(gradient),
        hooked(before=before, after=[(model.parts.final_norm, end)]),
    ):
        model.network.base_model(tokens, use_cache=False)
        return outputs, (ends[0] * targets).sum(-1)


def _patch(model: Model, cases: Sequence[Case], layer: int, head: int) -> np.ndarray:
    """Logit differences of the corrupted runs with one head put back from the clean ones."""
    differences = np.zeros(len(cases))
    for index, group in by_length(cases):
        targets = answer_directions(model, group)
        outputs, _ = _forward(model, token_rows(model, [case.clean for case in group]), targets)
        with _replaced_head(model, layer, head, outputs[layer]):
            value = _forward(model, token_rows(model, [c.corrupted for c in group]), targets)[1]
        differences[index] = value.double().cpu().numpy()
    return differences


def _replaced_head(model: Model, layer: int, head: int, source: torch.Tensor):
    """A hook that takes one head's output from `source`, (..., heads x d_head)."""
    size = source.shape[-1] // model.n_heads
    columns = slice(head * size, (head + 1) * size)

    def put(module: torch.nn.Module, inputs: tuple) -> tuple:
        changed = first(inputs).clone()
        changed[..., columns] = source[..., columns]
        return replaced(inputs, changed)

    return hooked(before=[(model.parts.layers[layer].head_projection, put)])
