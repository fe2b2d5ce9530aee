"""The studies: what `nullcline run STUDY` does, each in the room of its subject."""

import difflib
from importlib import import_module

from ..sweeps import Experiment

#: Study -> the module below this folder that holds it, under its own name.
_MODULES = {
    "attribute_heads": "heads",
    "diagnose": "diagnosis",
    "evaluate_steering": "steering",
    "find_truth": "steering",
    "fit_dynamics": "ode",
    "train_organism": "organisms",
}
STUDIES = tuple(_MODULES)


def find_study(name: str) -> Experiment:
    """A study by its name. Raises ValueError with the nearest names."""
    if name not in _MODULES:
        near = difflib.get_close_matches(name, STUDIES, n=2)
        nearest = f"nearest: {', '.join(near)}; " if near else ""
        raise ValueError(f"no study {name!r}; {nearest}there are {', '.join(STUDIES)}")
    module = import_module(f".{_MODULES[name]}.{name}", __package__)
    return getattr(module, name)
