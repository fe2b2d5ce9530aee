"""What was wrong with a configuration, on one line with the choices."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

_MOST_CHOICES = 60


def one_line(error: BaseException) -> str:
    """An error of Hydra, OmegaConf or ours as one line that names the key and what it may be."""
    from hydra.errors import MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        return f"{group}={name}: no such choice; {choices(name, error.options)}"
    cause = error.__cause__
    if isinstance(cause, OmegaConfBaseException):
        return describe(cause, "")
    if isinstance(error, OmegaConfBaseException):
        return describe(error, "")
    if missing := re.search(
        r"Could not override '(.+?)'\.\s+No match in the defaults list", str(error)
    ):
        return (
            f"{missing[1]}: this entry point has no such group; is the recipe of another one? "
            "The files of configs/experiment say of which"
        )
    return " ".join(str(error).split())


def describe(error: Any, override: str) -> str:
    """An error of OmegaConf: the key, what is wrong, and the keys that there are."""
    from omegaconf import OmegaConf
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError

    given = override or str(error.full_key or error.key)
    parent = error.parent_node
    if isinstance(error, (ConfigAttributeError, ConfigKeyError)) and OmegaConf.is_dict(parent):
        known = [str(key) for key in parent if key != "hydra"]
        path = str(error.full_key or error.key)
        where = path.rpartition(".")[0]
        return f"{given}: {where or 'the configuration'} has no key {error.key!r}; " + choices(
            str(error.key), known
        )
    said = str(error.msg or error).splitlines()[0]
    return f"{given}: {said}"


def choices(name: str, known: Iterable[str]) -> str:
    """`there are ...`, the nearest first where some are near."""
    names = [choice for choice in known if not choice.endswith("schema")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    nearest = f"nearest: {', '.join(near)}; " if near else ""
    listed = ", ".join(names[:_MOST_CHOICES]) + (", ..." if len(names) > _MOST_CHOICES else "")
    return f"{nearest}there are {listed or 'none'}"
