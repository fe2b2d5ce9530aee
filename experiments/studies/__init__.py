"""The studies: what `nullcline run STUDY` does, each in the room of its subject."""

from importlib import import_module

from ...common.nearest import there_are
from ..study import Study

#: Study -> the module below this folder that holds it, under its own name.
_MODULES = {
    "attribute_heads": "heads",
    "card": "card",
    "compare_kinds": "diagnosis",
    "cross_validate": "ode",
    "diagnose": "diagnosis",
    "evaluate_steering": "steering",
    "find_truth": "steering",
    "fit_dynamics": "ode",
    "fit_system": "ode",
    "plan_measurements": "diagnosis",
    "predict_family": "ode",
    "scan": "scan",
    "track_predictions": "frontier",
    "train_organism": "organisms",
}
STUDIES = tuple(_MODULES)


def find_study(name: str) -> Study:
    """A study by its name, or a user's own by `module:name`.

    Raises ValueError with the nearest names.
    """
    module, _, own = name.partition(":")
    if own:
        return _of_users(module, own)
    if name not in _MODULES:
        raise ValueError(
            f"no study {name!r}; {there_are(name, STUDIES)}, or module:name for your own"
        )
    found = import_module(f".{_MODULES[name]}.{name}", __package__)
    return getattr(found, name)


def _of_users(module: str, name: str) -> Study:
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"no study {module}:{name}; {error}") from None
    if not isinstance(found, Study):
        raise ValueError(f"{module}:{name} is no study; make one with experiments.study.study")
    return found
