"""A truth vector in the formats of other tools."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from .._errors import InterpError
from .._models.model import Model
from .files.own import METADATA
from .hook_point import module_name
from .saving import saving
from .vector import TruthVector, check_fits, metadata_of


def export_vector(model: Model, vector: TruthVector, path: Path | str) -> None:
    """Write a vector for another tool, which the file's ending names.

    - `.gguf`: a control vector for llama.cpp (`--control-vector`, scale 1) and repeng. Tensor
      `direction.N` is added after layer N, counted from 0 as in both; llama.cpp has none at 0.
    - `.pt`: the file of lm-evaluation-harness' `--model steered` (`steer_path=`).
    - `.json`: the numbers, with where they are added, for anything else.

    A vector of several layers has an entry for each. One of single heads says what it comes to in
    the stream, which is the same; the JSON has what is added to each head too, with its
    `head_index`. Each file carries the vector's own metadata, so that `read_vector` gives back the
    same vector (but for the parts of heads in GGUF and .pt).

    **Raises** `InterpError` for another ending, where the other tool has no way to say it (a
    condition, single positions, a site inside the block, layer 0 in GGUF), and where the file
    cannot be written.
    """
    writers: dict[str, Callable[[Model, TruthVector, Path], None]] = {
        ".gguf": _gguf,
        ".pt": _lm_eval,
        ".json": _json,
    }
    path = Path(path)
    if path.suffix not in writers:
        raise InterpError(f"{path} ends in none of {', '.join(writers)}, which name the format")
    check_fits(model, vector)
    if path.suffix != ".json" and (vector.condition is not None or vector.positions != "all"):
        raise InterpError(
            f"a {path.suffix} file adds a vector at all positions, and this one is added at some "
            "only; find one with where='everywhere'"
        )
    with saving(path) as temporary:
        writers[path.suffix](model, vector, temporary)


def _gguf(model: Model, vector: TruthVector, path: Path) -> None:
    additions = vector.additions()
    if any(point.site != "block" for point in additions):
        raise InterpError("gguf adds a vector after a whole layer; find one with sites=['block']")
    if any(point.layer == 0 for point in additions):
        raise InterpError("llama.cpp adds no vector after layer 0; find one with layers=[1, …]")
    try:
        from gguf import GGUFWriter
    except ImportError:
        raise InterpError("writing gguf needs gguf; pip install 'nullcline[export]'") from None
    writer = GGUFWriter(path, "controlvector")
    writer.add_string("controlvector.model_hint", str(model.network.config.model_type))
    writer.add_uint32("controlvector.layer_count", model.n_layers)
    writer.add_string(METADATA, json.dumps(metadata_of(vector)))
    for point, addition in additions.items():
        writer.add_tensor(f"direction.{point.layer}", addition.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _lm_eval(model: Model, vector: TruthVector, path: Path) -> None:
    entries: dict[str, dict[str, object]] = {
        module_name(model, point): {
            "steering_vector": addition.clone(),
            "steering_coefficient": 1.0,
            "action": "add",
            "bias": None,
            # The harness adds to a head where a module puts heads out side by side, which none of
            # these networks' modules does.
            "head_index": None,
        }
        for point, addition in vector.additions().items()
    }
    # Which the harness does not look at.
    next(iter(entries.values()))[METADATA] = json.dumps(metadata_of(vector))
    torch.save(entries, path)


def _json(model: Model, vector: TruthVector, path: Path) -> None:
    condition = vector.condition
    content = {
        "format": "nullcline steering 1",
        "model": vector.model,
        "revision": vector.revision,
        "fingerprint": vector.fingerprint,
        "layer": vector.hook_point.layer,
        "site": vector.hook_point.site,
        "module": module_name(model, vector.hook_point),
        "positions": str(vector.positions),
        "strength": vector.strength,
        "strength_unit": vector.strength_unit,
        "norm": vector.norm,
        "method": vector.method,
        "contrast": vector.contrast,
        "addition": vector.addition().tolist(),
        "also": [
            {
                "layer": point.layer,
                "site": point.site,
                "module": module_name(model, point),
                "addition": addition.tolist(),
            }
            for point, addition in list(vector.additions().items())[1:]
        ],
        "heads": [
            {
                "layer": layer,
                "head_index": head,
                "addition": (vector.strength * vector.norm * value).tolist(),
            }
            for (layer, head), value in vector.heads.items()
        ],
        "condition": None
        if condition is None
        else {"weight": condition.weight.tolist(), "threshold": condition.threshold},
        METADATA: metadata_of(vector),
    }
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
