"""Texts from a model as it is now: plain, or inside `steer(...)`."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from ...common.checks import check_seed
from ...common.display import shown
from .._errors import InterpError
from .._models.ends import stop_tokens
from .._models.model import Model
from .._names import Finish, Frame
from .._questions.frame import framed
from .._questions.tokens import has_unknown, said_unknown
from .sampling import check_temperature, check_top_p


@shown
@dataclasses.dataclass(frozen=True)
class Generated:
    """A text that a model wrote.

    - `text`: what follows the prompt; `tokens`: its ids; `prompt_tokens`: how many were read.
    - `finish`: `stop` (the model ended it), `length`, or `halted` (the caller did).
    """

    text: str
    tokens: tuple[int, ...]
    prompt_tokens: int
    finish: Finish


def generate(
    model: Model,
    prompt: str | Sequence[int],
    *,
    max_new_tokens: int = 40,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int = 0,
    on_text: Callable[[str], None] | None = None,
    halt: Callable[[], bool] | None = None,
) -> Generated:
    """Continue a prompt with the network's own `generate` and its key-value cache.

    **Arguments**: `prompt` is a text or its tokens. `temperature` 0 takes the likeliest token at
    each step, so that two texts differ by what was done to the model alone; otherwise tokens are
    drawn from `seed`, of the fewest likeliest ones whose probabilities add up to `top_p`. The
    model's own generation settings are not used, see `own_settings`.
    `on_text` is called with each piece of text as it becomes certain. `halt` is called after each
    token; the text ends where it returns True.

    **Raises** `InterpError` for a prompt that leaves no room in the model's context;
    `max_new_tokens` is cut to the room there is.
    """
    tokens = encode_prompt(model, prompt)
    count = room_for(model, tokens, max_new_tokens)
    check_temperature(temperature)
    check_top_p(top_p)
    check_seed(seed, error=InterpError)
    ids = torch.tensor([tokens], device=model.device)
    stop = stop_tokens(model)
    options: dict[str, Any] = {
        "max_new_tokens": count,
        "do_sample": temperature > 0,
        "eos_token_id": list(stop) or None,
        "pad_token_id": next(iter(stop), 0),
        "use_cache": True,
    }
    if temperature > 0:
        options |= {"temperature": float(temperature), "top_k": 0, "top_p": top_p}
    streamer = None
    if on_text is not None or halt is not None:
        streamer = _Streamer(model, on_text, halt)
    with torch.no_grad(), torch.random.fork_rng(devices=_cuda(model)), _plain_settings(model):
        torch.manual_seed(seed)
        try:
            written = model.network.generate(
                ids, attention_mask=torch.ones_like(ids), streamer=streamer, **options
            )[0, len(tokens) :].tolist()
        except _Halted:
            assert streamer is not None
            return finished(model, streamer.tokens, prompt_tokens=len(tokens), halted=True)
    return finished(model, written, prompt_tokens=len(tokens))


@contextlib.contextmanager
def _plain_settings(model: Model) -> Iterator[None]:
    """The network without generation settings of its own, which would fill whatever is not given:
    a repetition penalty changes greedy text."""
    from transformers import GenerationConfig

    network = model.network
    own = network.generation_config
    network.generation_config = GenerationConfig()
    try:
        yield
    finally:
        network.generation_config = own


def own_settings(model: Model) -> dict[str, object]:
    """How the model's files would have its texts written (a repetition penalty, sampling), by name:
    nothing here does so, that two texts differ by what was done to the model alone."""
    given = model.network.generation_config.to_diff_dict()
    return {name: value for name, value in given.items() if name in _SETTINGS}


_SETTINGS = (
    "do_sample", "temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff",
    "eta_cutoff", "repetition_penalty", "encoder_repetition_penalty", "no_repeat_ngram_size",
    "num_beams", "length_penalty", "min_length", "min_new_tokens", "bad_words_ids",
    "suppress_tokens", "begin_suppress_tokens", "forced_bos_token_id", "forced_eos_token_id",
    "sequence_bias", "guidance_scale", "penalty_alpha", "dola_layers",
)  # fmt: skip


def finished(
    model: Model, written: list[int], *, prompt_tokens: int, halted: bool = False
) -> Generated:
    """What was written, without the token that ended it."""
    ended = bool(written) and written[-1] in stop_tokens(model)
    tokens = written[:-1] if ended else written
    return Generated(
        text=model.decode(tokens),
        tokens=tuple(tokens),
        prompt_tokens=prompt_tokens,
        finish="stop" if ended else "halted" if halted else "length",
    )


def encode_prompt(
    model: Model, prompt: str | Sequence[int], *, frame: Frame = "plain"
) -> list[int]:
    """A prompt's tokens; those of a text in its frame, see `prompt_frame`.

    **Raises** `InterpError` for one that has none or words that the tokenizer cannot say.
    """
    if not isinstance(prompt, str):
        return _known(model, list(prompt))
    put = framed(model, prompt, frame)
    tokens = put.encode(model) if prompt or frame == "plain" else []
    if not tokens:
        raise InterpError(_EMPTY)
    if has_unknown(model, put.text, tokens):
        raise InterpError(
            f"the tokenizer of {model.name} has no token for {said_unknown(model, prompt)} in "
            f"{prompt[:80]!r}"
        )
    return tokens


_EMPTY = "the prompt is empty; give at least one word"


def _known(model: Model, tokens: list[int]) -> list[int]:
    """Tokens that somebody gave. **Raises** `InterpError` for none, and for one of no model."""
    if not tokens:
        raise InterpError(_EMPTY)
    strange = next((token for token in tokens if not 0 <= token < model.d_vocab), None)
    if strange is not None:
        raise InterpError(
            f"{model.name} has no token {strange}; its tokens are 0 to {model.d_vocab - 1}"
        )
    return tokens


def room_for(model: Model, tokens: list[int], wanted: int) -> int:
    """How many tokens may follow. **Raises** `InterpError` for none."""
    if wanted < 1:
        raise InterpError(f"{wanted} new tokens are none; give 1 or more")
    room = model.context - len(tokens)
    if room < 1:
        raise InterpError(
            f"the prompt has {len(tokens)} tokens, and {model.name} reads {model.context}; shorten "
            "it"
        )
    return min(wanted, room)


def _cuda(model: Model) -> list[torch.device]:
    return [model.device] if model.device.type == "cuda" else []


class Pieces:
    """Text in pieces that later tokens cannot change: whole characters, spaces as decoded."""

    def __init__(self, model: Model, on_text: Callable[[str], None]) -> None:
        self._model, self._tell = model, on_text
        self._tokens: list[int] = []
        self._said = ""

    def add(self, token: int) -> None:
        """One more token."""
        self._tokens.append(token)
        text = self._model.decode(self._tokens)
        # A half-read character decodes to a replacement mark that the next token replaces.
        if not text.endswith("\ufffd") and text.startswith(self._said):
            self._tell(text[len(self._said) :])
            self._said = text

    def end(self) -> None:
        """No more tokens: whatever is left is said."""
        text = self._model.decode(self._tokens)
        if len(text) > len(self._said):
            self._tell(text[len(self._said) :])
            self._said = text


class _Halted(Exception):
    """The caller has had enough: the one way out of HuggingFace's loop between two tokens."""


class _Streamer:
    """The streamer of HuggingFace's `generate`, which puts the prompt first, then each token."""

    def __init__(
        self,
        model: Model,
        on_text: Callable[[str], None] | None,
        halt: Callable[[], bool] | None,
    ) -> None:
        self._pieces = None if on_text is None else Pieces(model, on_text)
        self._halt, self._stop, self._prompt = halt, stop_tokens(model), True
        self.tokens: list[int] = []

    def put(self, value: torch.Tensor) -> None:
        if self._prompt:
            self._prompt = False
            return
        for token in value.reshape(-1).tolist():
            self.tokens.append(token)
            if self._pieces is not None and token not in self._stop:
                self._pieces.add(token)
        if self._halt is not None and self._halt():
            self.end()
            raise _Halted

    def end(self) -> None:
        if self._pieces is not None:
            self._pieces.end()
