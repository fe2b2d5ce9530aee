"""Directions by what they do to the log-odds of true against false endings."""

import contextlib
from collections.abc import Callable, Sequence

import numpy as np
import torch

from .._models.model import Model
from .._questions.pairs import Pair
from .._questions.tokens import batches, encode_pair
from .._steering.add import adding
from .._steering.hook_point import HookPoint
from .states import residual_norms

RATE = 0.03
PAIRS_PER_STEP = 128


class _Encoded:
    """Pairs as rows of tokens (true endings first, then false), with where they are read."""

    def __init__(self, model: Model, pairs: Sequence[Pair]) -> None:
        self.model = model
        tokens = [encode_pair(model, pair) for pair in pairs]
        self.rows = [t.context + t.answers[side][:-1] for side in (0, 1) for t in tokens]
        self.answers = [t.answers[side] for side in (0, 1) for t in tokens]
        self.starts = [len(t.context) - 1 for _ in (0, 1) for t in tokens]
        self.count = len(pairs)

    def margins(self, chosen: Sequence[int]) -> torch.Tensor:
        """log p(true ending) - log p(false ending) of some pairs, with their gradient."""
        picked = [pair + side * self.count for side in (0, 1) for pair in chosen]
        device = self.model.device
        totals = torch.zeros(len(picked), device=device)
        for indices, tokens in batches([self.rows[row] for row in picked], device=device):
            reads = [
                (row, self.starts[picked[index]] + step, token, index)
                for row, index in enumerate(indices)
                for step, token in enumerate(self.answers[picked[index]])
            ]
            rows, positions, said, owners = torch.tensor(reads, device=device).T
            logits = self.model.network(tokens, use_cache=False).logits[rows, positions]
            terms = logits.float().log_softmax(dim=-1).gather(1, said[:, None])[:, 0]
            totals = totals.index_add(0, owners, terms)
        return totals[: len(chosen)] - totals[len(chosen) :]


def mean_gradient(
    model: Model, pairs: Sequence[Pair], hook_points: Sequence[HookPoint], *, signs: np.ndarray
) -> np.ndarray:
    """Mean gradient of log p(true) - log p(false) with respect to a vector added at all positions,
    at every hook point at once, shape (hook_points, d_model).

    The first-order effect of every possible vector, from one backward pass per batch. `signs` of
    -1 swap what is called true.
    """
    encoded = _Encoded(model, pairs)
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
    steps: int = 150,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """The vector that, added at all positions, makes true endings likelier than false ones.

    Adam on the mean of softplus(log p(false) - log p(true)); its length is whatever `steps` reach.
    Such optimised vectors: Subramani et al. 2022, arXiv:2205.05124.
    """
    encoded = _Encoded(model, pairs)
    rows = [row for row in encoded.rows if len(row) > 0]
    scale = float(residual_norms(model, rows[:256], [hook_point])[0]) / model.d_model**0.5
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
