"""Which tests reach a line, from what `lines_of_tests` measured; kept in a file from run to run."""

import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

VARIABLE = "LINES_OF_TESTS"


@cache
def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def statement(code: str, line: int) -> range:
    """The lines of the statement that a line belongs to; of `if`, `def` and the like the head."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(code)):  # from the outside in: the last is the innermost
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            if line in range(node.lineno, end):
                found = range(node.lineno, end)
    return found


class Reach:
    """What the tests of a checkout reach, from `keep`.

    `measure` runs the files of tests that are new or changed. Lines that a test reached in a file
    with another content count for the file, not for a line.
    """

    def __init__(self, root: Path, keep: Path):
        self.root, self.keep = root, keep
        self.files: dict[str, Any] = {}
        if keep.exists():
            self.files = json.loads(keep.read_text(encoding="utf-8"))

    def measure(self, files: Sequence[str], *, slow: bool = True) -> None:
        """Run those files of tests that are not known; `slow` asks for their slow tests too."""
        kept = {file: self.files.get(file, {}) for file in files}
        old = [
            file for file in files
            if kept[file].get("hash") != _hash(self.root / file) or slow > kept[file]["slow"]
        ]  # fmt: skip
        if not old:
            return
        print(f"measuring what {len(old)} files of tests reach", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder, "lines.json")
            here = os.pathsep.join([str(self.root / "src"), str(Path(__file__).parent)])
            settings = {"PYTHONPATH": here, VARIABLE: str(to), "OMP_NUM_THREADS": "1"}
            marks = [] if slow else ["-m", "not slow"]
            command = [sys.executable, "-m", "pytest", "-n0", "-p", "lines_of_tests", *marks, *old]
            subprocess.run(
                [*command, "-p", "no:cacheprovider"],
                cwd=self.root, env=os.environ | settings, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
            found = json.loads(to.read_text(encoding="utf-8"))
        for test in found.values():
            test["lines"] = {
                f"{file}@{_hash(self.root / file)}": lines
                for file, lines in test.get("lines", {}).items()
            }
        for file in old:
            tests = {name: test for name, test in found.items() if name.split("::")[0] == file}
            self.files[file] = {"hash": _hash(self.root / file), "slow": slow, "tests": tests}
        self.keep.parent.mkdir(parents=True, exist_ok=True)
        self.keep.write_text(json.dumps(self.files), encoding="utf-8")

    def passing(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The tests that pass without a change; the others can say nothing."""
        for file in self.files.values():
            yield from ((name, test) for name, test in file["tests"].items() if test["passed"])

    def of_line(self, file: str, line: int) -> dict[str, dict[str, Any]]:
        """The tests that execute the statement of a line; none where it is executed on import
        alone, or the file has changed since."""
        path = self.root / file
        lines = statement(path.read_text(encoding="utf-8"), line)
        key = f"{file}@{_hash(path)}"
        return {
            name: test for name, test in self.passing()
            if any(one in lines for one in test["lines"].get(key, ()))
        }  # fmt: skip

    def of_file(self, file: str) -> dict[str, dict[str, Any]]:
        """The tests that execute anything in a file."""
        begins = f"{file}@"
        return {
            name: test for name, test in self.passing()
            if any(key.startswith(begins) for key in test["lines"])
        }  # fmt: skip

    def of_files(self, files: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The tests of some files."""
        return {name: test for name, test in self.passing() if name.split("::")[0] in files}

    def with_processes(self) -> dict[str, dict[str, Any]]:
        """The tests that start processes, in which anything may be executed."""
        return {name: test for name, test in self.passing() if test.get("processes")}
