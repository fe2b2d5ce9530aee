"""The arguments by which commands name a model, and loading it with a line on stderr."""

import argparse
import os
import sys
import warnings
from typing import Any

_SMALL = 2_000_000


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL and how it is to be loaded."""
    parser.add_argument("model", metavar="MODEL", help="a hub id, a local folder, or organism:NAME")
    parser.add_argument("--revision", help="commit, tag or branch on the hub")
    parser.add_argument("--dtype", default="float32", help="float32 (exact), bfloat16, float16")
    parser.add_argument("--device", help="cpu, cuda:0 (a GPU where there is one)")
    parser.add_argument("--offline", action="store_true", help="use what is on this disk only")
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="run Python that comes with the model"
    )
    parser.add_argument(
        "--allow-pickle", action="store_true", help="read weights that run code when read"
    )


def load_chosen(options: argparse.Namespace) -> Any:
    """Load the model that the options name, and say on stderr what was loaded."""
    return load_named(
        options.model,
        revision=options.revision,
        dtype=options.dtype,
        device=options.device,
        offline=options.offline,
        trust_remote_code=options.trust_remote_code,
        allow_pickle=options.allow_pickle,
    )


def load_settings(chosen: Any) -> Any:
    """The model that a job's settings (`schemas.Model`) name."""
    return load_named(
        chosen.name,
        revision=chosen.revision,
        dtype=chosen.dtype,
        device=chosen.device,
        offline=chosen.offline,
    )


def load_named(name: str, **how: Any) -> Any:
    """`interp.load_model`, with warnings and the measured parity as single lines on stderr."""
    interp = import_interp()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model = interp.load_model(name, **how)
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    print(model, file=sys.stderr)
    _use_few_threads(model)
    return model


def _use_few_threads(model: Any) -> None:
    """One thread for a small network: handing its small products around takes longer than they."""
    import torch

    if sum(weight.numel() for weight in model.network.parameters()) < _SMALL:
        torch.set_num_threads(1)


def import_interp() -> Any:
    """The package `interp`. Raises ValueError with the mend where its libraries are missing."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from ... import interp
    except ImportError as error:
        raise ValueError(
            f"looking inside models needs {error.name}; pip install 'nullcline[interp]'"
        ) from None
    return interp
