"""A package that is not installed costs one line that names what to install."""

import ast
import sys
from pathlib import Path

import pytest

import nullcline
from nullcline.common.extras import what_to_install

PACKAGES = ("common", "configs", "dynamics", "experiments", "interp", "organisms")


def imported_from_others():
    """The modules of other distributions that any file of the package imports."""
    found = set()
    for folder in map(Path, nullcline.__path__):
        for path in (path for name in PACKAGES for path in (folder / name).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"nullcline"}


def test_whatever_is_imported_can_be_asked_for():
    """`starlette` comes with fastapi: nullcline dashboard without it showed a traceback."""
    names = imported_from_others()
    assert {"starlette", "torch", "numpy"} <= names
    said = {name: what_to_install(ImportError(name=name)) for name in names}
    assert not [name for name, line in said.items() if line is None]
    assert not [line for line in said.values() if "[dev]" in str(line)]
    assert what_to_install(ImportError(name="nobodys_module")) is None


@pytest.mark.parametrize(
    ("module", "command", "wanted"),
    [
        ("starlette.requests", "dashboard", "fastapi; pip install 'nullcline[dashboard]'"),
        ("gguf", "", "gguf; pip install 'nullcline[export]'"),
        ("yaml", "organisms", "pyyaml; pip install 'nullcline'"),
        ("pyarrow", "tables", "pyarrow; pip install 'nullcline[tables]'"),
        ("safetensors", "organisms", "safetensors; pip install 'nullcline[organisms]'"),
    ],
)
def test_the_extra_is_the_one_that_is_for_it(module, command, wanted):
    line = what_to_install(ImportError(name=module), command)
    assert line == f"this needs the package {wanted}"
