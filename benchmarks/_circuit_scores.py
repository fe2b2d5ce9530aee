"""What each method says of the heads and edges of a model whose circuit is known, and how near that
is to the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from nullcline import interp

#: Steps of integrated gradients, those of `nullcline heads --edges`.
STEPS = 8
#: Sizes of circuits as shares of all edges (Mueller et al. 2025, MIB).
SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class Scored:
    """A circuit, and what methods say of it; `seed` of the control `random`.

    `heads`, `edges`: method -> signed scores, in the order of `head_truth` and `edge_truth`, which
    say what belongs to the circuit.
    """

    circuit: interp.KnownCircuit
    seed: int

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        model = self.circuit.model
        return [(layer, head) for layer in range(model.n_layers) for head in range(model.n_heads)]

    @cached_property
    def all_edges(self) -> tuple[interp.Edge, ...]:
        return interp.edges_of(self.circuit.model)

    @cached_property
    def head_truth(self) -> np.ndarray:
        return np.array([place in self.circuit.heads for place in self.places])

    @cached_property
    def edge_truth(self) -> np.ndarray:
        return np.array([edge in self.circuit.edges for edge in self.all_edges])

    @cached_property
    def _direct(self) -> interp.Direct:
        return interp.attribute_heads(self.circuit.model, self.circuit.pairs).truth.shares

    @cached_property
    def _integrated(self) -> interp.EdgeAttribution:
        return self._edges(STEPS)

    def _edges(self, steps: int) -> interp.EdgeAttribution:
        model, pairs = self.circuit.model, self.circuit.pairs
        return interp.edge_attribution(model, pairs, steps=steps, check_top=0)

    @cached_property
    def heads(self) -> dict[str, np.ndarray]:
        model, pairs = self.circuit.model, self.circuit.pairs
        patching = interp.attribution_patching(model, pairs, check_top=0).heads.mean
        exact = [
            interp.activation_patching(model, pairs, layer=layer, head=head).mean()
            for layer, head in self.places
        ]
        sums = [self._integrated.of_source(f"{layer}.{head}") for layer, head in self.places]
        return {
            "DLA": self._direct.heads.mean(axis=0).ravel(),
            "attribution patching": patching.ravel(),
            "EAP-IG": np.array(sums),
            "activation patching": np.array(exact),
            "random": np.random.default_rng(self.seed).normal(size=len(self.places)),
        }

    @cached_property
    def edges(self) -> dict[str, np.ndarray]:
        model, pairs, edges = self.circuit.model, self.circuit.pairs, self.all_edges
        return {
            "DLA": _into_logits(self._direct, edges),
            "EAP": _of_edges(self._edges(1), edges),
            "EAP-IG": _of_edges(self._integrated, edges),
            "edge patching": interp.edge_patching(model, pairs, edges).mean(axis=0),
            "random": np.random.default_rng(self.seed).normal(size=len(edges)),
        }


def _into_logits(direct: interp.Direct, edges: Sequence[interp.Edge]) -> np.ndarray:
    """Direct shares, which are of edges into the logits; all others have none."""
    shares = {"embed": direct.embedding.mean()}
    for layer, (heads, mlp) in enumerate(
        zip(direct.heads.mean(0), direct.mlps.mean(0), strict=True)
    ):
        shares |= {f"{layer}.{head}": value for head, value in enumerate(heads)}
        shares[f"mlp{layer}"] = mlp
    return np.array([shares[e.source] if e.target == "logits" else 0.0 for e in edges], dtype=float)


def _of_edges(found: interp.EdgeAttribution, edges: Sequence[interp.Edge]) -> np.ndarray:
    sources = {name: place for place, name in enumerate(found.sources)}
    targets = {name: place for place, name in enumerate(found.targets)}
    return np.array([found.scores[sources[e.source], targets[e.target]] for e in edges])


def auroc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Chance that a part of the circuit has a larger score, whatever the sign, than one that is
    not; ties count half."""
    ranks = stats.rankdata(np.abs(scores))
    positive = int(truth.sum())
    above = ranks[truth].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(truth) - positive)))


def areas(
    scores: np.ndarray, edges: Sequence[interp.Edge], circuit: interp.KnownCircuit
) -> tuple[float, float]:
    """CPR and CMD of a ranking of edges: the area under the faithfulness of circuits of the
    sizes `SHARES`, and the area between it and 1, by trapezoids.

    For CPR edges are taken by their signed score, so that those which work against the answer come
    last; for CMD by its size, since the model has those too.
    """

    def curve(order: np.ndarray) -> np.ndarray:
        return np.array([faith([edges[place] for place in order[:count]]) for count in counts])

    faith = faithfulness(circuit, edges)
    counts = [int(share * len(edges)) for share in SHARES]
    signed, sizes = (
        curve(np.argsort(-values, kind="stable")) for values in (scores, np.abs(scores))
    )
    return (
        float(np.trapezoid(signed, SHARES)),
        float(np.trapezoid(np.abs(1 - sizes), SHARES)),
    )


def faithfulness(
    circuit: interp.KnownCircuit, edges: Sequence[interp.Edge]
) -> Callable[[Sequence[interp.Edge]], float]:
    """The function from some edges to (m(C) - m(corrupted)) / (m(clean) - m(corrupted)), m being
    the mean logit difference when all edges outside C carry the corrupted run."""
    known: dict[frozenset[interp.Edge], float] = {}

    def mean(some: Sequence[interp.Edge]) -> float:
        key = frozenset(some)
        if key not in known:
            values = interp.circuit_difference(circuit.model, circuit.pairs, some)
            known[key] = float(values.mean())
        return known[key]

    return lambda some: (mean(some) - mean(())) / (mean(edges) - mean(()))
