"""The house's own rules: which way imports point, and what a library package may not hold."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARIES = tuple(p for p in ("dynamics", "interp", "organisms") if (ROOT / p).is_dir())
FORBIDDEN = {"hydra", "omegaconf", "matplotlib", "plotly", "experiments", "configs", "argparse"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def sources(package: str):
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", LIBRARIES)
def test_libraries_do_not_import_each_other_nor_what_runs_them(package):
    others = set(LIBRARIES) - {package}
    for path in sources(package):
        found = imported(ast.parse(path.read_text(encoding="utf-8")))
        assert not found & (FORBIDDEN | others), path


@pytest.mark.parametrize("package", LIBRARIES)
def test_libraries_do_not_print(package):
    for path in sources(package):
        calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c, ast.Name) and c.id == "print"], path


@pytest.mark.parametrize("package", LIBRARIES)
def test_libraries_are_private_files_behind_one_public_list(package):
    for path in (ROOT / package).glob("*.py"):
        assert path.name.startswith("_"), f"{path} is public: name it _{path.name}"


@pytest.mark.parametrize("package", [*LIBRARIES, "experiments"])
def test_no_file_has_grown_into_two(package):
    for path in sources(package):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path
