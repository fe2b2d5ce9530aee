"""What a pass reads, and which of its positions a span or a marker chooses."""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from .._errors import InterpError
from .._models.model import Model
from .._positions import After, Span
from .vector import TruthVector

#: Windows of tokens that are known to end a marker or not: many passes read the same text.
_REMEMBERED = 100_000


@dataclasses.dataclass(frozen=True)
class _Read:
    """A row's tokens so far, and at which of them the marker had come; None: not yet."""

    tokens: tuple[int, ...]
    came: int | None


class Reading:
    """Watches what enters a network; `mask` holds which positions of the pass are chosen, shape
    (rows, positions). One is shared by all hook points of a vector.

    A position is a token's number in its own text: padding is not counted, and what keys and
    values are kept of is. Where the network is given positions, they are those; where it is given
    which tokens each may see (a tree of answers), what stands before a token are those.
    """

    def __init__(self, model: Model, positions: Span | After) -> None:
        self._model, self._positions = model, positions
        self._rows: list[_Read] = []
        self.mask = torch.zeros(0, 0, dtype=torch.bool)
        marker = positions.marker if isinstance(positions, After) else ""
        # Every token has a byte of its own, but for those that are only special.
        self._window = len(marker.encode("utf-8")) + 2

        @functools.lru_cache(maxsize=_REMEMBERED)
        def ends(window: tuple[int, ...]) -> bool:
            said = model.tokenizer.decode(
                list(window), skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
            return marker in str(said)

        self._ends = ends

    @contextlib.contextmanager
    def watching(self) -> Iterator["Reading"]:
        """For the length of a `with` block."""
        network = self._model.network
        # Some heads call a part of their base model; some callers call the base model alone. A
        # pass that comes through both is the same to each.
        entrances = {id(module): module for module in (network, network.base_model)}
        handles = [
            module.register_forward_pre_hook(self._enters, with_kwargs=True)
            for module in entrances.values()
        ]
        try:
            yield self
        finally:
            for handle in handles:
                handle.remove()

    def _enters(self, module: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        ids = inputs[0] if inputs else keywords.get("input_ids")
        shape = keywords["inputs_embeds"].shape[:2] if ids is None else ids.shape
        places = _places(shape, keywords).to(self._model.device)
        if isinstance(self._positions, Span):
            stop = self._positions.stop
            chosen = places >= self._positions.start
            self.mask = chosen if stop is None else chosen & (places < stop)
            return
        if ids is None:
            raise InterpError("a marker is found in tokens; give the network ids, no embeddings")
        self.mask = self._after(ids, places, keywords.get("attention_mask"))

    def _after(
        self, ids: torch.Tensor, places: torch.Tensor, attention: torch.Tensor | None
    ) -> torch.Tensor:
        rows, count = ids.shape
        real = torch.ones_like(places, dtype=torch.bool)
        sees = None
        if attention is not None and attention.ndim == 2:
            real = attention[:, -count:].to(torch.bool)
        elif attention is not None:
            own = attention[:, 0, :, -count:]
            sees = own if own.dtype == torch.bool else own == 0
        chosen, read = [], []
        for row in range(rows):
            columns = real[row].nonzero()[:, 0].tolist()
            known = self._known(row, rows, int(places[row, columns[0]]) if columns else 0)
            tokens = ids[row].tolist()
            before = None if sees is None else _before(sees[row])
            flags = self._flags(known, tokens, columns, before)
            chosen.append(flags)
            first = next((step for step, column in enumerate(columns) if flags[column]), None)
            came = None if first is None else len(known.tokens) + first
            read.append(
                _Read(
                    (*known.tokens, *(tokens[column] for column in columns)),
                    came if known.came is None else known.came,
                )
            )
        self._rows = read
        return torch.tensor(chosen, device=places.device).reshape(rows, count)

    def _flags(
        self,
        known: _Read,
        tokens: Sequence[int],
        columns: Sequence[int],
        before: Sequence[int] | None,
    ) -> list[bool]:
        """For each token whether the marker has come with it or before it."""
        flags = [False] * len(tokens)
        paths: dict[int, tuple[int, ...]] = {-1: known.tokens[-self._window :]}
        last = -1
        for column in columns:
            at = last if before is None else before[column]
            path = (*paths[at], tokens[column])[-self._window :]
            come = flags[at] if at >= 0 else known.came is not None
            flags[column] = come or self._ends(path)
            paths[column], last = path, column
        return flags

    def _known(self, row: int, rows: int, count: int) -> _Read:
        """What a row had read `count` tokens into its text. Rows that begin alike may have had one
        row for all."""
        if count == 0:
            return _Read((), None)
        one = None
        if self._rows:
            one = self._rows[row] if len(self._rows) == rows else self._rows[0]
        if one is None or len(one.tokens) < count:
            raise InterpError(
                "the text began before it was steered, so that its marker cannot be found; begin "
                "it anew"
            )
        came = one.came if one.came is not None and one.came < count else None
        return _Read(one.tokens[:count], came)


def marker_comes(
    model: Model, vector: TruthVector, tokens: Sequence[int], *, written: str = ""
) -> bool:
    """Whether the marker of a vector that is added after one comes in a text: in its tokens, or in
    what was `written` behind them. True for a vector that waits for none."""
    if not isinstance(vector.positions, After):
        return True
    text = model.tokenizer.decode(list(tokens), skip_special_tokens=False)
    return vector.positions.marker in f"{text}{written}"


def _places(shape: torch.Size, keywords: Mapping[str, Any]) -> torch.Tensor:
    """The number of every token in its own text, shape (rows, tokens)."""
    rows, count = shape
    given, attention = keywords.get("position_ids"), keywords.get("attention_mask")
    if given is not None and given.ndim == 2:
        return given.expand(rows, -1)
    if attention is not None and attention.ndim == 2:
        return (attention.long().cumsum(dim=-1) - 1)[:, -count:]
    kept = keywords.get("past_key_values")
    start = 0 if kept is None else int(kept.get_seq_length())
    return torch.arange(start, start + count).expand(rows, -1)


def _before(sees: torch.Tensor) -> list[int]:
    """Of each token the number of the one before it that it sees, -1 where there is none."""
    earlier = sees & torch.ones_like(sees).tril(diagonal=-1)
    numbers = torch.arange(sees.shape[1], device=sees.device)
    return torch.where(earlier, numbers, -1).max(dim=1).values.tolist()
