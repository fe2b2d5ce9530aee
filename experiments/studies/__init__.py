"""The studies: what `nullcline run STUDY` does, each in the room of its subject."""

from importlib import import_module

from ..sweeps import Experiment, choices

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
        raise ValueError(f"no study {name!r}; {choices(name, STUDIES)}")
    module = import_module(f".{_MODULES[name]}.{name}", __package__)
    return getattr(module, name)
