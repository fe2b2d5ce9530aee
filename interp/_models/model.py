"""Loading an open-weight model: the only importer of transformer_lens and transformers."""

import contextlib
import copy
import dataclasses
import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from .._errors import InterpError
from .._names import Dtype
from .network import fingerprint, likely_cause, text_config, twin_of
from .parts import Parts, find_parts
from .resolve import Source, check_causal, hub_answers, is_offline, resolve
from .weights import check_size, check_weights

PARITY_TOLERANCE = 5e-5
DTYPES: dict[Dtype, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclasses.dataclass(frozen=True, eq=False)
class Model:
    """A causal language model that can be looked into. Make it with `load_model`.

    - `name`, `revision`: as given to `load_model`; `folder` where it lies on this disk (None: hub).
    - `architecture`: name of the class, such as `GPTNeoXForCausalLM`.
    - `network`: the plain HuggingFace network, in evaluation mode. Everything here runs on it.
    - `bridge`: the same weights (shared, not copied) as a TransformerLens `TransformerBridge`, for
      whatever TransformerLens can do. Its compatibility mode changes weights in place: use it on a
      model that you load for that.
    - `tokenizer`: the model's own.
    - `parts`: where attention, MLPs, norms and unembedding are.
    - `parity`: largest difference between the logits of bridge and network on a fixed text.
    - `fingerprint`: a digest of configuration and weights, for files that belong to this model.
    """

    name: str
    revision: str | None
    folder: Path | None
    architecture: str
    network: Any
    bridge: Any
    tokenizer: Any
    parts: Parts
    parity: float
    fingerprint: str

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return len(self.parts.layers)

    @property
    def n_heads(self) -> int:
        """Number of attention heads per block."""
        return text_config(self.network.config).num_attention_heads

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self._unembedding_shape[1]

    @property
    def d_vocab(self) -> int:
        """Number of tokens that the unembedding knows."""
        return self._unembedding_shape[0]

    @property
    def _unembedding_shape(self) -> tuple[int, int]:
        vocabulary, width = self.network.get_output_embeddings().weight.shape
        return vocabulary, width

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the weights."""
        return next(self.network.parameters()).dtype

    @property
    def context(self) -> int:
        """Longest text in tokens that the model was made for (a large number where unknown)."""
        return int(getattr(text_config(self.network.config), "max_position_embeddings", 1 << 20))

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, with whatever the tokenizer itself puts before it."""
        return list(self.tokenizer(text)["input_ids"])

    def decode(self, tokens: Sequence[int] | torch.Tensor) -> str:
        """The text of token ids, special tokens left out."""
        return self.tokenizer.decode(tokens, skip_special_tokens=True)

    def __repr__(self) -> str:
        return (
            f"Model({self.name!r}, {self.architecture}, {self.n_layers} layers x {self.n_heads} "
            f"heads, width {self.d_model}, {str(self.dtype).removeprefix('torch.')} on "
            f"{self.device}, parity {self.parity:.1e})"
        )


def load_model(
    name: str,
    *,
    revision: str | None = None,
    dtype: Dtype = "float32",
    device: str | None = None,
    offline: bool = False,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> Model:
    """Load a causal language model.

    **Arguments**

    - `name`: a hub id, a local folder in HuggingFace layout, or `organism:NAME`.
    - `revision`: commit, tag or branch on the hub; say it in whatever you report.
    - `dtype`: `float32`, `bfloat16` or `float16`. Attribution and steering are exact in float32.
    - `device`: such as `cpu` or `cuda:0`; by default a GPU where there is one.
    - `offline`: use what is on this disk only (as the variable `HF_HUB_OFFLINE` says).
    - `trust_remote_code`: run Python that comes with the checkpoint. Off by default.
    - `allow_pickle`: read weights that are not safetensors. Pickle runs code on loading: a warning
      says so.

    **Raises** `InterpError` for what is not there, not readable, no causal language model, unknown
    to TransformerLens, or too large for the memory. **Warns** (`UserWarning`) where bridge and
    network differ by more than 5e-5 in float32.

    **Limits**: decoders built of attention blocks; quantised weights are not read.
    """
    source = resolve(name)
    if dtype not in DTYPES:
        raise InterpError(f"dtype {dtype!r} is not known; there are {', '.join(DTYPES)}")
    target = _device(device)
    if allow_pickle:
        warnings.warn(f"{name}: pickled weights run code when they are read", stacklevel=2)
    if source.folder is not None and not allow_pickle:
        size = check_weights(source.folder)
        check_size(size, dtype=dtype, device=target, name=name)
    offline = source.folder is not None or is_offline(offline) or not hub_answers()
    with _quiet():
        network, tokenizer = _load_plain(
            source,
            revision=revision,
            dtype=dtype,
            device=target,
            offline=offline,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
        )
        return build_model(
            network, tokenizer, name=name, revision=_revision(network, revision), source=source
        )


def build_model(
    network: Any,
    tokenizer: Any,
    *,
    name: str = "network",
    revision: str | None = None,
    source: Source | None = None,
) -> Model:
    """The `Model` of a HuggingFace network that is in memory already.

    **Raises** `InterpError` where TransformerLens does not know the architecture.
    """
    from transformer_lens.model_bridge import TransformerBridge

    network.eval()
    network.requires_grad_(False)
    device = next(network.parameters()).device
    twin = twin_of(network)
    own = tokenizer
    if "name_or_path" not in tokenizer.init_kwargs:
        # TransformerLens would read it again to make it prepend a token; it lies nowhere.
        own = copy.deepcopy(tokenizer)
        own.init_kwargs |= {"name_or_path": name, "add_bos_token": True}
    vocabulary = text_config(network.config).vocab_size
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, vocabulary, (2, 16), generator=generator).to(device)
    try:
        bridge = TransformerBridge.boot_transformers(
            name, hf_model=twin, tokenizer=own, device=str(device)
        )
        with torch.no_grad():
            bridged = bridge(tokens).float()
    except (ValueError, KeyError, AttributeError, NotImplementedError, RuntimeError) as error:
        reason = str(error).partition(" Available architectures")[0]
        raise InterpError(
            f"{name}: TransformerLens does not read {type(network).__name__}: {reason}"
        ) from None
    with torch.no_grad():
        plain = network(tokens, use_cache=False).logits.float()
    parity = float((plain - bridged).abs().max())
    exact = next(network.parameters()).dtype == torch.float32
    if exact and not parity <= PARITY_TOLERANCE:
        warnings.warn(
            f"{name}: TransformerLens' logits differ by {parity:.1e} from the plain network's "
            f"(more than {PARITY_TOLERANCE:.0e}); likely cause: {likely_cause(network)}. What runs "
            "on the plain network is not affected.",
            stacklevel=3,
        )
    return Model(
        name=name,
        revision=revision,
        folder=None if source is None else source.folder,
        architecture=type(network).__name__,
        network=network,
        bridge=bridge,
        tokenizer=tokenizer,
        parts=find_parts(network, bridge.adapter.component_mapping or {}, tokens[:1, :4]),
        parity=parity,
        fingerprint=fingerprint(network),
    )


def _load_plain(
    source: Source,
    *,
    revision: str | None,
    dtype: Dtype,
    device: str,
    offline: bool,
    trust_remote_code: bool,
    allow_pickle: bool,
) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    path_or_id = str(source.folder or source.hub)
    shared: dict[str, Any] = {
        "revision": revision,
        "local_files_only": offline,
        "trust_remote_code": trust_remote_code,
    }
    try:
        config = AutoConfig.from_pretrained(path_or_id, **shared)
        check_causal(config.to_dict(), source.name)
        if source.hub is not None and not offline and not allow_pickle:
            check_size(
                _hub_size(source.hub, revision), dtype=dtype, device=device, name=source.name
            )
        tokenizer = AutoTokenizer.from_pretrained(path_or_id, **shared)
        network: Any = AutoModelForCausalLM.from_pretrained(
            path_or_id, dtype=DTYPES[dtype], use_safetensors=not allow_pickle, **shared
        )
    except InterpError:
        raise
    except Exception as error:
        # Whatever the loaders raise (OSError, ValueError, ImportError, SafetensorError, the hub's
        # own errors) is about this model: one line of it, with what would help.
        raise InterpError(_explain(source, error, offline=offline)) from None
    return network.to(device), tokenizer


def _explain(source: Source, error: Exception, *, offline: bool) -> str:
    reason = " ".join(str(error).split())
    if source.folder is not None:
        return f"{source.folder} cannot be loaded: {reason[:300]}"
    cache = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    if "trust_remote_code" in reason:
        return (
            f"{source.name} comes with its own Python code, which is not run unless you ask for it "
            "(trust_remote_code=True)"
        )
    if offline:
        return (
            f"no model {source.name!r} on this disk (looked in {cache}), and the hub is not asked "
            "(offline=True or HF_HUB_OFFLINE) or does not answer; give a folder, organism:NAME, or "
            "point HF_HOME to a cache that has it"
        )
    return (
        f"no model {source.name!r}: no folder of that name, and the hub does not give it "
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


def _revision(network: Any, requested: str | None) -> str | None:
    return getattr(network.config, "_commit_hash", None) or requested


def _device(device: str | None) -> str:
    if device is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InterpError(f"device {device!r} cannot be used: {reason}") from None
    return device


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep loaders from talking: stdout and stderr belong to the command."""
    os.environ.setdefault("WANDB_MODE", "disabled")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import transformers

    transformers.utils.logging.disable_progress_bar()
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", module=r"(transformers|transformer_lens|torch|huggingface_hub)"
            )
            yield
    finally:
        logging.disable(before)
        transformers.utils.logging.enable_progress_bar()


def organism_file(model: Model, name: str) -> Path | None:
    """A file of the ground truth that an organism brings along, None for other models."""
    if model.folder is None or not (model.folder / "organism.json").is_file():
        return None
    path = model.folder / name
    return path if path.is_file() else None
