"""One setting of a study: its default, its bounds, its words, and its name on the command line.

The schemas in `schemas.py` are plain dataclasses whose fields are made here. Hydra checks a schema
when it composes one; `commands/_arguments.py` makes the arguments of a command of it.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, get_args

from ..common.nearest import there_are


class SettingError(ValueError):
    """A setting that means nothing: `key`, `value` and `why`, so that Hydra says `key=value` and
    the command line `--key value`. Other keys stand in `why` as `{key}`."""

    def __init__(self, key: str, value: Any, why: str) -> None:
        self.key, self.value, self.why = key, value, why
        plain = re.sub(r"{([a-z_.]+)}", r"\1", why)
        super().__init__(f"{key}={value}: {plain}")


def option(
    default: Any,
    help: str = "",
    *,
    unset: str = "",
    flag: str | None = None,
    metavar: str | None = None,
    choices: Callable[[], Sequence[Any]] | None = None,
    least: float | None = None,
    below: float | None = None,
    above: float | None = None,
    short: str | None = None,
    instead_of: str | None = None,
    parse: Callable[[str], Any] | None = None,
) -> Any:
    """A field of a schema.

    **Arguments:**

    - `default`: its value where nobody gives one; a list is copied for each schema.
    - `help`: what the command's help says; the default is added to it, and the choices where a
      `metavar` or a list hides them.
    - `unset`: what holds where nobody gives one, in words, for a default that says nothing.
    - `flag`: `--name` on the command line (the field's own name by default), or `NAME` for an
      argument by position; `short` is a second name, `-o`.
    - `choices`: a function that gives the words that it may be (a list: each of its items).
    - `least`, `above`, `below`: bounds, the first one included.
    - `instead_of`: options of one such group exclude each other on the command line.
    - `parse`: from the text of one argument to a value, where the field's type does not say how.
    """
    metadata = {
        "help": help, "unset": unset, "flag": flag, "metavar": metavar, "choices": choices,
        "least": least, "below": below, "above": above, "short": short, "instead_of": instead_of,
        "parse": parse,
    }  # fmt: skip
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def group(schema: type, choice: str) -> Any:
    """A field of a schema that is a Hydra group: a schema of its own, `choice` by default."""
    return dataclasses.field(default_factory=schema, metadata={"choice": choice})


@dataclasses.dataclass
class Options:
    """The base of every schema: checks its fields when one is made.

    `prefix` is the name of its Hydra group, empty for the schema of a whole study. Raises
    SettingError.
    """

    prefix: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            key = f"{self.prefix}.{field.name}" if self.prefix else field.name
            for one in value if isinstance(value, list) else (value,):
                if one is not None:
                    _check(key, one, field.metadata)


def _check(key: str, value: Any, metadata: Any) -> None:
    if (known := metadata.get("choices")) is not None and value not in known():
        raise SettingError(key, value, f"no such choice; {there_are(value, known())}")
    least, below, above = (metadata.get(name) for name in ("least", "below", "above"))
    if least is not None and not value >= least:
        raise SettingError(key, value, f"give {least:g} or more")
    if above is not None and below is not None and not above < value < below:
        raise SettingError(key, value, f"give more than {above:g} and less than {below:g}")


def words_of(library: str, *names: str) -> Callable[[], Sequence[Any]]:
    """The words of `Literal`s of a library, which is not imported before they are asked for."""

    def words() -> Sequence[Any]:
        from importlib import import_module

        module = import_module(f"..{library}", __package__)
        return [word for name in names for word in get_args(getattr(module, name))]

    return words
