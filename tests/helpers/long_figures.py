"""`benchmarks/figures.py`, which is a script and in no package, for tests of the pages."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def load_figures():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("figures", ROOT / "benchmarks" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look up their annotations
    spec.loader.exec_module(module)
    return module


figures = load_figures()
