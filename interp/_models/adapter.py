"""PEFT adapters (LoRA and its kin), merged onto the weights that they were trained on."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._errors import InterpError
from .resolve import ADAPTER

WEIGHTS = "adapter_model.safetensors"


def check_adapter(folder: Path, *, allow_pickle: bool) -> None:
    """Refuse an adapter without weights, and pickled ones unless they are allowed.

    **Raises** `ImportError` where `peft` is not installed.
    """
    import peft  # noqa: F401 - asked for before anything is loaded

    if (folder / WEIGHTS).is_file():
        return
    pickled = (folder / "adapter_model.bin").is_file()
    if not pickled or not allow_pickle:
        present = "only adapter_model.bin, which is pickle" if pickled else f"no {WEIGHTS}"
        raise InterpError(f"{folder} has {present}; save the adapter with peft's save_pretrained")


def merged(network: Any, adapter: Path) -> Any:
    """The network with the adapter's changes added to its weights.

    **Raises** `InterpError` for an adapter of another model, and for a kind that changes no weights
    (prompt and prefix tuning).
    """
    from peft import PeftModel

    try:
        return PeftModel.from_pretrained(network, str(adapter)).merge_and_unload(safe_merge=True)
    except Exception as error:
        # peft meets what does not fit with KeyError, RuntimeError, ValueError, AttributeError: all
        # of it is about this adapter.
        reason = " ".join(str(error).split())[:300]
        raise InterpError(
            f"{adapter / ADAPTER} cannot be merged onto {type(network).__name__} ({reason}); merge "
            "it where it was trained and give that folder"
        ) from None


@contextlib.contextmanager
def without_adapter(folder: Path) -> Iterator[Path]:
    """The same folder without its adapter, which transformers would attach by itself, unmerged."""
    with tempfile.TemporaryDirectory() as name:
        for path in folder.iterdir():
            if not path.name.startswith("adapter_"):
                (Path(name) / path.name).symlink_to(path.resolve())
        yield Path(name)
