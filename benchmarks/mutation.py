"""Would the tests see a mistake? The core is changed in drawn places, and its tests are run.

    python benchmarks/mutation.py --mutants-python PATH [--per-group 20] [--seed 0] [--json FILE]

PATH is a Python with cosmic-ray 8.7, which makes the changes (`python -m venv build/mutation`, then
`build/mutation/bin/pip install cosmic-ray==8.7.0`). The tests run in the environment that runs this
file, in a clone of the last commit. A changed file is tried by the files of tests that name most
often what it (or a file that imports it) defines, slow tests left out; the first failure ends it.
What these do not see the whole suite may, so the share of seen changes is a lower limit.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from nullcline.common.statistics import wilson

ROOT = Path(__file__).resolve().parent.parent
CORE = (
    "dynamics/_phases",
    "dynamics/_statistics",
    "dynamics/_ode",
    "interp/_heads",
    "interp/_questions",
    "interp/_steering",
)
_SECONDS = 600  # for the tests of one change; more is a loop without end
_FILES = 8


def public_names(path: Path) -> set[str]:
    """What a file defines for others, methods too; short names say nothing."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    defined = (ast.FunctionDef, ast.ClassDef)
    return {
        n.name for n in nodes if isinstance(n, defined) and n.name[0] != "_" and len(n.name) > 3
    }


def importers(path: Path, root: Path) -> list[Path]:
    """The files of its package that import a file."""
    pattern = re.compile(rf"from \.[\w.]*\b{path.stem} import|from \.+ import .*\b{path.stem}\b")
    package = root / path.relative_to(root).parts[0]
    return [f for f in package.rglob("*.py") if pattern.search(f.read_text(encoding="utf-8"))]


@cache
def _words(path: Path) -> Counter[str]:
    return Counter(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def tests_of(path: Path, root: Path) -> list[str]:
    """The files of tests that name most often what a file defines, or what its importers do."""
    rooms = (path.relative_to(root).parts[0], "experiments")
    tests = [test for room in rooms for test in (root / "tests" / room).glob("test_*.py")]
    near = importers(path, root)
    further = [file for one in near for file in importers(one, root)]
    ranked: dict[Path, float] = defaultdict(float)
    for weight, files in ((9, [path]), (3, near), (1, further)):
        for name in {name for file in files for name in public_names(file)}:
            naming = [test for test in tests if name in _words(test)]
            for test in naming:  # a name that few tests know tells more
                ranked[test] += weight * min(_words(test)[name], 5) / len(naming)
    for test in ranked:
        ranked[test] *= (10 if test.stem == f"test_{path.stem}" else 1) * (
            0.2 if test.parent.name == "experiments" else 1
        )
    best = sorted(ranked, key=lambda test: -ranked[test])[:_FILES]
    return [str(test.relative_to(root)) for test in best]


def attempt(mutant: dict[str, Any], root: Path) -> dict[str, Any]:
    """Run the tests of a change in a clone, and put the file back."""
    path = Path(mutant["file"])
    path = root / path.relative_to(ROOT)
    before = path.read_text(encoding="utf-8")
    said = {key: mutant[key] for key in ("group", "line", "operator")}
    said["file"] = str(path.relative_to(root))
    said["before"], said["after"] = _changed(before, mutant["code"])
    tests = tests_of(path, root)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-m", "not slow", *tests]
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    path.write_text(mutant["code"], encoding="utf-8")
    try:
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider"],
            cwd=root, env=environment, capture_output=True, text=True, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return said | {"outcome": "no end", "by": ""}
    finally:
        path.write_text(before, encoding="utf-8")
    if done.returncode == 0:
        return said | {"outcome": "not seen", "by": " ".join(tests)}
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return said | {"outcome": "seen", "by": failed[1] if failed else done.stderr[-200:]}


def _changed(before: str, after: str) -> tuple[str, str]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mutants-python", required=True)
    parser.add_argument("--per-group", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", nargs="+", choices=CORE, default=CORE)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    drawn = _draw(options.mutants_python, options.groups, options.seed, options.per_group)
    with tempfile.TemporaryDirectory() as folder:
        clones = [Path(folder, str(i)) for i in range(options.workers)]
        for clone in clones:
            subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        shares = [drawn["mutants"][i :: options.workers] for i in range(options.workers)]
        with ThreadPoolExecutor(options.workers) as pool:
            results = [r for share in pool.map(_attempts, shares, clones) for r in share]
    if options.json:
        whole = {"seed": options.seed, "places": drawn["places"], "mutants": results}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    print(summary(results))


def _draw(python: str, groups: Sequence[str], seed: int, per_group: int) -> dict[str, Any]:
    files = {
        group: [str(f) for f in sorted((ROOT / group).rglob("*.py")) if f.name != "__init__.py"]
        for group in groups
    }
    command = [python, Path(__file__).with_name("_mutants.py"), str(seed), str(per_group)]
    drawn = subprocess.run(command, input=json.dumps(files), stdout=-1, text=True, check=True)
    return json.loads(drawn.stdout)


def _attempts(mutants: Sequence[dict[str, Any]], root: Path) -> list[dict[str, Any]]:
    results = []
    for number, mutant in enumerate(mutants, start=1):
        results.append(attempt(mutant, root))
        last = results[-1]
        print(f"{number}/{len(mutants)} {last['outcome']:8} {last['file']}:{last['line']} "
              f"{last['before']}  ->  {last['after']}", file=sys.stderr)  # fmt: skip
    return results


def summary(results: Sequence[dict[str, Any]]) -> str:
    """The share of seen changes of each group with Wilson's interval, and what was not seen."""
    lines = []
    for group in [*dict.fromkeys(r["group"] for r in results), "together"]:
        of = [r for r in results if group in (r["group"], "together")]
        seen = sum(r["outcome"] != "not seen" for r in of)
        low, high = wilson(seen, len(of))
        share = f"{seen} of {len(of)} seen: {seen / len(of):.2f} [{low:.2f}, {high:.2f}]"
        lines.append(f"{group:20} {share}")
    for r in results:
        if r["outcome"] == "not seen":
            lines.append(f"not seen: {r['file']}:{r['line']}  {r['before']}  ->  {r['after']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
