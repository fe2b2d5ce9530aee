"""An open-weight model that can be looked into: what it is, and how one is loaded."""

import contextlib
import copy
import dataclasses
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from ...common.nearest import there_are
from .._errors import InterpError
from .._names import Dtype
from .network import fingerprints, likely_cause, text_config, twin_of
from .parts import Parts, find_parts
from .plain import DTYPES, Plain, Wanted, load_plain, quiet
from .resolve import ModelSource, resolve_model
from .weights import check_finite

PARITY_TOLERANCE = 5e-5


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
    - `fingerprint`: a digest of the weights, for files that belong to this model;
      `rounded_fingerprint`: of the weights rounded to bfloat16, the same in both number formats.
    - `quantisation`: of the file that the weights were dequantised from, such as `Q4_1`;
      `adapter_base`: the model that a PEFT adapter was merged onto. None where neither was.
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
    rounded_fingerprint: str = ""
    quantisation: str | None = None
    adapter_base: str | None = None

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

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Token ids of a text, with whatever the tokenizer itself puts before it (unless `special`
        is False).

        **Raises** `InterpError` for a text that the tokenizer cannot say, and for a token that the
        network has no embedding for.
        """
        try:
            tokens = list(self.tokenizer(text, add_special_tokens=special)["input_ids"])
        except Exception as error:
            # The library of tokenizers raises bare exceptions, about this text.
            reason = " ".join(str(error).split())[:120]
            raise InterpError(
                f"the tokenizer of {self.name} cannot say {text[:80]!r} ({reason})"
            ) from None
        known = self.network.get_input_embeddings().weight.shape[0]
        strange = next((token for token in tokens if not 0 <= token < known), None)
        if strange is not None:
            raise InterpError(
                f"the tokenizer of {self.name} says token {strange} "
                f"({self.tokenizer.convert_ids_to_tokens(strange)!r}) in {text[:80]!r}, and the "
                f"network embeds 0 to {known - 1}: tokenizer and weights are not of one model, or "
                "tokens were added without training"
            )
        return tokens

    def decode(self, tokens: Sequence[int] | torch.Tensor) -> str:
        """The text of token ids, special tokens left out."""
        return self.tokenizer.decode(tokens, skip_special_tokens=True)

    def __repr__(self) -> str:
        made = f", dequantised from {self.quantisation}" if self.quantisation else ""
        made += f", adapter merged onto {self.adapter_base}" if self.adapter_base else ""
        return (
            f"Model({self.name!r}, {self.architecture}, {self.n_layers} layers x {self.n_heads} "
            f"heads, width {self.d_model}, {str(self.dtype).removeprefix('torch.')} on "
            f"{self.device}, parity {self.parity:.1e}{made})"
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

    - `name`: a hub id, a local folder in HuggingFace layout, a `.gguf` file (or a folder with one,
      or `package:NAME`, an installed package with one), a PEFT adapter's folder, `organism:NAME`.
    - `revision`: commit, tag or branch on the hub; say it in whatever you report.
    - `dtype`: `float32`, `bfloat16` or `float16`. Attribution and steering are exact in float32.
    - `device`: such as `cpu` or `cuda:0`; by default a GPU where there is one.
    - `offline`: use what is on this disk only (as the variable `HF_HUB_OFFLINE` says).
    - `trust_remote_code`: run Python that comes with the checkpoint. Off by default.
    - `allow_pickle`: read weights that are not safetensors. Pickle runs code on loading: a warning
      says so.

    **Raises** `InterpError` for what is not there, not readable, no causal language model, unknown
    to TransformerLens, too large for the memory, or has weights that are no numbers. **Warns**
    (`UserWarning`) where bridge and network differ by more than 5e-5 of the largest logit (or of 1)
    in float32.

    **Limits**: decoders built of attention blocks. A GGUF is dequantised, once, into the user's
    cache; an adapter is merged; weights quantised by bitsandbytes, GPTQ or AWQ are not read.

    ```pycon
    >>> from nullcline import interp
    >>> model = interp.load_model("organism:deep-10")
    >>> model.n_layers, model.n_heads
    (4, 1)

    ```
    """
    source = resolve_model(name)
    if dtype not in DTYPES:
        raise InterpError(f"dtype {dtype!r} is not known; {there_are(dtype, DTYPES)}")
    if allow_pickle:
        warnings.warn(f"{name}: pickled weights run code when they are read", stacklevel=2)
    wanted = Wanted(
        revision=revision,
        dtype=dtype,
        device=_device(device),
        offline=offline,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    with quiet(), _one_thread():
        plain = load_plain(source, wanted)
        return _model_of(plain, name=name, revision=_revision(plain, revision), source=source)


def build_model(
    network: Any,
    tokenizer: Any,
    *,
    name: str = "network",
    revision: str | None = None,
) -> Model:
    """The `Model` of a HuggingFace network that is in memory already.

    **Raises** `InterpError` where TransformerLens does not know the architecture, and where a
    weight is NaN or infinite.
    """
    return _model_of(Plain(network, tokenizer), name=name, revision=revision, source=None)


def _model_of(
    plain: Plain, *, name: str, revision: str | None, source: ModelSource | None
) -> Model:
    from transformer_lens.model_bridge import TransformerBridge

    network, tokenizer = plain.network, plain.tokenizer
    network.eval()
    network.requires_grad_(False)
    check_finite(network, name)
    device = next(network.parameters()).device
    twin = twin_of(network)
    own = tokenizer
    if "name_or_path" not in tokenizer.init_kwargs:
        # TransformerLens would read it again to make it prepend a token; it lies nowhere.
        own = copy.deepcopy(tokenizer)
        own.init_kwargs |= {"name_or_path": name, "add_bos_token": True}
    vocabulary = text_config(network.config).vocab_size
    generator = torch.Generator().manual_seed(0)
    length = min(16, int(getattr(text_config(network.config), "max_position_embeddings", 16)))
    tokens = torch.randint(0, vocabulary, (2, length), generator=generator).to(device)
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
        own_logits = network(tokens, use_cache=False).logits.float()
    parity = float((own_logits - bridged).abs().max())
    exact = next(network.parameters()).dtype == torch.float32
    # Rounding grows with what is rounded: thirty layers whose logits reach 35 differ by 5e-5.
    allowed = PARITY_TOLERANCE * max(1.0, float(own_logits.abs().max()))
    if exact and not parity <= allowed:
        warnings.warn(
            f"{name}: TransformerLens' logits differ by {parity:.1e} from the plain network's "
            f"(more than {allowed:.0e}); likely cause: {likely_cause(network)}. What runs "
            "on the plain network is not affected.",
            stacklevel=3,
        )
    digests = fingerprints(network)
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
        fingerprint=digests.exact,
        rounded_fingerprint=digests.rounded,
        quantisation=plain.quantisation,
        adapter_base=plain.adapter_base,
    )


def _revision(plain: Plain, requested: str | None) -> str | None:
    return getattr(plain.network.config, "_commit_hash", None) or requested


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
def _one_thread() -> Iterator[None]:
    """The few tokens that loading reads are limited by memory: more threads would wait, busily."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def organism_file(model: Model, name: str) -> Path | None:
    """A file of the ground truth that an organism brings along, None for other models."""
    if model.folder is None or not (model.folder / "organism.json").is_file():
        return None
    path = model.folder / name
    return path if path.is_file() else None
