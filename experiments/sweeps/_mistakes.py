"""What was wrong with a configuration, on one line with the choices."""

from typing import TYPE_CHECKING

from ...common.nearest import there_are
from ...common.words import printable, system_error

if TYPE_CHECKING:
    from omegaconf.errors import OmegaConfBaseException


def one_line(error: BaseException) -> str:
    """An error of Hydra, OmegaConf or ours as one line that names the key and what it may be."""
    from hydra.errors import InstantiationException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    from ._register import study_of_recipe

    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        if group == "experiment" and (study := study_of_recipe(name)):
            return f"experiment={name}: a recipe of another study; nullcline run {study} takes it"
        known = [option for option in error.options if not option.endswith("schema")]
        return f"{group}={name}: no such choice; {there_are(name, known)}"
    cause = error.__cause__
    if isinstance(error, InstantiationException) and isinstance(cause, ValueError):
        return printable(str(cause))  # of a callback, which says what it needs
    if isinstance(cause, OmegaConfBaseException):
        return describe(cause, "")
    if isinstance(error, OmegaConfBaseException):
        return describe(error, "")
    return printable(system_error(error) if isinstance(error, OSError) else str(error))


def describe(error: "OmegaConfBaseException", override: str) -> str:
    """An error of OmegaConf: the key, what is wrong, and the keys that there are."""
    from omegaconf import OmegaConf
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError

    given = override or str(error.full_key or error.key)
    parent = error.parent_node
    if isinstance(error, (ConfigAttributeError, ConfigKeyError)) and OmegaConf.is_dict(parent):
        known = [str(key) for key in parent if key != "hydra"]
        path = str(error.full_key or error.key)
        where = path.rpartition(".")[0]
        of = where or "the configuration"
        return f"{given}: {of} has no key {error.key!r}; {there_are(error.key, known)}"
    said = str(error.msg or error).splitlines()[0]
    return f"{given}: {said}"
