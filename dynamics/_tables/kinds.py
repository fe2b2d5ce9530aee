"""Base models and tuned ones: what a table states, what leaderboards mark, what names say."""

import re
from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, get_args

from .kind_names import ModelKind
from .model_names import naming_part

#: What a column `kind` or `Type` may say; leaderboards put a mark before their words.
BaseWord = Literal[
    "base",
    "base model",
    "pretrained",
    "pre trained",
    "pretrain",
    "pt",
    "foundation",
    "raw",
    "continuously pretrained",
    "continually pretrained",
    "continued pretraining",
    "false",
    "no",
    "🟢",
    "🟩",
]
TunedWord = Literal[
    "tuned",
    "instruct",
    "instruction",
    "instruction tuned",
    "instruction tuning",
    "it",
    "ift",
    "chat",
    "chat model",
    "chat models",
    "assistant",
    "aligned",
    "sft",
    "rl",
    "rl tuned",
    "rlhf",
    "dpo",
    "ppo",
    "orpo",
    "kto",
    "preference tuned",
    "fine tuned",
    "finetuned",
    "fine tune",
    "finetune",
    "fine tuned on domain specific datasets",
    "domain specific",
    "adapter",
    "lora",
    "merge",
    "merged",
    "model merge",
    "base merges and moerges",
    "merges and moerges",
    "moerge",
    "reasoning",
    "multimodal",
    "true",
    "yes",
    "🔶",
    "💬",
    "🤝",
    "⭕",
    "🟦",
    "🌸",
]
_KINDS: dict[ModelKind, tuple[str, ...]] = {
    "base": get_args(BaseWord),
    "tuned": get_args(TunedWord),
}
_STATED: MappingProxyType[str, ModelKind] = MappingProxyType(
    {word: kind for kind, words in _KINDS.items() for word in words}
)
#: Whole words of names of tuned models: methods, data, and makers who only tune.
_TUNED_WORDS = frozenset(
    {
        *("it", "inst", "sft", "rlhf", "rlaif", "rlvr", "dpo", "ppo", "orpo", "kto", "simpo"),
        *("cpo", "grpo", "ift", "ipo", "iml", "aligned", "assistant", "oasst", "tulu", "koala"),
        *("flan", "lora", "qlora", "peft", "adapter", "ft", "sharegpt", "evol", "lima", "raven"),
        *("beluga", "xwin", "neural", "nous", "rp", "reward", "rm", "bagel", "slerp", "ties"),
        *("dare", "merge", "merged", "fusion", "fused", "blend", "soup", "moerge", "passthrough"),
        *("blossom", "calme", "magnum", "einstein", "higgs", "mammoth", "mammoth2", "priya"),
        *("baize", "dolly", "camel", "tuned", "thinking", "laser", "mt0", "magicoder", "bruins"),
    }
)
#: Stretches of letters that only names of tuned models hold, glued to others or not.
_TUNED_STRETCHES = re.compile(
    "instruct|chat|alpaca|vicuna|wizard|zephyr|hermes|orca|dolphin|airoboros|guanaco|bloomz"
    "|finetun|fine-tun|fine_tun|uncensor|abliterat|platypus|samantha|openassistant|ultra(?:lm|feed)"
    "|manticore|pygmalion|gpt4all|gpt4-|synthia|stheno|franken|metamodel|marcoroni|marcoro14"
    "|neuralpipe|minotaur|lamini|starling|tulu-|distill-(?:qwen|llama)|helpingai|catppt|thetawave|delexa|rasgulla|sauerkraut|orpo|magpie|openbio|noromaid|lumimaid"
    "|mythomax|speechless|suzume|luminia|henbane|pantheon|piccolo"
)
# Mixtures put together from tuned models by hand: 2x7B, 4x10.7b, but not Mixtral's 8x7B.
_BY_HAND = re.compile(r"(?<![0-9])(?!8x(?:7|22)b)[2-9]x[0-9.]+b(?![a-z0-9])|[0-9]bx[0-9]")
_GLUED = re.compile(r"[0-9][bm](?:inst|sft|dpo|rlhf)(?![a-z])")
# Phi-3 and later were never published without instruction tuning.
_ONLY_TUNED = re.compile(r"phi-?(?:3|3\.5|4)(?![0-9])")
_WORD = re.compile("[a-z]+[0-9]?")
_SPACES = re.compile("[^a-z]+")


@lru_cache(maxsize=4096)
def stated_kind(text: str) -> ModelKind | None:
    """What a cell of a column `kind` or `Type` states, None where it says neither.

    A leaderboard's mark before words counts where the words are none that we know.
    """
    lowered = text.strip().lower()
    if lowered in _STATED:
        return _STATED[lowered]
    before_brackets = _SPACES.sub(" ", lowered.partition("(")[0]).strip()
    if before_brackets in _STATED:
        return _STATED[before_brackets]
    if not lowered or lowered[0].isascii():
        return None
    return next((_STATED[mark] for mark in lowered if mark in _STATED), None)


@lru_cache(maxsize=1 << 13)
def named_kind(model: str) -> ModelKind | None:
    """`tuned` where a model's name says so by a word or a stretch of letters, else None."""
    name = naming_part(model).lower()
    tuned = (
        _TUNED_STRETCHES.search(name)
        or not _TUNED_WORDS.isdisjoint(_WORD.findall(name))
        or _GLUED.search(name)
        or _BY_HAND.search(name)
        or _ONLY_TUNED.match(name)
    )
    return "tuned" if tuned else None


def holds_kinds(cells: Sequence[object]) -> bool:
    """Whether a column says of at least one model what it is."""
    return any(stated_kind(str(cell)) is not None for cell in set(cells))
