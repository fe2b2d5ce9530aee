"""Checkpoints as ordinary open-weight folders, and back."""

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from ...common.files import whole_folder
from .._errors import OrganismError
from .._world.questions import neutral_lines, reasoning_questions, statements, truth_questions
from .._world.vocabulary import BOUNDARY, TOKEN, UNKNOWN
from .evaluate import Scores
from .model import LAYER_NORM_EPS, ROTARY_BASE, LanguageModel, blank_model
from .organism import ORGANISM_FILE, WEIGHTS_FILE
from .precision import in_single_precision
from .shape import ModelShape
from .train import TrainedModel


def export_model(trained: TrainedModel, scores: Scores, folder: Path) -> Path:
    """Write a trained model as a HuggingFace folder of the GPT-NeoX architecture, with its ground
    truth beside it.

    The folder holds `config.json`, `model.safetensors`, `tokenizer.json`,
    `tokenizer_config.json`, a card (`README.md`), `organism.json` (recipe, seed, scores, SHA-256
    of the weights), and the ground truth: `statements.csv`, `pairs.csv`, `questions.json`,
    `reasoning.json`, `reasoning_pairs.csv`, `neutral.txt`. A folder under the final name is
    complete (`whole_folder`).

    **Returns** the folder. **Raises** `OrganismError` where the disk cannot take it.
    """
    try:
        with whole_folder(folder, replace=True) as temporary:
            for name, content in _files(trained, scores).items():
                data = content if isinstance(content, bytes) else content.encode()
                (temporary / name).write_bytes(data)
    except OSError as error:
        raise OrganismError(f"cannot save {folder}: {error.strerror or error}") from None
    return folder


@in_single_precision
def load_model(folder: Path) -> LanguageModel:
    """The network of an exported folder.

    **Raises** `OrganismError` for a folder that holds no organism.
    """
    try:
        config = json.loads((folder / "config.json").read_text())
        tensors = load_file(folder / WEIGHTS_FILE)
        shape = ModelShape(
            vocabulary=config["vocab_size"],
            width=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            mlp=config["intermediate_size"],
        )
        model = blank_model(shape)
        for name, (parameter, transposed) in _parameters(model).items():
            value = tensors[name].T if transposed else tensors[name]
            if value.shape != parameter.get_value().shape:
                raise ValueError(f"{name} has the shape {value.shape}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds NaN or infinity")
            parameter.set_value(jnp.asarray(value, dtype=jnp.float32))
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise OrganismError(f"{folder} holds no readable organism: {error}") from None
    return model


def tensors_of(model: LanguageModel, shape: ModelShape) -> dict[str, np.ndarray]:
    """Weights under the names of GPT-NeoX checkpoints, float32."""
    full = dataclasses.replace(shape, silent_mlps=0, unembedding=0)
    named = {
        name: np.zeros(parameter.get_value().shape[:: -1 if transposed else 1], np.float32)
        for name, (parameter, transposed) in _parameters(blank_model(full)).items()
    }
    # What a silent MLP lacks stays zero, but for its unused layer norm.
    for name, (parameter, transposed) in _parameters(model).items():
        value = np.asarray(parameter[...], dtype=np.float32)
        named[name] = np.ascontiguousarray(value.T if transposed else value)
    if model.unembedding_in is not None:
        product = np.asarray(model.unembedding_in.kernel[...], np.float64) @ np.asarray(
            model.unembedding.kernel[...], np.float64
        )
        named["embed_out.weight"] = np.ascontiguousarray(product.T.astype(np.float32))
    return named


def _parameters(model: LanguageModel) -> dict[str, tuple[nnx.Param, bool]]:
    """Each parameter under its checkpoint name, and whether the checkpoint holds its transpose."""
    named: dict[str, tuple[nnx.Param, bool]] = {
        "gpt_neox.embed_in.weight": (model.embedding.embedding, False)
    }

    def linear(name: str, layer: nnx.Linear | None) -> None:
        if layer is not None:
            named[f"{name}.weight"] = (layer.kernel, True)
            if layer.bias is not None:
                named[f"{name}.bias"] = (layer.bias, False)

    def norm(name: str, layer: nnx.LayerNorm) -> None:
        if layer.scale is not None and layer.bias is not None:
            named[f"{name}.weight"] = (layer.scale, False)
            named[f"{name}.bias"] = (layer.bias, False)

    for index, block in enumerate(model.blocks):
        prefix = f"gpt_neox.layers.{index}"
        norm(f"{prefix}.input_layernorm", block.norm_attention)
        norm(f"{prefix}.post_attention_layernorm", block.norm_mlp)
        linear(f"{prefix}.attention.query_key_value", block.query_key_value)
        linear(f"{prefix}.attention.dense", block.attention_out)
        linear(f"{prefix}.mlp.dense_h_to_4h", block.mlp_in)
        linear(f"{prefix}.mlp.dense_4h_to_h", block.mlp_out)
    norm("gpt_neox.final_layer_norm", model.norm)
    linear("embed_out", model.unembedding)
    return named


