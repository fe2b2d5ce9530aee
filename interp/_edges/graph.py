"""A decoder as a graph: what writes to the residual stream, and what reads it."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from .._errors import InterpError
from .._models.model import Model
from .reads import LayerReads


@dataclasses.dataclass(frozen=True, order=True)
class Edge:
    """One way from a part that writes to the residual stream to one that reads it.

    - `source`: `embed`, a head such as `0.3` (layer and number), or an MLP such as `mlp0`.
    - `target`: `1.2.q`, what head 1.2 asks with; `1.0.k` and `1.0.v`, key and value number 0 of
      layer 1 (shared by several heads where there are fewer of them); `mlp1`; or `logits`.
    """

    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


@dataclasses.dataclass(frozen=True, eq=False)
class Graph:
    """Sources and targets of a decoder in order, and which of them are joined.

    - `sources`, `targets`: names; `joined`: shape (sources, targets), where an edge can be.
    - `before`: for each layer, how many sources its attention reads, and how many its MLP does.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    joined: np.ndarray
    before: tuple[tuple[int, int], ...]

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self.joined.sum())

    def place(self, edge: Edge) -> tuple[int, int]:
        """Where an edge stands. **Raises** `InterpError` for one that there is not."""
        if edge.source in self.sources and edge.target in self.targets:
            place = self.sources.index(edge.source), self.targets.index(edge.target)
            if self.joined[place]:
                return place
        raise InterpError(
            f"no edge {edge}; an edge goes from {', '.join(self.sources[:3])}, … to what reads "
            f"after it: {', '.join(self.targets[:2])}, … logits"
        )

    def mask(self, edges: Sequence[Edge]) -> np.ndarray:
        """Where some edges stand, shape (sources, targets)."""
        mask = np.zeros_like(self.joined)
        for edge in edges:
            mask[self.place(edge)] = True
        return mask

    def edges(self, mask: np.ndarray) -> tuple[Edge, ...]:
        """The edges of a mask, by source and target."""
        return tuple(
            Edge(self.sources[source], self.targets[target])
            for source, target in np.argwhere(mask & self.joined)
        )


def graph_of(model: Model, reads: tuple[LayerReads, ...]) -> Graph:
    """The graph of a decoder."""
    sources, targets, counts, before = ["embed"], [], [], []
    for layer, (part, reading) in enumerate(zip(model.parts.layers, reads, strict=True)):
        at_attention = len(sources)
        for name, shared in (
            ("q", len(reading.query.rows)),
            ("k", len(reading.key.rows)),
            ("v", len(reading.value.rows)),
        ):
            targets += [f"{layer}.{number}.{name}" for number in range(shared)]
            counts += [at_attention] * shared
        sources += [f"{layer}.{number}" for number in range(model.n_heads)]
        at_mlp = at_attention if reading.parallel else len(sources)
        if part.mlp_out is not None:
            targets.append(f"mlp{layer}")
            counts.append(at_mlp)
            sources.append(f"mlp{layer}")
        before.append((at_attention, at_mlp))
    targets.append("logits")
    counts.append(len(sources))
    joined = np.arange(len(sources))[:, None] < np.array(counts)[None]
    return Graph(tuple(sources), tuple(targets), joined, tuple(before))
