"""What Hydra is told of a study: its schema, its groups, its recipes, its primary configuration."""

import dataclasses
import re
from collections.abc import Iterator
from functools import cache

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from ...configs import configs
from ...data import shipped
from ..launchers import Joblib, Launcher, Ray, Submitit
from ..options import Options
from ..schemas import FamilyChoice, ModelChoice
from ..schemas_ode import Penalty
from ..study import Study

_LAUNCHERS = (Launcher, Joblib, Submitit, Ray)
_GROUPS = ("estimator", "experiment", "family", "model", "pairs", "penalty", "sets")
#: The subfolder of a job, by which `_launch` knows that the user has not named another.
OWN_SUBDIR = "${hydra.job.num}"


def register(study: Study) -> None:
    """Make a study known to Hydra under its own name.

    The primary configuration has the study's schema, the default of each of its groups, and the
    launcher. The recipes of `configs/experiment/STUDY/` become its choices of `experiment`.
    """
    store = ConfigStore.instance()
    for name in _GROUPS:  # of a study that this process registered before
        store.repo.pop(name, None)
    for launcher in _LAUNCHERS:
        store.store(group="launcher", name=f"{launcher.engine}_schema", node=launcher)
    defaults: list[object] = [f"{study.name}_schema"]
    for name, schema, choice in _groups(study.schema):
        if schema is not Launcher:
            store.store(group=name, name="schema", node=schema)
            _add_choices(store, schema)
        defaults.append({name: choice})
    store.store(name=f"{study.name}_schema", node=study.schema)
    for name, path in recipes(study.name).items():
        store.store(group="experiment", name=name, node=OmegaConf.load(path), package="_global_")
    folder = f"runs/{study.name}"
    store.store(
        name=study.name,
        node={
            "defaults": [
                *defaults,
                {"logger": None},
                {"override hydra/launcher": "nullcline"},
                {"override hydra/sweeper": "nullcline"},
                "_self_",
            ],
            "hydra": {
                "run": {"dir": f"{folder}/${{now:%Y-%m-%d_%H-%M-%S}}"},
                "sweep": {
                    "dir": f"{folder}/${{sweep_name:${{hydra.overrides.task}}}}",
                    "subdir": OWN_SUBDIR,
                },
                "job": {"chdir": False},
            },
        },
    )


def recipes(study: str | None = None) -> dict[str, str]:
    """Name -> path of the shipped recipes of a study, of all where none is named."""
    found = configs("experiment").glob(f"{study or '*'}/*.yaml")
    return {path.stem: str(path) for path in sorted(found)}


def study_of_recipe(recipe: str) -> str | None:
    """The study that a shipped recipe is of, None where there is no such recipe."""
    found = [path.parent.name for path in configs("experiment").glob(f"*/{recipe}.yaml")]
    return found[0] if found else None


def _groups(schema: type) -> Iterator[tuple[str, type[Options], str]]:
    for field in dataclasses.fields(schema):
        inner = field.default_factory
        if isinstance(inner, type) and issubclass(inner, Options):
            yield field.name, inner, field.metadata["choice"]


def _add_choices(store: ConfigStore, schema: type[Options]) -> None:
    """The choices of a group that are no values of people: families, penalties, organisms."""
    if schema is FamilyChoice:
        store.store(group="family", name="all", node=FamilyChoice())
        for name in _families():
            store.store(group="family", name=_slug(name), node=FamilyChoice(names=[name]))
    elif schema is Penalty:
        for name in dataclasses.fields(Penalty)[0].metadata["choices"]():
            store.store(group="penalty", name=_slug(name), node=Penalty(name=name))
    elif schema is ModelChoice:
        for path in shipped("organisms").glob("*/organism.json"):
            name = path.parent.name
            store.store(group="model", name=name, node=ModelChoice(name=f"organism:{name}"))


@cache
def _families() -> tuple[str, ...]:
    """The families of the shipped tables of other people's models."""
    from ...dynamics import load_table

    return tuple(
        sorted(
            {
                f
                for name in ("uniform", "leaderboard", "published")
                for f in load_table(name).families
            }
        )
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