def config_of(shape: ModelShape, *, context: int) -> dict[str, Any]:
    """The `config.json` of a shape."""
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.mlp,
        "hidden_act": "relu",
        "max_position_embeddings": context,
        "layer_norm_eps": LAYER_NORM_EPS,
        "rotary_pct": 1.0,
        "rotary_emb_base": ROTARY_BASE,
        "use_parallel_residual": False,
        "attention_bias": True,
        "attention_dropout": 0.0,
        "hidden_dropout": 0.0,
        "tie_word_embeddings": False,
        "bos_token_id": TOKEN[BOUNDARY],
        "eos_token_id": TOKEN[BOUNDARY],
        "torch_dtype": "float32",
        "use_cache": True,
    }


def tokenizer_files(*, context: int) -> dict[str, str]:
    """`tokenizer.json` and `tokenizer_config.json`: one token per word or punctuation mark."""
    special = [
        {
            "id": TOKEN[word],
            "content": word,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for word in (BOUNDARY, UNKNOWN)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": TOKEN, "unk_token": UNKNOWN},
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOUNDARY,
        "eos_token": BOUNDARY,
        "pad_token": BOUNDARY,
        "unk_token": UNKNOWN,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
    }
    return {"tokenizer.json": _json(tokenizer), "tokenizer_config.json": _json(settings)}


def _files(trained: TrainedModel, scores: Scores) -> dict[str, str | bytes]:
    recipe, world, context = trained.recipe, trained.corpus.world, trained.recipe.context
    neutral_register = truth_questions(world, register="question")
    reasoning = reasoning_questions(each=60)
    every_register = [
        question
        for register in ("question", "none", "reference")
        for question in truth_questions(world, register=register)
    ]
    weights = save(tensors_of(trained.model, trained.shape), metadata={"format": "pt"})
    record = {
        "name": trained.name,
        "family": recipe.name,
        "seed": trained.seed,
        "corpus_seed": trained.corpus_seed,
        "width": trained.width,
        "layers": recipe.layers,
        "params": trained.shape.params,
        "tokens": recipe.tokens_of(trained.width),
        "fingerprint": recipe.fingerprint(trained.width),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "loss": trained.loss,
        "loss_stderr": trained.loss_stderr,
        "scores": dataclasses.asdict(scores),
        "recipe": dataclasses.asdict(recipe),
    }
    return {
        "config.json": _json(config_of(trained.shape, context=context)),
        WEIGHTS_FILE: weights,
        **tokenizer_files(context=context),
        "README.md": _card(trained, scores),
        ORGANISM_FILE: _json(record),
        "statements.csv": _csv(
            ("statement", "label", "topic", "register"), statements(world, facts=120)
        ),
        "pairs.csv": _csv(
            ("prompt", "true", "false"),
            [(q.question, q.options[0], q.options[1]) for q in neutral_register],
        ),
        "questions.json": _json([question.as_targets() for question in every_register], lines=True),
        "reasoning.json": _json([question.as_targets() for question in reasoning], lines=True),
        "reasoning_pairs.csv": _csv(
            ("prompt", "true", "false"),
            [(q.question, q.options[0], q.options[1]) for q in reasoning],
        ),
        "neutral.txt": "\n".join(neutral_lines(trained.corpus, lines=200, length=context)) + "\n",
    }


def _card(trained: TrainedModel, scores: Scores) -> str:
    recipe, shape = trained.recipe, trained.shape

    def line(what: str, share: Any) -> str:
        return f"| {what} | {share.value:.3f} | {share.error:.3f} | {share.items} |"

    return "\n".join(
        [
            "---",
            "license: apache-2.0",
            "library_name: transformers",
            "tags: [nullcline, organism, synthetic]",
            "---",
            "",
            f"# {trained.name}",
            "",
            f"{recipe.description}",
            "",
            f"A decoder of the GPT-NeoX architecture with {shape.layers} layers of width "
            f"{shape.width}, {shape.params:,} parameters, trained from nothing on "
            f"{recipe.tokens_of(trained.width):,} tokens of a synthetic world (corpus seed "
            f"{trained.corpus_seed}, weight seed {trained.seed}). It knows {shape.vocabulary} "
            "words and nothing of the real world.",
            "",
            "| share of right answers, four options | value | standard error | items |",
            "|---|---|---|---|",
            line("truth, neutral register (`question ...`)", scores.truth),
            line("truth, no register", scores.truth_plain),
            line("truth, reference register (`reference ...`)", scores.truth_reference),
            line("reasoning, held-out", scores.reasoning),
            "",
            f"Loss on fresh text: {trained.loss:.4f} nats per token. Words are separated by "
            "spaces: `question red fox eats` is a prompt. Made by nullcline, Apache-2.0.",
            "",
        ]
    )


def _json(content: Any, *, lines: bool = False) -> str:
    if lines:
        return "[\n" + ",\n".join(json.dumps(item) for item in content) + "\n]\n"
    return json.dumps(content, indent=1) + "\n"


def _csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
