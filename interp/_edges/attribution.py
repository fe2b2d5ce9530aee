"""Edge attribution with integrated gradients: an estimate of every edge's effect at once.

The effect of an edge is what its source writes more in the clean run than in the corrupted one,
times the gradient by its target's input. The gradient is averaged over runs whose embedding goes
from the corrupted to the clean one (EAP-IG; Hanna, Pezzelle and Belinkov 2024, Have Faith in
Faithfulness). One step is plain edge attribution patching (Syed, Rager and Conmy 2023), with the
gradient of the corrupted run. All pairs of a source and a target are one matrix product.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ...common.display import shown
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._heads.cases import Case, answer_directions, batches_of, token_rows
from .._models.model import Model
from .._questions.pairs import Pair
from .._statistics import correlation
from .graph import Edge, Graph, graph_of
from .patching import corrupted_cases, effects_of
from .reads import LayerReads, find_reads
from .run import Slopes, Trace, slopes, trace

# What all sources write at some positions is held at once, beside one layer's gradients.
_BYTES = 2**26


@dataclasses.dataclass(frozen=True)
class ScoredEdge:
    """An edge, its estimated effect in logits, and the exact one where it was computed."""

    edge: Edge
    estimated: float
    exact: float | None = None


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class EdgeAttribution:
    """Estimated effects of all edges, in logits. Make it with `edge_attribution`.

    - `pairs`: those with a corrupted prompt; `left_out`: how many had none; `steps`.
    - `sources`, `targets`: names; `scores`: means over pairs, shape (sources, targets), NaN where
      there is no edge.
    - `clean`, `corrupted`: mean logit difference of the two runs.
    - `explained`: mean over pairs of the sum over edges out of the embedding. With many steps it is
      `clean - corrupted`. `residual`: the largest distance of the two over pairs.
    - `exact`: the edges with the largest estimates, with their exact effects; `correlation` of the
      two (NaN below 3).
    """

    pairs: tuple[Pair, ...]
    left_out: int
    steps: int
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    scores: np.ndarray
    clean: float
    corrupted: float
    explained: float
    residual: float
    exact: tuple[ScoredEdge, ...]
    correlation: float

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(np.isfinite(self.scores).sum())

    def top(self, count: int = 10) -> tuple[ScoredEdge, ...]:
        """The edges with the largest estimates, whatever the sign; exact effects where known."""
        known = {scored.edge: scored.exact for scored in self.exact}
        flat = np.nan_to_num(np.abs(self.scores), nan=-1.0).ravel()
        order = np.argsort(-flat, kind="stable")[: min(count, self.n_edges)]
        found = []
        for source, target in zip(*np.unravel_index(order, self.scores.shape), strict=True):
            edge = Edge(self.sources[source], self.targets[target])
            found.append(ScoredEdge(edge, float(self.scores[source, target]), known.get(edge)))
        return tuple(found)

    def of_source(self, source: str) -> float:
        """The sum over all edges out of a part: the estimated effect of the part itself."""
        return float(np.nansum(self.scores[self.sources.index(source)]))


def edge_attribution(
    model: Model,
    pairs: Sequence[Pair],
    *,
    steps: int = 8,
    check_top: int = 10,
    on_progress: Progress | None = None,
) -> EdgeAttribution:
    """Estimate the effect of every edge (embedding, heads and MLPs to queries, keys, values, MLPs
    and logits), and compute the largest exactly.

    An effect is the change of logit(true) - logit(false) when the edge carries what its source
    wrote in the clean run into the corrupted one (denoising, as in `attribution_patching`), so it
    is positive for an edge that helps the true answer. Scores sum over positions, and are means
    over pairs.

    **Arguments**

    - `pairs`: a pair's `counterfactual` is its corrupted prompt; where none is given, the prompt of
      another pair of the same length and with another true answer is taken.
    - `steps`: points k / steps, k from 0, between the corrupted and the clean embedding, each one
      forward and one backward pass; one step is plain edge attribution patching.
    - `check_top`: so many edges are patched exactly, one forward pass each.
    - `on_progress`: counts pairs.

    **Raises** `InterpError` for no step, where fewer than two pairs have a corrupted prompt, and
    for architectures whose blocks do not simply add to the residual stream.

    **Limits**: an estimate; read `residual` and `correlation`. Edges interact: the effect of two
    together is not the sum. Only the first token of each answer counts, at the end of the prompt.
    What is equal in both prompts (positions, say) shows in no edge.
    """
    if steps < 1:
        raise InterpError(f"steps {steps}: integrating takes at least one step")
    reads = find_reads(model)
    graph = graph_of(model, reads)
    cases = corrupted_cases(model, pairs, fewest=2)
    sums = _integrated(model, reads, graph, cases, steps=steps, tell=on_progress or silent)
    change = sums.clean - sums.corrupted
    found = EdgeAttribution(
        pairs=tuple(case.pair for case in cases),
        left_out=len(pairs) - len(cases),
        steps=steps,
        sources=graph.sources,
        targets=graph.targets,
        scores=np.where(graph.joined, sums.scores / len(cases), np.nan),
        clean=float(sums.clean.mean()),
        corrupted=float(sums.corrupted.mean()),
        explained=float(sums.explained.mean()),
        residual=float(np.abs(sums.explained - change).max()),
        exact=(),
        correlation=float("nan"),
    )
    largest = found.top(check_top)
    effects = effects_of(model, reads, graph, cases, [scored.edge for scored in largest]).mean(0)
    return dataclasses.replace(
        found,
        exact=tuple(
            dataclasses.replace(scored, exact=float(value))
            for scored, value in zip(largest, effects, strict=True)
        ),
        correlation=correlation([scored.estimated for scored in largest], effects),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _Sums:
    """Scores summed over cases, shape (sources, targets); of every case the two differences, and
    what the gradients along the way come to."""

    scores: np.ndarray
    clean: np.ndarray
    corrupted: np.ndarray
    explained: np.ndarray


def _integrated(
    model: Model,
    reads: tuple[LayerReads, ...],
    graph: Graph,
    cases: Sequence[Case],
    *,
    steps: int,
    tell: Progress,
) -> _Sums:
    """Go from the corrupted to the clean embedding, and sum change x gradient over every edge."""
    sums = _Sums(np.zeros(graph.joined.shape), *(np.zeros(len(cases)) for _ in range(3)))
    done = 0
    for index, group in batches_of(model, cases):
        directions = answer_directions(model, group)
        clean, corrupted = (
            token_rows(model, [getattr(case, name) for case in group])
            for name in ("clean", "corrupted")
        )
        one, other = (trace(model, tokens, directions) for tokens in (clean, corrupted))
        change = one.minus(other)
        sums.clean[index], sums.corrupted[index] = _numbers(one.value), _numbers(other.value)
        for step in range(steps):
            start = other.embedding + step / steps * change.embedding
            found = slopes(model, reads, corrupted, directions, start)
            sums.scores[:] += _products(model, reads, graph, change, found) / steps
            along = (change.embedding.double() * found.embedding.double()).sum((1, 2))
            sums.explained[index] += _numbers(along) / steps
        done += len(group)
        tell("edges of pairs", done, len(cases))
    return sums


def _products(
    model: Model, reads: tuple[LayerReads, ...], graph: Graph, change: Trace, found: Slopes
) -> np.ndarray:
    """What each source changes times the gradient by each target's input, shape (sources, targets),
    summed over the batch. A few positions at a time, whatever the size of the model."""
    positions = change.embedding.shape[0] * change.embedding.shape[1]
    at_once = max(1, _BYTES // (4 * len(graph.sources) * model.d_model))
    total = np.zeros(graph.joined.shape)
    for start in range(0, positions, at_once):
        chosen = slice(start, start + at_once)
        written = change.written(model, chosen).flatten(1)
        column = 0
        for reading, (at_attention, at_mlp) in zip(reads, graph.before, strict=True):
            slope = _attention_slopes(reading, found, chosen)
            columns = slice(column, column + len(slope))
            total[:at_attention, columns] += _numbers(written[:at_attention] @ slope.flatten(1).T)
            column += len(slope)
            if reading.mlp is not None and reading.mlp_norm is not None:
                own = found.mlps[reading.mlp].reshape(change.embedding.shape).flatten(0, 1)
                slope = _through(reading.mlp_norm, found, own[chosen][None], chosen)
                total[:at_mlp, column] += _numbers(written[:at_mlp] @ slope.flatten())
                column += 1
        last = found.final.flatten(0, 1)[chosen].float().flatten()
        total[:, column] += _numbers(written @ last)
    return total


def _attention_slopes(reading: LayerReads, found: Slopes, chosen: slice) -> torch.Tensor:
    """Gradients by the stream that each query, key and value of a layer reads, shape (queries +
    keys + values, positions, d_model)."""
    slope = []
    for made in (reading.query, reading.key, reading.value):
        own = found.projected[made.module].flatten(0, 1)[chosen]
        for head, rows in enumerate(made.rows.to(own.device)):
            slope.append(own[:, rows] @ made.weight(head))
    return _through(reading.norm, found, torch.stack(slope), chosen)


def _through(norm: nn.Module, found: Slopes, slope: torch.Tensor, chosen: slice) -> torch.Tensor:
    """Gradients by a norm's input from those by its output, shape (targets, positions, d_model)."""
    # OPT's MLP works on (batch x positions, width).
    stream = found.streams[norm].reshape(-1, slope.shape[-1])[chosen]
    entered = stream.expand(slope.shape).clone().requires_grad_(True)
    with torch.enable_grad():
        left = norm.forward(entered)
    return torch.autograd.grad(left, entered, slope.to(left.dtype))[0].float()


def _numbers(values: torch.Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()
