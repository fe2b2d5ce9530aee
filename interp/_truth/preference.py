"""Directions by what they do to the log-odds of true against false endings."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from .._models.blocks import blocks_from
from .._models.model import Model
from .._questions.pairs import Pair, Question
from .._questions.passes import logits_at
from .._questions.scoring import encode_questions, passes_over
from .._questions.trees import tree_batches
from .._steering.add import adding
from .._steering.hook_point import HookPoint
from .states import residual_norms

RATE = 0.03
PAIRS_PER_STEP = 128
TRAINING_STEPS = 150


class _Encoded:
    """Pairs as trees of tokens: a prompt with its true and its false ending.

    What is added at layer `entering` or above changes nothing below: the stream that enters it is
    kept, and every pass begins there.
    """

    def __init__(self, model: Model, pairs: Sequence[Pair], *, entering: int = 0) -> None:
        self.model, self.entering = model, entering
        questions = [
            Question(
                pair.prompt,
                (pair.true, pair.false),
                (True, False),
                0,
                frame=pair.frame,
                location=pair.location,
            )
            for pair in pairs
        ]
        self.encoded = encode_questions(model, questions)
        # Pairs are drawn anew for every pass, so each stands alone: no beginning is shared.
        passes = passes_over(model, dataclasses.replace(self.encoded, shared=0))
        self.masked = passes.masked
        self.reads: list[list[tuple[int, tuple[int, ...], tuple[int, ...]]]] = [[] for _ in pairs]
        for number, tree, nodes, answer in self.encoded.reads:
            self.reads[number].append((tree, nodes, answer))
        self.streams = {
            tree: stream[: len(self.encoded.trees[tree].tokens)]
            for batch, entered in zip(passes.batches, passes.streams(entering) or (), strict=False)
            for tree, stream in zip(batch.trees, entered, strict=True)
        }

    def rows(self) -> list[tuple[int, ...]]:
        """Every prompt with each of its endings, but for the token that is predicted last."""
        rows: tuple[list[tuple[int, ...]], ...] = ([], [])
        for sides in self.reads:
            for own, (number, _, answer) in zip(rows, sides, strict=True):
                tree = self.encoded.trees[number]
                own.append((*tree.tokens[: tree.stem], *answer[:-1]))
        return rows[0] + rows[1]

    def margins(self, chosen: Sequence[int]) -> torch.Tensor:
        """log p(true ending) - log p(false ending) of some pairs, with their gradient."""
        device = self.model.device
        margins = torch.zeros(len(chosen), device=device)
        owners: dict[int, list[tuple[int, float, tuple[int, ...], tuple[int, ...]]]] = {}
        for owner, pair in enumerate(chosen):
            for sign, (tree, nodes, answer) in zip((1.0, -1.0), self.reads[pair], strict=True):
                owners.setdefault(tree, []).append((owner, sign, nodes, answer))
        numbers = sorted(owners)
        for batch in tree_batches(
            [self.encoded.trees[number] for number in numbers],
            device=device,
            dtype=self.model.dtype,
            masked=self.masked,
        ):
            trees = [numbers[index] for index in batch.trees]
            reads = [
                (row, node, token, owner, sign)
                for row, tree in enumerate(trees)
                for owner, sign, nodes, answer in owners[tree]
                for node, token in zip(nodes, answer, strict=True)
            ]
            rows, nodes, said, owner, signs = (
                torch.tensor(r, device=device) for r in zip(*reads, strict=True)
            )
            stream = None
            if self.streams:
                entered = [self.streams[tree] for tree in trees]
                stream = torch.nn.utils.rnn.pad_sequence(entered, batch_first=True)
            with blocks_from(self.model, self.entering, stream):
                logits = logits_at(self.model, batch.tokens, rows, nodes, **batch.options)
            terms = logits.float().log_softmax(dim=-1).gather(1, said[:, None])[:, 0]
            margins = margins.index_add(0, owner, signs * terms)
        return margins


def mean_gradient(
    model: Model, pairs: Sequence[Pair], hook_points: Sequence[HookPoint], *, signs: np.ndarray
) -> np.ndarray:
    """Mean gradient of log p(true) - log p(false) with respect to a vector added at all positions,
    at every hook point at once, shape (hook_points, d_model).

    The first-order effect of every possible vector, from one backward pass per batch. `signs` of
    -1 swap what is called true.
    """
    encoded = _Encoded(model, pairs, entering=min(point.layer for point in hook_points))
    vectors = [
        torch.zeros(model.d_model, device=model.device, requires_grad=True) for _ in hook_points
    ]
    for begin in range(0, len(pairs), PAIRS_PER_STEP):
        chosen = range(begin, min(begin + PAIRS_PER_STEP, len(pairs)))
        with contextlib.ExitStack() as stack:
            for point, vector in zip(hook_points, vectors, strict=True):
                stack.enter_context(adding(model, point, vector, hook_zeros=True))
            sign = torch.as_tensor(signs[begin : chosen.stop], dtype=torch.float32)
            (encoded.margins(chosen) * sign.to(model.device)).sum().backward()
    gradients = [v.grad if v.grad is not None else torch.zeros_like(v) for v in vectors]
    return np.stack([g.float().cpu().numpy() for g in gradients]) / len(pairs)


def train_addition(
    model: Model,
    pairs: Sequence[Pair],
    hook_point: HookPoint,
    *,
    signs: np.ndarray,
    steps: int = TRAINING_STEPS,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """The vector that, added at all positions, makes true endings likelier than false ones.

    Adam on the mean of softplus(log p(false) - log p(true)); its length is whatever `steps` reach.
    Such optimised vectors: Subramani et al. 2022, arXiv:2205.05124.
    """
    encoded = _Encoded(model, pairs, entering=hook_point.layer)
    norms = residual_norms(model, encoded.rows()[:256], [hook_point])
    scale = float(norms[0]) / model.d_model**0.5
    vector = torch.zeros(model.d_model, device=model.device, requires_grad=True)
    optimiser = torch.optim.Adam([vector], lr=RATE * scale)
    rng = np.random.default_rng(seed)
    sign = torch.as_tensor(signs, dtype=torch.float32, device=model.device)
    for step in range(steps):
        chosen = np.sort(rng.permutation(len(pairs))[:PAIRS_PER_STEP])
        with adding(model, hook_point, vector, hook_zeros=True):
            margins = encoded.margins(chosen.tolist()) * sign[torch.as_tensor(chosen)]
        optimiser.zero_grad()
        torch.nn.functional.softplus(-margins).mean().backward()
        optimiser.step()
        if on_step is not None:
            on_step(step + 1, steps)
    return vector.detach().float().cpu().numpy()
