"""Answers as tokens after their prompt, and rows of tokens as batches."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import torch

from ...common.words import counted, printable
from .._errors import InterpError
from .._models.model import Model
from .._models.network import text_config
from .._names import Frame
from .frame import framed
from .pairs import Pair, Question

#: Tokens of a pass that keeps what every block makes, for a gradient.
TOKENS_PER_BATCH = {"cpu": 512, "cuda": 8192}
#: Bytes that a pass without gradients may need above the model, and the most tokens it reads. They
#: are not measured on the machine: sums depend a little on what is summed together.
BYTES_PER_BATCH = {"cpu": 1 << 30, "cuda": 8 << 30}
MOST_TOKENS = {"cpu": 2048, "cuda": 16384}
FEWEST_TOKENS = 64
#: Unknown words that a message names.
_SAID = 3


@dataclasses.dataclass(frozen=True)
class Answers:
    """A prompt's tokens and, after them, those of each answer."""

    context: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


def encode_answers(
    model: Model,
    prompt: str,
    answers: Sequence[str],
    *,
    location: str,
    frame: Frame = "plain",
    cue: str = "",
) -> Answers:
    """Tokens of a prompt in its frame and of what each answer adds to it.

    The prompt and an answer are encoded together, as the model would read them. Where a tokenizer
    merges across the seam, the context ends before the first token that differs.

    **Raises** `InterpError` for an answer that adds nothing or that the tokenizer cannot say, and
    for a text longer than the model's context.
    """
    put = framed(model, prompt, frame, cue=cue)
    alone = put.encode(model)
    whole = [put.encode(model, answer) for answer in answers]
    shared = len(alone)
    for tokens in whole:
        same = 0
        while same < min(shared, len(tokens)) and tokens[same] == alone[same]:
            same += 1
        shared = same
    for answer, tokens in zip(answers, whole, strict=True):
        if len(tokens) == shared:
            raise InterpError(f"{location}: the tokenizer has no token for the answer {answer!r}")
        if has_unknown(model, f"{put.text}{put.seam}{answer}", tokens):
            said = said_unknown(model, f"{put.text}{put.seam}{answer}")
            raise InterpError(
                f"{location}: the tokenizer of {model.name} cannot say {prompt!r} {answer!r} (it "
                f"has no token for {said})"
            )
        if len(tokens) > model.context:
            raise InterpError(
                f"{location}: {len(tokens)} tokens, more than the {model.context} that "
                f"{model.name} reads"
            )
    if not shared:
        raise InterpError(f"{location}: prompt and answers share no token; give a longer prompt")
    return Answers(
        context=tuple(whole[0][:shared]), answers=tuple(tuple(t[shared:]) for t in whole)
    )


def prompt_tokens(model: Model, asked: Pair | Question) -> list[int]:
    """Tokens of what is asked, in its frame, up to where an answer begins."""
    cue = asked.cue if isinstance(asked, Question) else ""
    return framed(model, asked.prompt, asked.frame, cue=cue).encode(model)


def encode_question(model: Model, question: Question, *, location: str = "") -> Answers:
    """A question's tokens and those of each of its options. **Raises** as `encode_answers`."""
    return encode_answers(
        model,
        question.prompt,
        question.options,
        location=question.location or location or f"question {question.prompt!r}",
        frame=question.frame,
        cue=question.cue,
    )


def has_unknown(model: Model, text: str, tokens: Sequence[int]) -> bool:
    """Whether the tokenizer had no token for a word of a text. The token for such words may stand
    in the text by its own name, and may be one that ends texts: the model reads both."""
    tokenizer = model.tokenizer
    unknown = tokenizer.unk_token_id
    if unknown is None or unknown == tokenizer.eos_token_id:
        return False
    return list(tokens).count(unknown) > text.count(tokenizer.unk_token)


def unknown_words(model: Model, text: str) -> tuple[str, ...]:
    """The words of a text, parted by blanks, that the tokenizer has no token for; each once."""
    words = dict.fromkeys(text.split())
    return tuple(w for w in words if has_unknown(model, w, model.encode(w, special=False)))


