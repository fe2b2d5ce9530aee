"""Many passes over one set of questions: its batches, and the streams that enter chosen layers."""

import contextlib
import copy
import dataclasses
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from .._models.blocks import blocks_from, blocks_until
from .._models.hooks import first, hooked, replaced
from .._models.model import Model
from .._models.network import text_config
from .tokens import token_budget
from .trees import Batch, Tree, tree_batches

#: Layers whose entering streams are kept at once, each of them tokens x d_model numbers.
LAYERS_KEPT = 4


@dataclasses.dataclass(frozen=True)
class Abilities:
    """What a network's own code can do, found by trying: read `trees` of tokens (it takes masks
    and positions as they are given), begin at a later block (`resumes`), and read many rows behind
    one beginning (`repeats` its keys and values; some networks keep them in a way of their own)."""

    trees: bool
    resumes: bool
    repeats: bool


class Passes:
    """The passes over some trees of tokens. Under steering at layer `entering` and above, the
    blocks below it are not run again: what they make of the text is kept."""

    def __init__(
        self, model: Model, trees: Sequence[Tree], *, shared: int, masked: bool, resumes: bool
    ) -> None:
        """`shared`: tokens that all trees begin with, read once; `masked`: the network gets masks
        and positions; `resumes`: it can begin at a later block."""
        self._model = model
        self.masked = masked
        self.shared = shared
        self._first = trees[0].tokens[:shared]
        # The network finds out how long a beginning is from its first layer's keys, which a pass
        # from a later block has not made: only given masks and positions do without.
        self.resumes = resumes and (masked or not shared)
        self.batches = tuple(
            tree_batches(
                trees,
                device=model.device,
                dtype=model.dtype,
                masked=masked,
                beginning=shared,
                budget=token_budget(model),
            )
        )
        self._streams: OrderedDict[int, list[torch.Tensor]] = OrderedDict()

    def begin(self, entering: int, on_batch: Callable[[torch.Tensor], None] | None) -> Any:
        """Keys and values of the beginning of the model as it is now; None without one. `on_batch`
        is told that no answer begins in it. Ask for the `streams` first: they are unsteered."""
        if not self.shared:
            return None
        if on_batch is not None:
            on_batch(torch.tensor([self.shared], device=self._model.device))
        with torch.no_grad(), self._from(entering, self.streams(entering), 0):
            return self._read_first()

    def logits(
        self,
        number: int,
        rows: torch.Tensor,
        columns: torch.Tensor,
        *,
        entering: int,
        after: Any = None,
    ) -> torch.Tensor:
        """Logits of the model as it is now at chosen tokens of one batch, shape (tokens,
        vocabulary)."""
        batch, streams = self.batches[number], self.streams(entering)
        with torch.no_grad(), self._from(entering, streams, number + bool(self.shared)):
            return logits_at(
                self._model, batch.tokens, rows, columns, **self._options(batch, after)
            )

    def streams(self, layer: int) -> list[torch.Tensor] | None:
        """The unsteered stream that enters a layer: of the beginning, then of every batch. None
        for layer 0, and where the network cannot begin later."""
        if layer == 0 or not self.resumes:
            return None
        if layer in self._streams:
            self._streams.move_to_end(layer)
            return self._streams[layer]
        below = max((known for known in self._streams if known < layer), default=0)
        known = self._streams.get(below)
        after = None
        with torch.no_grad(), blocks_until(self._model, layer) as entered:
            if self.shared:
                with self._from(below, known, 0):
                    after = self._read_first()
            for number, batch in enumerate(self.batches, start=bool(self.shared)):
                with self._from(below, known, number):
                    self._model.network.base_model(batch.tokens, **self._options(batch, after))
        self._streams[layer] = entered
        if len(self._streams) > LAYERS_KEPT:
            self._streams.popitem(last=False)
        return entered

    def _from(
        self, layer: int, streams: Sequence[torch.Tensor] | None, number: int
    ) -> contextlib.AbstractContextManager[None]:
        return blocks_from(self._model, layer, streams[number] if streams else None)

    def _options(self, batch: Batch, after: Any) -> dict[str, Any]:
        options: dict[str, Any] = {"use_cache": False, **batch.options}
        if after is not None:
            cache = copy.deepcopy(after)
            cache.batch_repeat_interleave(len(batch.tokens))
            options |= {"use_cache": True, "past_key_values": cache}
        return options

    def _read_first(self) -> Any:
        ids = torch.tensor([self._first], device=self._model.device)
        return self._model.network.base_model(ids, use_cache=True).past_key_values


