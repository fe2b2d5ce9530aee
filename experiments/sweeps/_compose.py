"""From a sweep's overrides to settings: every job is composed before the first one starts."""

import copy
import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ...common.nearest import there_are
from ..schemas import Launched
from ._mistakes import describe

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

_NAMES_NO_RESULT = ("launcher", "experiment", "hydra", "objective", "logger")
_LONGEST_LABEL = 100


def compose_settings(
    loader: "ConfigLoader", master: DictConfig, job_overrides: Sequence[Sequence[str]]
) -> list[Launched]:
    """The settings of every job, as objects of the schema.

    Jobs that choose the same groups share one composition, and their values are set on copies of
    it: Hydra takes 50 ms for one. Raises what Hydra raises for a choice that does not exist, and
    ValueError of one line for a key or a value that does not fit.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parser = OverridesParser.create(config_loader=loader)
    composed: dict[tuple[str, ...], DictConfig] = {}
    groups: dict[str, bool] = {}

    def is_value(override: "Override") -> bool:
        key = override.key_or_group
        if key not in groups:
            groups[key] = bool(loader.get_group_options(key))
        return override.package is None and override.type.name == "CHANGE" and not groups[key]

    found = []
    for overrides in job_overrides:
        parsed = parser.parse_overrides(list(overrides))
        chosen = tuple(o.input_line or "" for o in parsed if not is_value(o))
        if chosen not in composed:
            config = loader.load_sweep_config(master, list(chosen))
            with open_dict(config):
                del config["hydra"]
            composed[chosen] = config
        config = copy.deepcopy(composed[chosen])
        for override in filter(is_value, parsed):
            try:
                OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
            except OmegaConfBaseException as error:
                raise ValueError(describe(error, override.input_line or "")) from None
        found.append(settings_of(config))
    return found


def settings_of(config: DictConfig) -> Launched:
    """A composed configuration as an object of its schema.

    Raises ValueError for keys that were added with a plus and that the schema does not have.
    """
    _check_keys(config, "")
    found = OmegaConf.to_object(config)
    assert isinstance(found, Launched)  # every study is registered with its schema
    return found


def _check_keys(config: DictConfig, path: str) -> None:
    schema = OmegaConf.get_type(config)
    if not dataclasses.is_dataclass(schema):
        return
    known = [field.name for field in dataclasses.fields(schema)]
    for key in config:
        if key not in known:
            whole = f"{path}{key}"
            raise ValueError(f"+{whole}: no such key; {there_are(key, known)}")
        if isinstance(config[key], DictConfig):
            _check_keys(config[key], f"{path}{key}.")


def label_of(overrides: Sequence[str]) -> str:
    """A job's overrides without those that say where it runs or name its recipe."""
    kept = [override for override in overrides if _first_name(override) not in _NAMES_NO_RESULT]
    return ",".join(kept) or "defaults"


def folder_name(label: str, plain: Mapping[str, object]) -> str:
    """The name of a job's folder: its label where a file system allows, and a digest of its
    settings."""
    readable = re.sub(r"[^\w.=,+-]+", "_", label)[:_LONGEST_LABEL].strip("._,")
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:8]
    return f"{readable}-{digest}"


def sweep_name(overrides: Sequence[str]) -> str:
    """The name of a sweep's folder: that of its recipe, and a digest of what else was asked, so
    that the same command finds its folder again. Where the jobs run is no part of it."""
    recipe = [o.split("=", 1)[1] for o in overrides if o.lstrip("+").startswith("experiment=")]
    rest = sorted(
        o for o in overrides if re.split(r"[=.]", o.lstrip("+"))[0] not in _NAMES_NO_RESULT
    )
    digest = hashlib.sha256("\0".join(rest).encode()).hexdigest()[:8]
    return "-".join([*recipe, *([digest] if rest else [])]) or "defaults"


def _first_name(override: str) -> str:
    return re.split(r"[=.@]", override.lstrip("+~"))[0]