def said_unknown(model: Model, text: str) -> str:
    """The unknown words of a text, for a message: `'zorvia', 'quux' and 4 more`."""
    words = unknown_words(model, text)
    if not words:  # a word is unknown only beside others
        return "a word of it"
    more = len(words) - _SAID
    return ", ".join(repr(printable(w[:40])) for w in words[:_SAID]) + (
        f" and {counted(more, 'more word')}" if more > 0 else ""
    )


def encode_pair(model: Model, pair: Pair) -> Answers:
    """A pair's tokens, the true answer first. What both answers begin with belongs to the context:
    the position that is read is the first at which they differ.

    **Raises** `InterpError` as `encode_answers`, and where one answer is the beginning of the
    other: then no position decides between them.
    """
    location = pair.location or f"pair {pair.prompt!r}"
    tokens = encode_answers(
        model, pair.prompt, (pair.true, pair.false), location=location, frame=pair.frame
    )
    context, (true, false) = tokens.context, tokens.answers
    while min(len(true), len(false)) > 1 and true[0] == false[0]:
        context, true, false = (*context, true[0]), true[1:], false[1:]
    if true[0] == false[0]:
        raise InterpError(
            f"{location}: of {pair.true!r} and {pair.false!r} one is the beginning of the other, "
            "so that no token tells them apart; give answers that differ"
        )
    return Answers(context=context, answers=(true, false))


@dataclasses.dataclass(frozen=True)
class UsablePairs:
    """Pairs that a model can be asked, and the others: `left_out` holds a line for each."""

    pairs: tuple[Pair, ...]
    left_out: tuple[str, ...]


def usable_pairs(model: Model, pairs: Sequence[Pair]) -> UsablePairs:
    """Tell pairs that this model's tokenizer can say and tell apart from those that it cannot."""
    usable, left_out = [], []
    for pair in pairs:
        try:
            encode_pair(model, pair)
        except InterpError as error:
            left_out.append(str(error))
        else:
            usable.append(pair)
    return UsablePairs(tuple(usable), tuple(left_out))


def batches(
    rows: Sequence[Sequence[int]], *, device: torch.device, budget: int | None = None
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Rows by length, filled on the right, as `(indices, token ids)`.

    Filling on the right cannot reach an earlier position of a causal model, so no mask is needed.
    """
    if budget is None:
        budget = TOKENS_PER_BATCH.get(device.type, 2048)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and len(rows[order[stop]]) * (stop + 1 - start) <= budget:
            stop += 1
        chosen = order[start:stop]
        longest = len(rows[chosen[-1]])
        tokens = torch.zeros((len(chosen), longest), dtype=torch.long)
        for row, index in enumerate(chosen):
            tokens[row, : len(rows[index])] = torch.tensor(rows[index], dtype=torch.long)
        yield chosen, tokens.to(device)
        start = stop


def token_budget(model: Model) -> int:
    """How many tokens one pass without gradients reads at once.

    A block holds some twelve vectors of the stream's width and those of its MLP for every token,
    and logits are held twice, in float32. Every pass reads all weights, so that more tokens at once
    are cheaper each.
    """
    config = text_config(model.network.config)
    wide = getattr(config, "intermediate_size", None) or 4 * model.d_model
    size = model.dtype.itemsize * (12 * model.d_model + 3 * int(wide)) + 8 * model.d_vocab
    kind = model.device.type
    fits = BYTES_PER_BATCH.get(kind, BYTES_PER_BATCH["cpu"]) // size
    return max(FEWEST_TOKENS, min(fits, MOST_TOKENS.get(kind, MOST_TOKENS["cpu"])))


def unique(rows: Iterable[tuple[int, ...]]) -> tuple[list[tuple[int, ...]], list[int]]:
    """The different rows, and for each given row the index of its equal."""
    seen: dict[tuple[int, ...], int] = {}
    indices = [seen.setdefault(row, len(seen)) for row in rows]
    return list(seen), indices
