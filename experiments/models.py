"""The model that settings name, loaded with a line on stderr."""

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from .schemas import ModelChoice

if TYPE_CHECKING:
    from .. import interp

_SMALL = 2_000_000


def load_model(chosen: ModelChoice) -> "interp.Model":
    """`interp.load_model`, with warnings and the measured parity as single lines on stderr."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from .. import interp

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model = interp.load_model(
            chosen.name,
            revision=chosen.revision,
            dtype=chosen.dtype,
            device=chosen.device,
            offline=chosen.offline,
            trust_remote_code=chosen.trust_remote_code,
            allow_pickle=chosen.allow_pickle,
        )
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    print(model, file=sys.stderr)
    _use_few_threads(model)
    return model


def short_name(model: str) -> str:
    """A folder's or a file's own name: where it lies is nobody's business elsewhere."""
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve().name
    return path.stem if path.is_file() else model


def _use_few_threads(model: "interp.Model") -> None:
    """One thread for a small network: handing its small products around takes longer than they."""
    import torch

    if sum(weight.numel() for weight in model.network.parameters()) < _SMALL:
        torch.set_num_threads(1)
