"""Looking at weight files before loading them: safetensors only, whole, and small enough."""

from pathlib import Path

import psutil
import torch
from safetensors import SafetensorError, safe_open

from .._errors import InterpError
from .._names import Dtype

BYTES: dict[Dtype, int] = {"float32": 4, "bfloat16": 2, "float16": 2}
# Loading holds little more than the weights; the forward pass of a small batch needs some room.
HEADROOM = 1.2


def check_weights(folder: Path) -> int:
    """Number of weights in a folder's safetensors files.

    **Raises** `InterpError` for a folder without safetensors (pickled weights run code when they
    are read) and for a file that is cut or corrupt.
    """
    files = sorted(folder.glob("*.safetensors"))
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


def check_size(weights: int | None, *, dtype: Dtype, device: str, name: str) -> None:
    """Refuse a model that cannot fit, before it is loaded.

    **Raises** `InterpError` with the bytes needed and the bytes free.
    """
    if weights is None:
        return
    needed = weights * BYTES[dtype] * HEADROOM
    if device.startswith("cuda"):
        free = torch.cuda.mem_get_info(device)[0]
    else:
        free = psutil.virtual_memory().available
    if needed > free:
        smaller = " (or dtype='bfloat16')" if dtype == "float32" else ""
        raise InterpError(
            f"{name} has {weights / 1e9:.2f}e9 weights and needs {needed / 2**30:.1f} GiB in "
            f"{dtype}; {free / 2**30:.1f} GiB are free on {device}. Take a smaller model{smaller}"
        )
