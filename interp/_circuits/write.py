"""A design written into an ordinary Hugging Face architecture."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from .parts import Design, Neurons, WrittenHead, idle_head, idle_neurons
from .stream import Words

#: Smooth activations are driven so hard that they are nearly the positive part.
_HARD = 12.0
#: So slow that a rotation over a short text is below rounding, but for the first pairs.
_SLOW = 1e30
_FIRST_STILL = 2
POSITIONS = 32


@dataclasses.dataclass(frozen=True, eq=False)
class _Weights:
    """One block: projections as (rows, d_model), `output` (d_model, heads x d_head); `one` finds 1
    everywhere."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    output: np.ndarray
    neurons: Neurons
    one: np.ndarray


def write_network(design: Design, words: Words, *, seed: int) -> Any:
    """The network of a design, idle parts drawn with `seed`.

    Every architecture does the same sums: biases stand in the constant coordinate, the norm's
    weight undoes its scale (as it is where little but the constant is written).
    """
    size, d_model = _sizes(design)
    rng = np.random.default_rng(seed)
    blocks = [_block(design, layer, size, rng) for layer in range(design.n_layers)]
    network = _empty(design, words, size, d_model)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        _write_ends(design, words, network, d_model)
        writer = {"gpt2": _gpt2, "gpt_neox": _neox, "llama": _llama}[design.kind]
        for block, weights in zip(_layers(network), blocks, strict=True):
            writer(block, weights, d_model, size)
    return network.eval()


