"""Messages of the libraries in the words of the command line.

A library names parameters, as its callers in Python do: `offline=True`, `n_boot is 5`. Whoever
typed a command knows flags: `--offline`, `--n-boot is 5`.
"""

import dataclasses
import re

from .. import schemas, schemas_card, schemas_ode
from ..options import Options

# Parameters whose flag has another name, or stands in no schema.
_OTHERWISE = {"sites": "--site", "seeds": "--seeds", "family": "--name"}
# Words of several meanings, which a message may use for something else.
_AMBIGUOUS = {"name", "names", "path"}
_GIVEN = re.compile(r"(?<![\w.-])([a-z_]+)=('[^']*'|\[[^]]*\]|[^\s,;)]+)")
_NAMED = re.compile(r"(?<![\w./-])([a-z]+(?:_[a-z]+)+)(?![\w./-])")


def with_flags(message: str) -> str:
    """`message` with the parameters that have a flag called by it; anything else stays."""
    flags = _flags()

    def given(match: re.Match[str]) -> str:
        flag, value = flags.get(match[1]), match[2].strip("'[]").replace("'", "")
        if flag is None:
            return match[0]
        return flag if value == "True" else f"{flag} {value}"

    return _NAMED.sub(lambda match: flags.get(match[1], match[0]), _GIVEN.sub(given, message))


def _flags() -> dict[str, str]:
    """Parameter -> flag, of all studies."""
    found: dict[str, str] = {}
    shown = (schemas, schemas_card, schemas_ode)
    for schema in (one for module in shown for one in vars(module).values()):
        if isinstance(schema, type) and issubclass(schema, Options):
            for field in dataclasses.fields(schema):
                flag = field.metadata.get("flag") or f"--{field.name.replace('_', '-')}"
                if field.metadata.get("help") and flag.startswith("--"):
                    found[field.name] = flag
    return {name: flag for name, flag in found.items() if name not in _AMBIGUOUS} | _OTHERWISE
