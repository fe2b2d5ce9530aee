"""Edges put from one run into another, exactly: one at a time, or all but those of a circuit."""

from collections.abc import Sequence

import numpy as np

from .._errors import InterpError
from .._heads.cases import Case, answer_directions, batches_of, cases_of, token_rows
from .._models.model import Model
from .._questions.pairs import Pair
from .graph import Edge, Graph, graph_of
from .patched import patched_value
from .reads import LayerReads, find_reads
from .run import trace

#: A patched run puts another text's activations into a pair's prompt: what is needed to say which.
_NONE = "no pair has a counterfactual, or another pair of its length with another answer"


def edges_of(model: Model) -> tuple[Edge, ...]:
    """Every edge of a model. **Raises** `InterpError` where its parts do not simply add up."""
    graph = graph_of(model, find_reads(model))
    return graph.edges(graph.joined)


def edge_patching(model: Model, pairs: Sequence[Pair], edges: Sequence[Edge]) -> np.ndarray:
    """Exact effect of each edge: the change of logit(true) - logit(false) of the corrupted run when
    the edge alone carries what its source wrote in the clean one. The target's own output, and all
    that follows, is computed anew.

    **Arguments**: `pairs` as in `attribution_patching`; to put the corrupted into the clean run
    instead, swap prompt and counterfactual, and true and false.

    **Returns** effects in logits, shape (pairs with a corrupted prompt, edges): one forward pass
    for each edge and batch.

    **Raises** `InterpError` for an edge that there is not, where no pair can be corrupted, and for
    architectures whose parts do not simply add up.
    """
    reads = find_reads(model)
    graph = graph_of(model, reads)
    for edge in edges:
        graph.place(edge)
    return effects_of(model, reads, graph, corrupted_cases(model, pairs), edges)


def circuit_difference(model: Model, pairs: Sequence[Pair], edges: Sequence[Edge]) -> np.ndarray:
    """logit(true) - logit(false) of a circuit alone: on the clean prompt, all other edges carry
    what their source writes on the corrupted one. With all edges that is the model's own
    difference, and with none that of the corrupted prompt (but for the unembedding's bias).

    **Arguments**: `pairs` as in `attribution_patching`.

    **Returns** logits, shape (pairs with a corrupted prompt,). **Raises** as `edge_patching`.
    """
    reads = find_reads(model)
    graph = graph_of(model, reads)
    outside = graph.joined & ~graph.mask(edges)
    cases = corrupted_cases(model, pairs)
    values = np.zeros(len(cases))
    for index, group in batches_of(model, cases):
        directions = answer_directions(model, group)
        clean, corrupted = (
            token_rows(model, [getattr(case, name) for case in group])
            for name in ("clean", "corrupted")
        )
        found = patched_value(
            model,
            reads,
            graph,
            clean,
            directions,
            other=trace(model, corrupted, directions),
            mask=outside,
        )
        values[index] = found.double().cpu().numpy()
    return values


def corrupted_cases(model: Model, pairs: Sequence[Pair], *, fewest: int = 1) -> list[Case]:
    """Pairs with a corrupted prompt. **Raises** `InterpError` where there are too few."""
    cases = cases_of(model, pairs)
    if len(cases) < fewest:
        few = (
            _NONE if not cases else f"only {len(cases)} of {len(pairs)} pairs have a counterfactual"
        )
        raise InterpError(f"{few}; give a column counterfactual")
    return cases


def effects_of(
    model: Model,
    reads: tuple[LayerReads, ...],
    graph: Graph,
    cases: Sequence[Case],
    edges: Sequence[Edge],
) -> np.ndarray:
    """Exact effects, shape (cases, edges)."""
    effects = np.zeros((len(cases), len(edges)))
    if not edges:
        return effects
    for index, group in batches_of(model, cases):
        directions = answer_directions(model, group)
        clean, corrupted = (
            token_rows(model, [getattr(case, name) for case in group])
            for name in ("clean", "corrupted")
        )
        other = trace(model, clean, directions)
        before = trace(model, corrupted, directions).value
        for column, edge in enumerate(edges):
            value = patched_value(
                model,
                reads,
                graph,
                corrupted,
                directions,
                other=other,
                mask=graph.mask((edge,)),
            )
            effects[index, column] = (value - before).double().cpu().numpy()
    return effects
