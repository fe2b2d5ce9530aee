"""Which extra of the distribution brings a package that is not installed."""

import re
from importlib.metadata import PackageNotFoundError, requires

#: Modules that are not called as their distributions are.
_DISTRIBUTIONS = {"yaml": "pyyaml"}


def what_to_install(error: ImportError, command: str = "") -> str | None:
    """One line that says what to install where an optional package is missing, None where the
    missing module is none of ours to name.

    Where several extras bring it, the one that is called as the command is named, else the first.
    """
    name = (error.name or "").split(".")[0]
    package = _DISTRIBUTIONS.get(name, name).replace("_", "-").lower()
    try:
        lines = requires("nullcline") or []
    except PackageNotFoundError:
        lines = []
    own = [line for line in lines if re.split(r"[<>=!~; \[]", line)[0].lower() == package]
    if not own:
        return None
    extras = re.findall(r"extra == ['\"](\w+)['\"]", " ".join(own))
    extra = command if command in extras else "".join(extras[:1])
    wanted = f"nullcline[{extra}]" if extra else "nullcline"
    return f"this needs the package {package}; pip install '{wanted}'"
