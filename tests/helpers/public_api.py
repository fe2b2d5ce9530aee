"""The public API as text, one line a name, read from the sources without importing them.

python tests/helpers/public_api.py    # writes tests/fixtures/public_api.txt
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTING = ROOT / "tests" / "fixtures" / "public_api.txt"
_LIBRARIES = ("dynamics", "interp", "organisms")
_Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


def listing(root: Path = ROOT) -> str:
    """Every public name of the libraries: functions with their signatures, classes with fields,
    public methods and properties, their own and those of our classes that they come from."""
    lines = [line for library in _LIBRARIES for line in _module(root / library, library)]
    return "\n".join(sorted(lines)) + "\n"


def _module(folder: Path, name: str) -> Iterator[str]:
    path = folder.with_suffix(".py")
    path = path if path.is_file() else folder / "__init__.pyi"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            public = f"{name}.{alias.asname or alias.name}"
            if node.module is None:
                yield from _module(path.parent / alias.name, public)
            else:
                yield from _lines(public, *_find(_imported(path, node), alias.name))


def _imported(path: Path, node: ast.ImportFrom) -> Path:
    """The file that a relative import names."""
    folder = path.parents[node.level - 1]
    found = folder.joinpath(*(node.module or "").split("."))
    return found.with_suffix(".py") if not found.is_dir() else found / "__init__.py"


def _find(path: Path, name: str) -> tuple[Path, _Definition]:
    """Where a name is defined at last, and its last definition (an overload's own body)."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in reversed(body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return path, node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return path, node
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return path, node
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _find(_imported(path, node), alias.name)
    raise LookupError(f"{path} does not define {name}")


def _lines(name: str, path: Path, node: _Definition) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        yield name + _signature(node)
    elif isinstance(node, ast.ClassDef):
        bases = ", ".join(map(ast.unparse, node.bases))
        yield f"{name}: class({bases})"
        yield from (f"{name}.{line}" for line in _members(path, node).values())
    elif isinstance(node, ast.AnnAssign):
        yield f"{name}: {ast.unparse(node.annotation)}"
    else:
        # A closed set of words is part of what is promised, the value of a constant is not.
        value = ast.unparse(node.value)
        yield f"{name} = {value}" if value.startswith("Literal[") else name


def _members(path: Path, node: ast.ClassDef) -> dict[str, str]:
    """Name -> line of each public member; a class' own stand before what it inherits."""
    found: dict[str, str] = {}
    for base in node.bases:
        try:
            found |= _inherited(*_find(path, ast.unparse(base).split("[")[0]))
        except LookupError:
            continue  # of another library
    for part in node.body:
        if isinstance(part, ast.AnnAssign):
            line = f"{ast.unparse(part.target)}: {ast.unparse(part.annotation)}"
            found[ast.unparse(part.target)] = line + (" = ..." if _has_default(part) else "")
        elif isinstance(part, ast.Assign):
            found[ast.unparse(part.targets[0])] = ast.unparse(part.targets[0])
        elif isinstance(part, ast.FunctionDef):
            words = {ast.unparse(decorator) for decorator in part.decorator_list}
            kind = "".join(f"[{word}]" for word in sorted(words) if "property" in word)
            kind += "".join(
                f"[{word}]" for word in ("classmethod", "staticmethod") if word in words
            )
            found[part.name] = f"{part.name}{kind}{_signature(part)}"
    return {
        member: line
        for member, line in found.items()
        if not member.startswith("_") or member in ("__init__", "__call__", "__getitem__")
    }


def _has_default(part: ast.AnnAssign) -> bool:
    if isinstance(part.value, ast.Call) and ast.unparse(part.value.func).endswith("field"):
        return any((word.arg or "").startswith("default") for word in part.value.keywords)
    return part.value is not None


def _inherited(path: Path, node: _Definition) -> dict[str, str]:
    return _members(path, node) if isinstance(node, ast.ClassDef) else {}


def _signature(node: ast.FunctionDef) -> str:
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    return f"({ast.unparse(node.args)}){returns}"


if __name__ == "__main__":
    LISTING.write_text(listing(), encoding="utf-8")
