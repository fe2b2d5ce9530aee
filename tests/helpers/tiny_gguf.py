"""A tiny Llama as a GGUF file, written tensor by tensor, with what its weights must be read as."""

import json
from pathlib import Path

import gguf
import numpy as np
from tiny_models import byte_tokenizer, tiny_network


def save_gguf(path: Path, *, seed: int = 0, template: str = "") -> dict[str, np.ndarray]:
    """Write the file and return HuggingFace's names with the dequantised weights."""
    network = tiny_network("llama", seed=seed)
    config = network.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    _add_tokenizer(writer, config.vocab_size, template)
    expected = {}
    for name, parameter in network.named_parameters():
        value = parameter.detach().numpy().astype(np.float32)
        stored, read = _stored(name, value, config)
        writer.add_tensor(_name(name), stored, raw_dtype=_type(value))
        expected[name] = read
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


def _type(value):
    wide = value.ndim == 2
    return gguf.GGMLQuantizationType.Q8_0 if wide else gguf.GGMLQuantizationType.F32


def _stored(name, value, config):
    """What stands in the file, and what it is read as: llama.cpp turns neighbouring pairs of a
    head's queries and keys where HuggingFace turns halves."""
    heads = 0
    if "q_proj" in name:
        heads = config.num_attention_heads
    elif "k_proj" in name:
        heads = config.num_key_value_heads
    if value.ndim == 1:
        return value, value
    if heads:
        value = value.reshape(heads, 2, -1, value.shape[1]).swapaxes(1, 2).reshape(value.shape)
    packed = gguf.quants.quantize(value, gguf.GGMLQuantizationType.Q8_0)
    read = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q8_0)
    if heads:
        read = read.reshape(heads, -1, 2, read.shape[1]).swapaxes(1, 2).reshape(read.shape)
    return packed, read


_PARTS = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def _name(name):
    if name in _WHOLE:
        return _WHOLE[name]
    layer, part = name.removeprefix("model.layers.").removesuffix(".weight").split(".", 1)
    return f"blk.{layer}.{_PARTS[part]}.weight"


def _add_tokenizer(writer, size, template):
    own = json.loads(byte_tokenizer().backend_tokenizer.to_str())["model"]
    tokens = sorted(own["vocab"], key=own["vocab"].get)
    tokens += [f"<unused{n}>" for n in range(size - len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (size - 1)])
    merges = [m if isinstance(m, str) else " ".join(m) for m in own["merges"]]
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(0)
    if template:
        writer.add_chat_template(template)
