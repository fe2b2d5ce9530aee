"""The house's own rules: which way imports point, and what a library package may not hold."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARIES = tuple(p for p in ("dynamics", "interp", "organisms") if (ROOT / p).is_dir())
PACKAGES = ("common", *LIBRARIES)
FORBIDDEN = {
    "hydra",
    "omegaconf",
    "matplotlib",
    "plotly",
    "experiments",
    "configs",
    "argparse",
    "nullcline",
}


def imported(path: Path) -> set[str]:
    """The first names of what a file imports; a relative import that leaves its package names the
    folder at the top that it comes to."""
    names = set()
    inside = len(path.relative_to(ROOT).parts) - 1  # folders between the file and the top
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level in (0, inside + 1):
            whole = [node.module] if node.module else [alias.name for alias in node.names]
            names |= {name.split(".")[0] for name in whole}
    return names


def sources(package: str):
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_libraries_do_not_import_each_other_nor_what_runs_them(package):
    others = set(LIBRARIES) - {package}
    for path in sources(package):
        allowed = {"configs"} if package == "organisms" else set()  # its recipes are values there
        assert not imported(path) & ((FORBIDDEN | others) - allowed), path


def test_an_import_that_leaves_its_package_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "interp" / "_heads" / "file.py"
    path.parent.mkdir(parents=True)
    path.write_text("from ... import dynamics\nfrom ...organisms import train\nfrom ..x import y\n")
    assert imported(path) == {"dynamics", "organisms"}


def rooms(path: Path) -> set[str]:
    """The rooms of `experiments` that a file of one of them imports."""
    names = set()
    inside = len(path.relative_to(ROOT / "experiments").parts) - 1  # folders below `experiments`
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == inside + 1:
            whole = [node.module] if node.module else [alias.name for alias in node.names]
            names |= {name.split(".")[0] for name in whole}
    return names


def test_the_two_servers_share_a_room_and_do_not_import_each_other():
    servers = {"dashboard", "serving"}
    shared = {room: set() for room in (*servers, "web")}
    for room, found in shared.items():
        for path in sources(f"experiments/{room}"):
            found |= rooms(path)
            assert not rooms(path) & (servers - {room}), path
    assert all("web" in shared[server] for server in servers)  # the rule sees imports at all


@pytest.mark.parametrize("package", PACKAGES)
def test_libraries_do_not_print(package):
    for path in sources(package):
        calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c, ast.Name) and c.id == "print"], path


def documented(tree: ast.AST) -> set[int]:
    """Ids of the string constants that are docstrings."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, owners)]
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


@pytest.mark.parametrize("package", PACKAGES)
def test_libraries_name_parameters_and_no_flags_of_the_command_line(package):
    for path in sources(package):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        words = documented(tree)
        said = [
            n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in words
        ]
        flags = [s for s in said if isinstance(s, str) and re.search(r"(?<![-\w])--[a-z]", s)]
        assert not flags, path


@pytest.mark.parametrize("package", LIBRARIES)
def test_libraries_are_private_files_behind_public_lists(package):
    for path in (ROOT / package).glob("*.py"):
        statements = ast.parse(path.read_text(encoding="utf-8")).body[1:]  # after the docstring
        is_list = all(isinstance(s, ast.ImportFrom) and s.level == 1 for s in statements)
        assert path.name.startswith("_") or is_list, f"{path} is public: name it _{path.name}"


@pytest.mark.parametrize("package", LIBRARIES)
def test_every_public_name_is_there(package):
    library = importlib.import_module(f"nullcline.{package}")
    listed = [
        alias.name
        for node in ast.parse((ROOT / package / "__init__.pyi").read_text()).body
        for alias in getattr(node, "names", [])
    ]
    assert listed, package
    assert {name for name in listed if not hasattr(library, name)} == set()
    assert set(listed) <= set(dir(library))


_DIAGNOSED = "from nullcline import dynamics as d; d.diagnose(d.load_table('published'))"
_COMMAND = "from nullcline.experiments.cli import main; main({})"


@pytest.mark.parametrize(
    ("first", "absent"),
    [
        ("import nullcline.dynamics", "pandas jax scipy matplotlib"),
        ("import nullcline.interp", "numpy torch transformers"),
        ("import nullcline.organisms", "numpy jax flax"),
        ("from nullcline.dynamics import load_table; load_table('uniform')", "jax scipy.stats"),
        ("from nullcline.dynamics import diagnose", "diffrax equinox flax matplotlib torch"),
        (_DIAGNOSED, "jax diffrax equinox matplotlib scipy.stats"),
        ("from nullcline.dynamics import fit_system", "jax equinox diffrax sympy matplotlib"),
        (_COMMAND.format(["organisms", "list"]), "jax flax torch pandas"),
        (_COMMAND.format(["status", "."]), "jax flax torch pandas"),
        (_COMMAND.format(["collect", ".", "-o", "x.csv"]), "jax flax torch pandas"),
        (_COMMAND.format(["diagnose", "nowhere.csv"]), "jax flax torch scipy.stats"),
        (_COMMAND.format(["ode", "fit", "--family", "Nobody"]), "jax flax torch scipy.stats"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(first, absent):
    code = f"{first}\nimport sys\nprint(*sorted(set({absent.split()}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == []


@pytest.mark.parametrize("package", [*PACKAGES, "experiments"])
def test_no_file_has_grown_into_two(package):
    for path in sources(package):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path


def test_one_class_name_has_one_meaning():
    found: dict[str, list[str]] = {}
    for package in (*PACKAGES, "experiments"):
        for path in sources(package):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    twice = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert not twice


def results(package: str):
    """Every dataclass of a package, and the settings that its decorator is given."""
    for path in sources(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
                if isinstance(node, ast.ClassDef) and "dataclass" in ast.unparse(call.func):
                    yield node, {key.arg: ast.unparse(key.value) for key in call.keywords}


#: What collects while a file, a folder or a text is read.
COLLECTORS = {"Problems", "Gathered"}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_found_cannot_be_changed_afterwards(package):
    changing = {one.name for one, settings in results(package) if settings.get("frozen") != "True"}
    assert changing <= COLLECTORS


def test_what_holds_arrays_in_interp_is_compared_by_identity():
    # `==` of arrays is an array: `==` of what holds them would raise, and so would a set of it.
    found = list(results("interp"))
    by_identity = {one.name for one, settings in found if settings.get("eq") == "False"}
    assert {"TruthVector", "HeadAttribution", "Model"} <= by_identity
    for one, _ in found:
        kinds = [ast.unparse(n.annotation) for n in one.body if isinstance(n, ast.AnnAssign)]
        words = set(re.findall(r"\w+", " ".join(kinds)))
        if words & {"ndarray", "Tensor", "Module", *by_identity}:
            assert one.name in by_identity, one.name
