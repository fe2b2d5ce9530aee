"""What the unembedding does to two capability directions, beside what it does to any two.

The published argument (arXiv:2605.18838) takes the cosine of the mean final states of truth and of
reasoning prompts, before the unembedding, after it, and through a wider map, and reads a fall at
the unembedding as a bottleneck. Any linear map that is not a rotation changes cosines. The null
here is two random directions at the same angle, in the same map: that is the same distribution as
the two directions in a random map of the same shape and spectrum.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from scipy import special

from ...common.checks import check_seed
from ...common.display import shown
from .._errors import InterpError
from .._models.model import Model
from .states import StatesOfSets, read_states

WIDER = 4


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """How much of a direction lies in the unembedding's singular space.

    `leading`, `trailing`: share of its squared length in the first and the last tenth of the right
    singular vectors; a random direction has `expected` in either.
    """

    leading: float
    trailing: float
    expected: float


@shown
@dataclasses.dataclass(frozen=True)
class OutputProjection:
    """Cosines between the mean truth state and the mean reasoning state.

    - `hidden`: after the final norm; `logits`: after the unembedding.
    - `null_mean`, `null_low`, `null_high`: after the unembedding, for random directions with the
      cosine `hidden` (mean and central 95 %); `p`: two-sided, of `logits` among them.
    - `wider`: after a random map to 4 x d_model and a GELU (the published recipe);
      `plain_gelu`: after a GELU alone, no map: the control.
    - `truth`, `reasoning`: where in the singular space the two lie; `effective_rank`: participation
      ratio of the squared singular values, of at most d_model.
    - `centred_hidden`, `centred_logits`: the same with the mean state of independent text taken
      off first (None without such text).
    """

    hidden: float
    logits: float
    null_mean: float
    null_low: float
    null_high: float
    p: float
    wider: float
    plain_gelu: float
    truth: Spectrum
    reasoning: Spectrum
    effective_rank: float
    centred_hidden: float | None
    centred_logits: float | None


def output_projection(
    model: Model,
    truth_prompts: Sequence[str | Sequence[int]],
    reasoning_prompts: Sequence[str | Sequence[int]],
    *,
    neutral_prompts: Sequence[str] | None = None,
    states: StatesOfSets | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> OutputProjection:
    """Measure the output projection. **Arguments**: `states` of these prompts, where they have been
    read already (`read_states`). **Raises** `InterpError` for sets without prompts."""
    check_seed(seed, error=InterpError)
    known = states or read_states(model, truth_prompts, reasoning_prompts, neutral=neutral_prompts)
    truth, reasoning = known.truth.finals.mean(axis=0), known.reasoning.finals.mean(axis=0)
    weight = model.network.get_output_embeddings().weight.detach()
    # Cosines after the map need its Gram matrix only: (d_model, d_model).
    gram = torch.zeros(weight.shape[1], weight.shape[1], dtype=torch.float64, device=weight.device)
    for part in weight.split(8192):
        gram += part.double().T @ part.double()
    metric = gram.cpu().numpy()
    values, vectors = np.linalg.eigh(metric)
    values, vectors = np.clip(values[::-1], 0.0, None), vectors[:, ::-1]

    rng = np.random.default_rng(seed)
    hidden = cosine(truth, reasoning)
    null = _random_cosines(metric, hidden, draws=draws, rng=rng)
    logits = cosine(truth, reasoning, metric=metric)
    farther = (np.abs(null - null.mean()) >= abs(logits - null.mean())).sum()
    wide = rng.standard_normal((WIDER * len(truth), len(truth))) / np.sqrt(len(truth))
    centred: tuple[float | None, float | None] = (None, None)
    if known.neutral is not None:
        mean = known.neutral.finals.mean(axis=0)
        moved = truth - mean, reasoning - mean
        centred = cosine(*moved), cosine(*moved, metric=metric)
    low, high = np.quantile(null, [0.025, 0.975])
    return OutputProjection(
        hidden=hidden,
        logits=logits,
        null_mean=float(null.mean()),
        null_low=float(low),
        null_high=float(high),
        p=float((farther + 1) / (draws + 1)),
        wider=cosine(gelu(wide @ truth), gelu(wide @ reasoning)),
        plain_gelu=cosine(gelu(truth), gelu(reasoning)),
        truth=_spectrum(truth, vectors),
        reasoning=_spectrum(reasoning, vectors),
        effective_rank=float(values.sum() ** 2 / np.maximum((values**2).sum(), 1e-300)),
        centred_hidden=centred[0],
        centred_logits=centred[1],
    )


def cosine(first: np.ndarray, second: np.ndarray, *, metric: np.ndarray | None = None) -> float:
    """Cosine of two vectors, in the inner product of `metric` where given."""
    if metric is None:
        metric = np.eye(len(first))
    product = first @ metric @ second
    return float(product / np.sqrt((first @ metric @ first) * (second @ metric @ second)))


def gelu(x: np.ndarray) -> np.ndarray:
    """x times the normal distribution function at x."""
    return x * special.ndtr(x)


def _random_cosines(
    metric: np.ndarray, hidden: float, *, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Cosines after the map of random unit vectors with the cosine `hidden` before it."""
    first = rng.standard_normal((draws, len(metric)))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    other = rng.standard_normal((draws, len(metric)))
    other -= (other * first).sum(1, keepdims=True) * first
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    second = hidden * first + np.sqrt(max(0.0, 1.0 - hidden**2)) * other
    products = [
        np.einsum("ni,ni->n", a @ metric, b)
        for a, b in ((first, second), (first, first), (second, second))
    ]
    return products[0] / np.sqrt(products[1] * products[2])


def _spectrum(direction: np.ndarray, vectors: np.ndarray) -> Spectrum:
    shares = (vectors.T @ direction) ** 2 / (direction @ direction)
    tenth = max(1, round(len(shares) / 10))
    return Spectrum(
        leading=float(shares[:tenth].sum()),
        trailing=float(shares[-tenth:].sum()),
        expected=tenth / len(shares),
    )
