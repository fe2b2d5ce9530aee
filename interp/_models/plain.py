"""A plain network and its tokenizer, by transformers alone, or one line that says why not."""

import contextlib
import dataclasses
import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ...common.nearest import nearest
from .._errors import InterpError
from .._names import Dtype
from .adapter import check_adapter, merged, without_adapter
from .gguf import unpack_gguf
from .resolve import (
    ADAPTER,
    ORGANISM_PREFIX,
    TOKENIZER_FILES,
    ModelSource,
    check_causal,
    hub_answers,
    is_offline,
    organism_names,
    read_json,
)
from .weights import check_size, check_weights

DTYPES: dict[Dtype, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """How a model is to be loaded; see `load_model`."""

    revision: str | None
    dtype: Dtype
    device: str
    offline: bool
    trust_remote_code: bool
    allow_pickle: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Plain:
    """A network with its tokenizer, and what was done to get it: the `quantisation` that was
    undone, the `adapter_base` onto whose weights an adapter was merged."""

    network: Any
    tokenizer: Any
    quantisation: str | None = None
    adapter_base: str | None = None


def load_plain(source: ModelSource, wanted: Wanted) -> Plain:
    """Load a source. **Raises** `InterpError`, one line; `ImportError` names an extra that is not
    installed."""
    quantisation = None
    if source.adapter is not None:
        check_adapter(source.adapter, allow_pickle=wanted.allow_pickle)
    if source.gguf is not None:
        unpacked = unpack_gguf(
            source.gguf,
            dtype=wanted.dtype,
            torch_dtype=DTYPES[wanted.dtype],
            name=source.name,
        )
        quantisation = unpacked.quantisation
        source = dataclasses.replace(source, folder=unpacked.folder)
    if source.folder is not None and not wanted.allow_pickle:
        weights = check_weights(source.folder)
        check_size(weights, dtype=wanted.dtype, device=wanted.device, name=source.name)
    if source.adapter is None or source.adapter != source.folder:
        plain = _read(source, source.folder, wanted)
    else:
        with without_adapter(source.adapter) as alone:
            plain = _read(source, alone, wanted)
    if source.adapter is not None:
        # Merged where the weights are: their sum is rounded to the format that was asked for.
        network = merged(plain.network, source.adapter)
        base = read_json(source.adapter / ADAPTER).get("base_model_name_or_path") or source.folder
        plain = dataclasses.replace(plain, network=network, adapter_base=str(base))
    return dataclasses.replace(
        plain, network=plain.network.to(wanted.device), quantisation=quantisation
    )


def _read(source: ModelSource, folder: Path | None, wanted: Wanted) -> Plain:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    offline = folder is not None or is_offline(wanted.offline) or not hub_answers()
    path_or_id = str(folder or source.hub)
    shared: dict[str, Any] = {
        "revision": wanted.revision,
        "local_files_only": offline,
        "trust_remote_code": wanted.trust_remote_code,
    }
    words = source.adapter if _has_tokenizer(source.adapter) else path_or_id
    try:
        config = AutoConfig.from_pretrained(path_or_id, **shared)
        check_causal(config.to_dict(), source.name)
        if folder is None and not offline and not wanted.allow_pickle:
            size = _hub_size(path_or_id, wanted.revision)
            check_size(size, dtype=wanted.dtype, device=wanted.device, name=source.name)
        tokenizer = AutoTokenizer.from_pretrained(str(words), **shared)
        network: Any = AutoModelForCausalLM.from_pretrained(
            path_or_id,
            dtype=DTYPES[wanted.dtype],
            use_safetensors=not wanted.allow_pickle,
            **shared,
        )
    except InterpError:
        raise
    except Exception as error:
        # Whatever the loaders raise (OSError, ValueError, ImportError, SafetensorError, the hub's
        # own errors) is about this model: one line of it, with what would help.
        raise InterpError(_explain(source, error, offline=offline)) from None
    if getattr(network, "_hf_peft_config_loaded", False):
        raise InterpError(
            f"{source.name} comes with a PEFT adapter; download it to a folder and give that: "
            "there it is merged"
        )
    return Plain(network, tokenizer)


def _has_tokenizer(folder: Path | None) -> bool:
    return folder is not None and any((folder / name).is_file() for name in TOKENIZER_FILES)


def _explain(source: ModelSource, error: Exception, *, offline: bool) -> str:
    reason = " ".join(str(error).split())
    if "trust_remote_code" in reason:
        return (
            f"{source.name} comes with its own Python code, which is not run unless you ask for it "
            "(trust_remote_code=True)"
        )
    if source.folder is not None:
        return f"{source.folder} cannot be loaded: {reason[:300]}"
    cache = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    wanted = f"no model {source.hub!r}"
    if near := nearest(str(source.hub), organism_names(), most=1):
        wanted += f" (nearest: {ORGANISM_PREFIX}{near[0]})"
    if source.adapter is not None:
        wanted = f"{source.adapter} is an adapter on {source.hub!r}: no such model"
    if offline:
        return (
            f"{wanted} on this disk (looked in {cache}), and the hub is not asked "
            "(offline=True or HF_HUB_OFFLINE) or does not answer; give a folder, organism:NAME, or "
            "point HF_HOME to a cache that has it"
        )
    return (
        f"{wanted}: no folder of that name, and the hub does not give it "
        f"({reason[:160]}); give a folder, organism:NAME, or HF_HOME with a cache that has it"
    )


def _hub_size(hub: str, revision: str | None) -> int | None:
    """Parameters of a model on the hub, None where the hub does not say."""
    from huggingface_hub import get_safetensors_metadata

    try:
        return sum(get_safetensors_metadata(hub, revision=revision).parameter_count.values())
    except Exception:
        # Not knowing the size is no reason to refuse: loading itself will say what is wrong.
        return None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep loaders from talking: stdout and stderr belong to the command."""
    os.environ.setdefault("WANDB_MODE", "disabled")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with warnings.catch_warnings():
        # In a notebook without ipywidgets tqdm warns of plain bars, which are not shown anyway.
        warnings.filterwarnings("ignore", message="IProgress not found")
        import transformers

    transformers.utils.logging.disable_progress_bar()
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        # transformers' bar for GGUF files is tqdm's own: it goes to stderr whatever it was told.
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings(
                "ignore", module=r"(transformers|transformer_lens|torch|huggingface_hub|peft)"
            )
            yield
    finally:
        logging.disable(before)
        transformers.utils.logging.enable_progress_bar()
