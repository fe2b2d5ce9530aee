"""Which extra of the distribution brings a package that is not installed."""

import re
from importlib.metadata import PackageNotFoundError, requires

#: Modules that are called otherwise than the distribution that is asked for, or come with it.
_DISTRIBUTIONS = {
    "hydra": "hydra-core",
    "mlflow": "mlflow-skinny",
    "omegaconf": "hydra-core",
    "pydantic": "fastapi",
    "pydantic_core": "fastapi",
    "starlette": "fastapi",
    "tokenizers": "transformers",
    "yaml": "pyyaml",
}


def what_to_install(error: ImportError, command: str = "") -> str | None:
    """One line that says what to install where an optional package is missing, None where the
    missing module is none of ours to name.

    Where several extras bring it, the one that is called as the command is named, else the first
    that is for users; none where the distribution alone brings it.
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
    for_users = [extra for extra in extras if extra != "dev"] if len(extras) == len(own) else []
    extra = command if command in for_users else "".join(for_users[:1])
    wanted = f"nullcline[{extra}]" if extra else "nullcline"
    return f"this needs the package {package}; pip install '{wanted}'"