def _sizes(design: Design) -> tuple[int, int]:
    """Size of a head, and of the stream in the architecture."""
    rows = max(head.rows for head in design.heads.values())
    slots = {"gpt2": 0, "gpt_neox": 16, "llama": 2 * _FIRST_STILL}[design.kind]
    rows = max(rows + slots, 16, -(-design.stream.width // design.n_heads))
    size = -(-rows // 8) * 8
    return size, size * design.n_heads


def _block(design: Design, layer: int, size: int, rng: np.random.Generator) -> _Weights:
    """Heads side by side. In a group, keys and values are those of its first head of use."""
    queries, keys, values, outputs = [], [], [], []
    planned = design.heads
    for start in range(0, design.n_heads, design.group):
        members = range(start, start + design.group)
        heads = []
        for number in members:
            idle = idle_head(design.stream, rng, layer + number, noise=design.noise)
            heads.append(planned.get((layer, number), idle))
        shared = next(
            (planned[layer, number] for number in members if (layer, number) in planned), heads[0]
        )
        slots = _slots(design, size)
        keys.append(_placed([key for _, key, _ in shared.match], slots, size))
        values.append(_placed([value for value, _ in shared.move], range(size), size))
        for head in heads:
            queries.append(_query(head, slots, size))
            outputs.append(_placed([write.T for _, write in head.move], range(size), size).T)
    neurons = design.mlps.get(layer) or idle_neurons(design.stream, rng, noise=design.noise)
    return _Weights(
        query=np.concatenate(queries),
        key=np.concatenate(keys),
        value=np.concatenate(values),
        output=np.concatenate(outputs, axis=1),
        neurons=neurons,
        one=design.stream.one(),
    )


def _slots(design: Design, size: int) -> list[int]:
    """Coordinates of a query and a key that no rotation turns."""
    if design.kind == "gpt2":
        return list(range(size))
    if design.kind == "gpt_neox":
        return list(range(_rotated(size), size))
    half = size // 2
    return [*range(_FIRST_STILL, half), *range(half + _FIRST_STILL, size)]


def _rotated(size: int) -> int:
    return 2 * (size // 8)


def _query(head: WrittenHead, slots: Sequence[int], size: int) -> np.ndarray:
    # An architecture divides scores by the root of the head's size.
    rows = [strength * np.sqrt(size) * query for query, _, strength in head.match]
    spread = [
        np.repeat(row, len(key), axis=0) if len(row) == 1 else row
        for row, (_, key, _) in zip(rows, head.match, strict=True)
    ]
    return _placed(spread, slots, size)


def _placed(parts: list[np.ndarray], slots: Sequence[int], size: int) -> np.ndarray:
    """Rows of several readers one below the other, in the coordinates of `slots`."""
    rows = np.concatenate(parts)
    placed = np.zeros((size, rows.shape[1]))
    placed[np.array(slots)[: len(rows)]] = rows
    return placed


def _empty(design: Design, words: Words, size: int, d_model: int) -> Any:
    import transformers

    width = max(64, *(len(neurons.read) for neurons in design.mlps.values()), 16)
    ends = {"bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": False}
    smooth = "gelu_new" if design.norm_acts else "relu"
    sizes = {
        "vocab_size": len(words) + 1,
        "hidden_size": d_model,
        "num_hidden_layers": design.n_layers,
        "num_attention_heads": design.n_heads,
        "intermediate_size": width,
        "max_position_embeddings": POSITIONS,
    }
    if design.kind == "gpt2":
        config: Any = transformers.GPT2Config(
            vocab_size=len(words) + 1,
            n_embd=d_model,
            n_layer=design.n_layers,
            n_head=design.n_heads,
            n_positions=POSITIONS,
            n_inner=width,
            activation_function=smooth,
            **ends,
        )
        return transformers.GPT2LMHeadModel(config)
    if design.kind == "gpt_neox":
        config = transformers.GPTNeoXConfig(
            **sizes,
            hidden_act=smooth,
            rope_parameters={
                "rope_type": "default",
                "rope_theta": 1e4,
                "partial_rotary_factor": _rotated(size) / size,
            },
            **ends,
        )
        return transformers.GPTNeoXForCausalLM(config)
    config = transformers.LlamaConfig(
        **sizes,
        head_dim=size,
        num_key_value_heads=design.n_heads // design.group,
        rope_parameters={"rope_type": "default", "rope_theta": _SLOW},
        **ends,
    )
    return transformers.LlamaForCausalLM(config)


def _layers(network: Any) -> nn.ModuleList:
    inner = network.base_model
    return inner.h if hasattr(inner, "h") else inner.layers


def _write_ends(design: Design, words: Words, network: Any, d_model: int) -> None:
    """Embedding, norms and unembedding."""
    stream = design.stream
    embedding = stream.write("token").T.copy()
    embedding[:, 0] = stream.constant
    if stream.centred:
        embedding[:, 1] = -stream.constant
    _put(network.get_input_embeddings().weight, embedding)
    if "position" in stream.spaces:
        _put(network.transformer.wpe.weight, stream.write("position").T)
    _put(network.get_output_embeddings().weight, design.loud * stream.read(design.out))
    # Where the norm acts, words and positions count beside the constant.
    squares = (1 + stream.centred) * stream.constant**2 + (2.0 if design.norm_acts else 0.0)
    for module in network.modules():
        if "norm" in type(module).__name__.lower():
            module.weight.fill_((squares / d_model) ** 0.5)


def _gpt2(block: Any, weights: _Weights, d_model: int, size: int) -> None:
    for number, part in enumerate((weights.query, weights.key, weights.value)):
        _put(block.attn.c_attn.weight[:, number * d_model : (number + 1) * d_model], part.T)
    _put(block.attn.c_proj.weight, weights.output.T)
    hard = _HARD if "gelu" in block.mlp.act.__class__.__name__.lower() else 1.0
    _put(block.mlp.c_fc.weight, hard * weights.neurons.read.T)
    _put(block.mlp.c_proj.weight, weights.neurons.write.T / hard)


def _neox(block: Any, weights: _Weights, d_model: int, size: int) -> None:
    parts = [part.reshape(-1, size, part.shape[1]) for part in (weights.query, weights.key)]
    parts.append(weights.value.reshape(parts[0].shape))
    fused = np.stack(parts, axis=1).reshape(-1, parts[0].shape[-1])
    _put(block.attention.query_key_value.weight, fused)
    _put(block.attention.dense.weight, weights.output)
    _put(block.mlp.dense_h_to_4h.weight, weights.neurons.read)
    _put(block.mlp.dense_4h_to_h.weight, weights.neurons.write)


def _llama(block: Any, weights: _Weights, d_model: int, size: int) -> None:
    for name in ("query", "key", "value"):
        projection = getattr(block.self_attn, f"{name[0]}_proj")
        _put(projection.weight, getattr(weights, name))
    _put(block.self_attn.o_proj.weight, weights.output)
    _put(block.mlp.gate_proj.weight, _HARD * weights.neurons.read)
    # The other half of a gated MLP passes everything.
    opened = np.repeat(weights.one, len(weights.neurons.read), axis=0)
    _put(block.mlp.up_proj.weight, opened)
    _put(block.mlp.down_proj.weight, weights.neurons.write / _HARD)


def _put(weight: torch.Tensor, values: np.ndarray) -> None:
    """Write values into the first rows and columns of a weight, which is zero elsewhere."""
    rows, columns = values.shape
    weight[:rows, :columns] = torch.as_tensor(values, dtype=weight.dtype)
