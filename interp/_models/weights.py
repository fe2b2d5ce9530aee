"""Looking at weight files before loading them: safetensors only, whole, and small enough."""

from pathlib import Path

import psutil
import torch
from safetensors import SafetensorError, safe_open

from .._errors import InterpError
from .._names import Dtype
from .resolve import read_json

BYTES: dict[Dtype, int] = {"float32": 4, "bfloat16": 2, "float16": 2}
# Loading holds little more than the weights; the forward pass of a small batch needs some room.
HEADROOM = 1.2
CONTROL_GROUP = Path("/sys/fs/cgroup")


def check_weights(folder: Path) -> int:
    """Number of weights in a folder's safetensors files.

    **Raises** `InterpError` for a folder without safetensors (pickled weights run code when they
    are read) and for a file that is cut or corrupt.
    """
    files = _weight_files(folder)
    if not files:
        pickled = sorted(folder.glob("*.bin")) + sorted(folder.glob("*.pt"))
        present = f"only {pickled[0].name}, which is pickle" if pickled else "no weights at all"
        raise InterpError(
            f"{folder} has {present}; save it with save_pretrained(..., safe_serialization=True)"
        )
    total = 0
    for path in files:
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 - not a dict
                    count = 1
                    for length in file.get_slice(name).get_shape():
                        count *= length
                    total += count
        except (SafetensorError, OSError) as error:
            raise InterpError(
                f"{path} is no whole safetensors file ({error}); download or save it again"
            ) from None
    return total


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors that make up the model: those of its index, or `model.safetensors`, else all
    but copies in another layout (`consolidated`) and adapters."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = read_json(index).get("weight_map")
        if not isinstance(names, dict) or not names:
            raise InterpError(f"{index} names no files of weights; download it again")
        return [folder / name for name in sorted(set(map(str, names.values())))]
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    others = ("consolidated", "adapter_")
    return sorted(p for p in folder.glob("*.safetensors") if not p.name.startswith(others))


def check_size(weights: int | None, *, dtype: Dtype, device: str, name: str) -> None:
    """Refuse a model that cannot fit, before it is loaded.

    **Raises** `InterpError` with the bytes needed and the bytes free.
    """
    if weights is None:
        return
    needed = weights * BYTES[dtype] * HEADROOM
    # Weights are read into the memory of the machine first, wherever they go from there.
    places = {"the CPU": free_memory()}
    if device.startswith("cuda"):
        places[device] = torch.cuda.mem_get_info(device)[0]
    for place, free in places.items():
        if needed > free:
            smaller = " (or dtype='bfloat16')" if dtype == "float32" else ""
            raise InterpError(
                f"{name} has {weights / 1e9:.2f}e9 weights and needs {needed / 2**30:.1f} GiB in "
                f"{dtype}; {free / 2**30:.1f} GiB are free on {place}. Take a smaller "
                f"model{smaller}"
            )


def check_finite(network: torch.nn.Module, name: str) -> None:
    """Refuse weights that are NaN or infinite: whatever is computed with them is nothing.

    **Raises** `InterpError` that names the first of them.
    """
    for parameter, values in network.named_parameters():
        if values.numel() and not torch.stack(torch.aminmax(values.detach())).isfinite().all():
            narrow = " (or dtype='float32')" if values.dtype == torch.float16 else ""
            raise InterpError(
                f"{name}: {parameter} holds NaN or infinity, in {str(values.dtype)[6:]}: the "
                f"checkpoint is damaged, or its training failed; take another{narrow}"
            )


def free_memory() -> int:
    """Bytes that this process can still take: those of the machine, or what is left of its
    control group's limit (a container's) where that is less."""
    free = psutil.virtual_memory().available
    try:
        limit = (CONTROL_GROUP / "memory.max").read_text().strip()
        used = (CONTROL_GROUP / "memory.current").read_text().strip()
        return min(free, int(limit) - int(used)) if limit != "max" else free
    except (OSError, ValueError):
        return free  # no control groups of version 2 here