def logits_at(
    model: Model, tokens: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, **options: Any
) -> torch.Tensor:
    """The network's own logits at chosen positions, shape (positions, vocabulary).

    Only those positions go through the unembedding, whatever the network does with logits after it
    (a soft cap, a scale). `options` are further arguments of the network's call.
    """

    def pick(module: nn.Module, inputs: tuple) -> tuple:
        return replaced(inputs, first(inputs)[rows, columns][None])

    with hooked(before=[(model.parts.unembedding, pick)]):
        logits = model.network(tokens, **({"use_cache": False} | options)).logits
    return logits.reshape(len(rows), -1)


_found: "weakref.WeakKeyDictionary[Any, Abilities]" = weakref.WeakKeyDictionary()


def abilities(model: Model) -> Abilities:
    """What this network can do; tried once, on seven tokens."""
    if model.network not in _found:
        _found[model.network] = _try(model)
    return _found[model.network]


def window(model: Model) -> int:
    """How many tokens back each token of this network sees in the layer that sees least. A mask
    that is given takes the place of the network's own, and would reach further."""
    config = text_config(model.network.config)
    names = ("sliding_window", "window_size", "attention_chunk_size")
    widths = [getattr(config, name, None) for name in names]
    return min((width for width in widths if isinstance(width, int)), default=1 << 30)


def _try(model: Model) -> Abilities:
    said = [number % model.d_vocab for number in (3, 5, 4, 6, 7, 8, 9)]
    tree = Tree(tuple(said), (-1, 0, 1, 2, 3, 2, 5), stem=3)
    paths = [Tree(tuple(said[:5]), (-1, 0, 1, 2, 3), 3)]
    paths.append(Tree((*said[:3], *said[5:]), (-1, 0, 1, 2, 3), 3))
    device = model.device
    last = torch.arange(2, device=device), torch.full((2,), 4, device=device)
    ends = torch.zeros(2, dtype=torch.long, device=device), torch.tensor([4, 6], device=device)

    def logits(trees: Sequence[Tree], at: Any, *, masked: bool, entering: int) -> torch.Tensor:
        passes = Passes(model, trees, shared=0, masked=masked, resumes=entering > 0)
        return passes.logits(0, *at, entering=entering, after=None)

    alone = logits(paths, last, masked=False, entering=0)
    scale = max(1.0, float(alone.abs().max()))
    allowed = scale * (1e-4 if model.dtype == torch.float32 else 5e-2)

    def agrees(trees: Sequence[Tree], at: Any, *, masked: bool, entering: int) -> bool:
        try:
            found = logits(trees, at, masked=masked, entering=entering)
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError):
            return False  # its code does not take such arguments
        return bool((found - alone).abs().max() <= allowed)

    above = model.n_layers - 1
    if above and agrees([tree], ends, masked=True, entering=above):
        trees = resumes = True
    else:
        trees = agrees([tree], ends, masked=True, entering=0)
        resumes = bool(above) and not trees and agrees(paths, last, masked=False, entering=above)
    with torch.no_grad(), blocks_until(model, 1) if resumes else contextlib.nullcontext():
        kept = model.network.base_model(torch.tensor([said], device=device), use_cache=True)
    repeats = hasattr(getattr(kept, "past_key_values", None), "batch_repeat_interleave")
    return Abilities(trees=trees, resumes=resumes, repeats=repeats)
