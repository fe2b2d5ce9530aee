"""Which model a run was of: hub names, local folders, adapters, revisions and checkpoints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from types import MappingProxyType

from ..model_names import sizes_in_name

# Folders that say what a model's files are, not which model it is.
_NAMELESS = re.compile(
    r"hf|hf[-_]?(model|checkpoint)s?|huggingface|models?|weights?|final|final[-_]?model|last|latest|"
    r"best|merged|main|outputs?|out|results?|ckpts?|checkpoints?|safetensors|pytorch|converted|"
    r"snapshots|hub|[0-9a-f]{40}|epoch[-_]?[0-9]+|[0-9]+",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?:^|[^a-z])(?:global[-_]?step|step|checkpoint|ckpt|iter(?:ation)?)[-_]?([0-9]{1,15})(?![0-9])",
    re.IGNORECASE,
)
# A step at the end of a name that has its size before it: `elm-1b-step1000`.
_STEP_AT_END = re.compile(
    r"[-_.](?:global[-_]?step|step|checkpoint|ckpt|iter)[-_]?([0-9]{2,15})$", re.IGNORECASE
)
_HUB_CACHE = "models--"
_MAIN = frozenset({"", "main", "none", "null", "master", "default"})
# Keys of `model_args` that name the model itself, in the order in which they are believed.
_NAME_ARGUMENTS = ("pretrained", "model", "model_name", "model_path", "path", "engine")
_ADAPTERS = ("peft", "delta", "lora_local_path", "adapter_weights_path", "delta_weights_path")
_NO = frozenset({"", "false", "none", "null", "0"})
_QUANTISED = MappingProxyType(
    {
        "load_in_4bit": "4-bit",
        "load_in_8bit": "8-bit",
        "autogptq": "GPTQ",
        "gptq": "GPTQ",
        "gptqmodel": "GPTQ",
        "quantization": "",
        "quantization_config": "quantised",
        "gguf_file": "GGUF",
    }
)
# Data types that are quantisations.
_FEW_BITS = re.compile(
    r"([248])[-_ ]?bits?|u?int[248]|(float|fp)[48]\w*|nf4|w[48]a(8|16)|gptq|awq|gguf|hqq|bnb", re.I
)


@dataclass(frozen=True)
class ModelIdentity:
    """A model as a run names it.

    - `name`: for people: the hub's name, or of a local path the part that tells the most.
    - `key`: equal for equal models only; of a local path, all of it.
    - `parts`: of a local path, for the size and the family; else the name alone.
    - `revision`: of the weights, empty for the default one. `step`: of training, where the
      revision or the path says it, else NaN.
    - `adapter`: what was put onto the model, empty for the model itself.
    - `params`: as the harness counted them, else NaN.
    """

    name: str
    key: str
    parts: tuple[str, ...]
    revision: str = ""
    step: float = nan
    adapter: str = ""
    params: float = nan

    @property
    def is_final(self) -> bool:
        """Whether these are the weights that the model's name alone stands for."""
        return not self.revision


def identify(
    stated: str, *, revision: str = "", adapter: str = "", params: float = nan
) -> ModelIdentity:
    """The model that a run calls `stated`.

    A path is local if it begins like one, has two slashes, or ends in a folder such as `hf` or
    `checkpoint-14000`. A step of training in it is a revision of the model in the folder above.
    """
    revision = "" if revision.strip().casefold() in _MAIN else revision.strip()
    parts, of_path = _without_step(_parts(stated))
    revision = revision or of_path
    name = _telling_part(parts) if len(parts) > 1 else (parts or (stated,))[0]
    adapter = _telling_part(_parts(adapter)).rpartition("/")[2] if adapter else ""
    whole = "/".join(parts).casefold()
    key = f"{whole}+{adapter.casefold()}" if adapter else whole
    shown = f"{name}+{adapter}" if adapter else name
    step = step_in(revision)
    return ModelIdentity(shown, key, parts or (stated,), revision, step, adapter, params)


def step_in(text: str) -> float:
    """The step of training that a revision or a folder's name states, else NaN."""
    match = _STEP.search(text)
    return float(match[1]) if match else nan


def named_by(arguments: Mapping[str, str]) -> str:
    """The model that a harness's `model_args` name, else empty."""
    return next((name for key in _NAME_ARGUMENTS if (name := _said(arguments, key))), "")


def adapter_in(arguments: Mapping[str, str]) -> str:
    """The adapter that a harness's `model_args` put onto the model, else empty."""
    return next((name for key in _ADAPTERS if (name := _said(arguments, key))), "")


def _said(arguments: Mapping[str, str], key: str) -> str:
    """An argument, empty where it is there to say no."""
    value = arguments.get(key, "").strip()
    return "" if value.casefold() in _NO else value


def quantised_by(arguments: Mapping[str, str]) -> str:
    """How `model_args` quantise the model, empty where they do not."""
    for key, title in _QUANTISED.items():
        if value := _said(arguments, key):
            return title or value.upper()
    return quantised_dtype(arguments.get("dtype", ""))


def quantised_dtype(dtype: str) -> str:
    """A data type as the name of a quantisation, empty for 16 bits and more."""
    plain = dtype.strip().removeprefix("torch.")
    match = _FEW_BITS.fullmatch(plain)
    if match is None:
        return ""
    return f"{match[1]}-bit" if match[1] else plain


def plain_dtype(dtype: str) -> str:
    """`torch.bfloat16` as `bfloat16`; empty for `auto`."""
    plain = dtype.strip().removeprefix("torch.")
    return "" if plain.casefold() in ("auto", "none", "null") else plain


def _parts(stated: str) -> tuple[str, ...]:
    """The folders of a local path, cleared of the hub's cache; a hub name is one part."""
    cleaned = stated.strip().replace("\\", "/").rstrip("/")
    parts = [part for part in cleaned.split("/") if part not in ("", ".", "..", "~")]
    cached = [i for i, part in enumerate(parts) if part.startswith(_HUB_CACHE)]
    if cached:  # .../models--acme--elm-1b/snapshots/<hash>
        return (parts[cached[-1]].removeprefix(_HUB_CACHE).replace("--", "/"),)
    is_local = cleaned.startswith(("/", ".", "~")) or len(parts) > 2 or cleaned[1:3] == ":/"
    if is_local or (len(parts) == 2 and is_nameless(parts[-1])):
        return tuple(parts)
    return (cleaned,) if cleaned else ()


def _without_step(parts: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The parts without the step of training, and the step as it is written, empty for none.

    It is a folder of its own (`checkpoint-14000`, `step1000/hf`) or ends the last name.
    """
    for i in range(len(parts) - 1, 0, -1):
        if _STEP.match(parts[i]):
            return parts[:i] + parts[i + 1 :], parts[i]
        if not is_nameless(parts[i]):
            break
    if parts and (match := _STEP_AT_END.search(parts[-1])):
        name = parts[-1][: match.start()]
        if not isnan(sizes_in_name(name).total):
            return (*parts[:-1], name), parts[-1][match.start() + 1 :]
    return parts, ""


def is_nameless(part: str) -> bool:
    """Whether a folder's name says nothing about which model lies in it."""
    return bool(_NAMELESS.fullmatch(part) or _STEP.match(part))


def _telling_part(parts: tuple[str, ...]) -> str:
    """The part of a path that tells the most: the last with a size, else the last with a name."""
    telling = [part for part in parts if not is_nameless(part)] or list(parts)
    sized = [part for part in telling if not isnan(sizes_in_name(part).total)]
    return (sized or telling or [""])[-1]
