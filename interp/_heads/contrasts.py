"""Where in which text a pair is decided, and by which direction in the unembedding."""

import dataclasses
from collections.abc import Sequence

import torch

from .._errors import InterpError
from .._models.model import Model
from .._questions.pairs import Pair
from .._questions.tokens import encode_pair, unique


@dataclasses.dataclass(frozen=True, eq=False)
class Contrasts:
    """The logit difference of every pair, as reads of rows of tokens.

    `reads` holds (pair, row, position, token, sign): the difference of a pair is the sum of sign x
    logit of token at that position of that row, over all tokens of both answers.
    """

    pairs: tuple[Pair, ...]
    rows: tuple[tuple[int, ...], ...]
    reads: tuple[tuple[int, int, int, int, float], ...]


def encode_contrasts(model: Model, pairs: Sequence[Pair]) -> Contrasts:
    """Tokens of pairs; answers of one token each share one row.

    **Raises** `InterpError` for fewer than two pairs and for pairs that this tokenizer cannot tell
    apart or cannot say.
    """
    if len(pairs) < 2:
        raise InterpError(
            f"{len(pairs)} pair(s): an effect with an interval needs at least 2, and 20 or more to "
            "find anything"
        )
    rows, reads = [], []
    for number, pair in enumerate(pairs):
        tokens = encode_pair(model, pair)
        start = len(tokens.context) - 1
        for sign, answer in zip((1.0, -1.0), tokens.answers, strict=True):
            rows.append(tokens.context + answer[:-1])
            for step, token in enumerate(answer):
                reads.append((number, len(rows) - 1, start + step, token, sign))
    different, which = unique(rows)
    return Contrasts(
        pairs=tuple(pairs),
        rows=tuple(different),
        reads=tuple(
            (n, which[row], position, token, sign) for n, row, position, token, sign in reads
        ),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Entries:
    """The reads of one batch, gathered by position.

    - `row`, `column`: row and position of each entry in the batch, shape (entries,).
    - `owner`: its pair, shape (entries,).
    - `direction`: sum of sign x unembedding row over the tokens read there, shape (entries,
      d_model), double precision; `offset` the same sum over the unembedding's bias.
    """

    row: torch.Tensor
    column: torch.Tensor
    owner: torch.Tensor
    direction: torch.Tensor
    offset: torch.Tensor


def entries_of(model: Model, contrasts: Contrasts, indices: Sequence[int]) -> Entries:
    """What is read from the rows with these indices, batched in this order."""
    batch_row = {index: row for row, index in enumerate(indices)}
    keys: dict[tuple[int, int, int], int] = {}
    tokens, signs, slots = [], [], []
    for pair, row, column, token, sign in contrasts.reads:
        if row in batch_row:
            slots.append(keys.setdefault((batch_row[row], column, pair), len(keys)))
            tokens.append(token)
            signs.append(sign)
    unembedding = model.network.get_output_embeddings()
    device = unembedding.weight.device
    slot = torch.tensor(slots, device=device)
    sign = torch.tensor(signs, device=device, dtype=torch.float64)
    chosen = torch.tensor(tokens, device=device)
    weights = unembedding.weight[chosen].double() * sign[:, None]
    direction = torch.zeros(len(keys), weights.shape[1], device=device, dtype=torch.float64)
    direction.index_add_(0, slot, weights)
    offset = torch.zeros(len(keys), device=device, dtype=torch.float64)
    if getattr(unembedding, "bias", None) is not None:
        offset.index_add_(0, slot, unembedding.bias[chosen].double() * sign)
    row, column, owner = (torch.tensor(values, device=device) for values in zip(*keys, strict=True))
    return Entries(row=row, column=column, owner=owner, direction=direction, offset=offset)
