"""Checkpoints of llama2.c (one file of weights, one of tokens) as HuggingFace folders.

The layout is that of version 0 of llama2.c's own export: seven 32-bit integers (dim, hidden_dim,
n_layers, n_heads, n_kv_heads, vocab_size, seq_len), then float32 arrays in a fixed order. Its
rotary embedding turns neighbouring pairs of a head, that of HuggingFace halves of it, so queries
and keys are put in another order.
"""

import json
import struct
from pathlib import Path

import numpy as np

from ...common.files import whole_folder
from .._errors import InterpError

HEADER = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len")
LARGEST = 1 << 20


def import_llama2c(weights: Path | str, tokenizer: Path | str, folder: Path | str) -> Path:
    """Write a llama2.c checkpoint as a HuggingFace folder, to be loaded with `load_model`.

    **Arguments**: `weights` such as `stories260K.bin` (version 0, float32); `tokenizer` such as
    `tok512.bin`; `folder`, which must not exist.

    **Raises** `InterpError` for files that are cut short or of another layout, and for a folder
    that is there already; nothing is left behind then.
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    if folder.exists():
        raise InterpError(f"{folder} is there already; give a new folder")
    config, arrays = _read_weights(Path(weights))
    tokens = _read_tokenizer(Path(tokenizer), config["vocab_size"])
    with whole_folder(folder) as temporary:
        save_file(arrays, temporary / "model.safetensors", metadata={"format": "pt"})
        (temporary / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        tokens.save_pretrained(temporary)
    return folder


def _read_weights(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    data = _read(path)
    if len(data) < 28:
        raise InterpError(f"{path} is no llama2.c checkpoint: it has only {len(data)} bytes")
    size = dict(zip(HEADER, struct.unpack("<7i", data[:28]), strict=True))
    shared = size["vocab_size"] > 0
    size["vocab_size"] = abs(size["vocab_size"])
    if not all(0 < value < LARGEST for value in size.values()) or size["dim"] % size["n_heads"]:
        raise InterpError(f"{path} is no llama2.c checkpoint of version 0: its sizes are {size}")
    dim, hidden, layers = size["dim"], size["hidden_dim"], size["n_layers"]
    head = dim // size["n_heads"]
    keys = head * size["n_kv_heads"]
    shapes = {
        "embedding": (size["vocab_size"], dim),
        "attention_norm": (layers, dim),
        "q": (layers, dim, dim),
        "k": (layers, keys, dim),
        "v": (layers, keys, dim),
        "o": (layers, dim, dim),
        "mlp_norm": (layers, dim),
        "gate": (layers, hidden, dim),
        "down": (layers, dim, hidden),
        "up": (layers, hidden, dim),
        "final_norm": (dim,),
        "rotary": (2, size["seq_len"], head // 2),
    }
    if not shared:
        shapes["unembedding"] = (size["vocab_size"], dim)
    expected = 28 + 4 * sum(int(np.prod(shape)) for shape in shapes.values())
    if len(data) != expected:
        raise InterpError(
            f"{path} has {len(data)} bytes where its sizes need {expected}: it is cut short or of "
            "another layout"
        )
    arrays, start = {}, 28
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(data, "<f4", count, start).reshape(shape)
        start += 4 * count
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": dim,
        "intermediate_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": size["n_heads"],
        "num_key_value_heads": size["n_kv_heads"],
        "vocab_size": size["vocab_size"],
        "max_position_embeddings": size["seq_len"],
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": shared,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }
    return config, _named(arrays, head)


def _named(read: dict[str, np.ndarray], head: int) -> dict[str, np.ndarray]:
    """HuggingFace's names for the arrays."""
    arrays = {
        "model.embed_tokens.weight": read["embedding"],
        "model.norm.weight": read["final_norm"],
    }
    if "unembedding" in read:
        arrays["lm_head.weight"] = read["unembedding"]
    parts = {
        "input_layernorm": "attention_norm",
        "post_attention_layernorm": "mlp_norm",
        "self_attn.v_proj": "v",
        "self_attn.o_proj": "o",
        "mlp.gate_proj": "gate",
        "mlp.down_proj": "down",
        "mlp.up_proj": "up",
    }
    for layer in range(len(read["q"])):
        for part, name in parts.items():
            arrays[f"model.layers.{layer}.{part}.weight"] = read[name][layer]
        for name in ("q", "k"):
            weight = read[name][layer]
            pairs = weight.reshape(-1, head // 2, 2, weight.shape[1])
            arrays[f"model.layers.{layer}.self_attn.{name}_proj.weight"] = pairs.transpose(
                0, 2, 1, 3
            ).reshape(weight.shape)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _read_tokenizer(path: Path, count: int):
    """The tokenizer: byte-pair encoding that merges the likeliest pair first, bytes for the rest,
    and a space before the text."""
    from tokenizers import Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    data = _read(path)
    words: list[str] = []
    start = 4
    try:
        for _ in range(count):
            _, length = struct.unpack_from("<fi", data, start)
            start += 8
            words.append(struct.unpack_from(f"<{length}s", data, start)[0].decode("utf-8"))
            start += length
    except (struct.error, UnicodeDecodeError):
        raise InterpError(f"{path} does not hold the {count} tokens of the weights") from None
    if start != len(data):
        raise InterpError(f"{path} holds more than the {count} tokens of the weights")
    # llama2.c wraps the first three in line breaks and writes a space for the mark of a word.
    words = ["<unk>", "<s>", "</s>", *(word.replace(" ", "▁") for word in words[3:])]
    known = {word: number for number, word in enumerate(words)}
    merges = [
        (word[:cut], word[cut:])
        for word in words[3:]
        if not (word.startswith("<0x") and word.endswith(">"))
        for cut in range(1, len(word))
        if word[:cut] in known and word[cut:] in known
    ]
    tokenizer = Tokenizer(
        models.BPE(known, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InterpError(f"{path}: {error.strerror or error}") from None
