"""Tiny randomly initialised checkpoints of many architectures, made by the tests themselves."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nullcline import interp

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

TEXT = (
    "the city of paris is in france . the river runs to the sea and the birds fly south in winter "
    "when it is cold ; seven is larger than five , and twelve is larger than nine . a metal is "
    "heavy and a feather is light ; copper has the symbol cu and iron has the symbol fe . "
)
ARCHITECTURES = (
    "gpt2", "gpt_neox", "gpt_neo", "opt", "bloom", "llama", "mistral", "qwen2", "qwen3", "gemma2",
    "gemma3", "phi", "phi3", "falcon", "olmo2",
)  # fmt: skip
VOCABULARY = 320


_ENDS = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
_SIZE = {
    "vocab_size": VOCABULARY, "num_hidden_layers": 3, "hidden_size": 32, "num_attention_heads": 4,
    "max_position_embeddings": 128, **_ENDS,
}  # fmt: skip
_GATED = {**_SIZE, "intermediate_size": 64, "num_key_value_heads": 2}
_WIDE_HEADS = {**_GATED, "head_dim": 16}
_GEMMA = {**_WIDE_HEADS, "query_pre_attn_scalar": 16, "sliding_window": 16}
_CLASSIC = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 3, "n_head": 4, **_ENDS}
_CONFIGURATIONS: dict[str, Mapping[str, object]] = {
    "gpt2": {**_CLASSIC, "n_positions": 128},
    "gpt_neox": {**_SIZE, "intermediate_size": 64},
    "gpt_neo": {
        **_ENDS,
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "num_layers": 3,
        "num_heads": 4,
        "attention_types": [[["global", "local", "global"], 1]],
        "max_position_embeddings": 128,
        "window_size": 8,
    },
    "opt": {**_SIZE, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {**_ENDS, "vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 3, "n_head": 4},
    "llama": _GATED,
    "mistral": {**_GATED, "sliding_window": 16},
    "qwen2": _GATED,
    "qwen3": _WIDE_HEADS,
    "gemma2": _GEMMA,
    "gemma3": _GEMMA,
    "phi": {**_SIZE, "intermediate_size": 64, "partial_rotary_factor": 0.5},
    "phi3": _GATED,
    "falcon": {**_SIZE, "new_decoder_architecture": False, "multi_query": True},
    "olmo2": _GATED,
}


def tiny_config(kind: str) -> "PreTrainedConfig":
    """A configuration with 3 layers, width 32 and 4 heads."""
    from transformers import AutoConfig

    named = {"gemma3": "gemma3_text"}.get(kind, kind)
    return AutoConfig.for_model(named, **_CONFIGURATIONS[kind])


def tiny_network(kind: str, *, seed: int = 0) -> "PreTrainedModel":
    """A network whose every weight is random: zero biases and unit norms would prove nothing."""
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AutoModelForCausalLM.from_config(tiny_config(kind)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@functools.cache
def tiny_model(kind: str) -> interp.Model:
    """A tiny network to look into, made once: a test that changes it builds its own."""
    return interp.build_model(tiny_network(kind), byte_tokenizer(), name=kind)


def byte_tokenizer() -> "PreTrainedTokenizerFast":
    """A byte-level BPE tokenizer, trained on the few sentences above."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        [TEXT], vocab_size=VOCABULARY, special_tokens=["<|end|>"], show_progress=False
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        bos_token="<|end|>",
        eos_token="<|end|>",
        pad_token="<|end|>",
    )


def word_tokenizer(text: str = TEXT) -> "PreTrainedTokenizerFast":
    """A tokenizer with one token per word of a text (of the sentences above), so that lengths are
    counts of words and answers are single tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<|end|>", "<|unknown|>", *sorted(set(text.split()))]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<|unknown|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    ends = dict.fromkeys(("bos_token", "eos_token", "pad_token"), "<|end|>")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<|unknown|>", **ends)


def save_tiny(
    kind: str, folder: Path, *, seed: int = 0, tokenizer: "PreTrainedTokenizerFast | None" = None
) -> Path:
    """Write a tiny checkpoint as a HuggingFace folder."""
    tiny_network(kind, seed=seed).save_pretrained(folder)
    (tokenizer or byte_tokenizer()).save_pretrained(folder)
    return folder
