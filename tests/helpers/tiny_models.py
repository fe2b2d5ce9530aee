"""Tiny randomly initialised checkpoints of many architectures, made by the tests themselves."""

from pathlib import Path
from typing import Any

import torch

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


def tiny_config(kind: str) -> Any:
    """A configuration with 3 layers, width 32 and 4 heads."""
    import transformers as t

    ends: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    size: dict[str, Any] = {"vocab_size": VOCABULARY, "num_hidden_layers": 3, **ends}
    size |= {"hidden_size": 32, "num_attention_heads": 4, "max_position_embeddings": 128}
    gated: dict[str, Any] = size | {"intermediate_size": 64, "num_key_value_heads": 2}
    wide_heads = gated | {"head_dim": 16}
    gemma = wide_heads | {"query_pre_attn_scalar": 16, "sliding_window": 16}
    classic = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 3, "n_head": 4} | ends
    return {
        "gpt2": lambda: t.GPT2Config(**classic, n_positions=128),
        "gpt_neox": lambda: t.GPTNeoXConfig(**size, intermediate_size=64),
        "gpt_neo": lambda: t.GPTNeoConfig(
            vocab_size=VOCABULARY,
            hidden_size=32,
            num_layers=3,
            num_heads=4,
            attention_types=[[["global", "local", "global"], 1]],
            max_position_embeddings=128,
            window_size=8,
            **ends,
        ),
        "opt": lambda: t.OPTConfig(**size, ffn_dim=64, word_embed_proj_dim=32),
        "bloom": lambda: t.BloomConfig(
            vocab_size=VOCABULARY, hidden_size=32, n_layer=3, n_head=4, **ends
        ),
        "llama": lambda: t.LlamaConfig(**gated),
        "mistral": lambda: t.MistralConfig(**gated, sliding_window=16),
        "qwen2": lambda: t.Qwen2Config(**gated),
        "qwen3": lambda: t.Qwen3Config(**wide_heads),
        "gemma2": lambda: t.Gemma2Config(**gemma),
        "gemma3": lambda: t.Gemma3TextConfig(**gemma),
        "phi": lambda: t.PhiConfig(**size, intermediate_size=64, partial_rotary_factor=0.5),
        "phi3": lambda: t.Phi3Config(**gated),
        "falcon": lambda: t.FalconConfig(**size, new_decoder_architecture=False, multi_query=True),
        "olmo2": lambda: t.Olmo2Config(**gated),
    }[kind]()


def tiny_network(kind: str, *, seed: int = 0) -> Any:
    """A network whose every weight is random: zero biases and unit norms would prove nothing."""
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = AutoModelForCausalLM.from_config(tiny_config(kind)).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def byte_tokenizer() -> Any:
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


def word_tokenizer(text: str = TEXT) -> Any:
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


def save_tiny(kind: str, folder: Path, *, seed: int = 0, tokenizer: Any = None) -> Path:
    """Write a tiny checkpoint as a HuggingFace folder."""
    tiny_network(kind, seed=seed).save_pretrained(folder)
    (tokenizer or byte_tokenizer()).save_pretrained(folder)
    return folder
