"""CPU seconds of each test and each file, processes that they start included.

    python benchmarks/cpu_of_tests.py [ARGUMENTS-OF-PYTEST]

A fixture counts with the first test that asks for it, a process with the test in which it ends.
Importing what the tests import counts with no test: it is the difference to the sum. Processes that
nothing waits for, as most of Chromium's, count nowhere.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

VARIABLE = "CPU_OF_TESTS"
SHOWN = 30


def spent(*of: int) -> float:
    usage = [resource.getrusage(who) for who in of]
    return sum(one.ru_utime + one.ru_stime for one in usage)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = spent(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    result = yield
    seconds = spent(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) - before
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([item.nodeid, round(seconds, 3)]) + "\n")
    return result


def table(rows: list[tuple[str, float]]) -> str:
    """The most expensive files, then the most expensive tests."""
    files: Counter[str] = Counter()
    for name, seconds in rows:
        files[name.split("::")[0]] += seconds  # type: ignore[assignment]
    parts = (files.most_common(SHOWN), sorted(rows, key=lambda row: -row[1])[:SHOWN])
    return "\n\n".join("\n".join(f"{seconds:7.1f}  {name}" for name, seconds in p) for p in parts)


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.touch()
        command = [sys.executable, "-m", "pytest", "-p", "cpu_of_tests", *arguments]
        here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        settings = {"PYTHONPATH": here.rstrip(os.pathsep), VARIABLE: str(path)}
        status = subprocess.call(command, env=os.environ | settings)
        rows = [tuple(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    print(table(rows))
    tests, whole = sum(row[1] for row in rows), spent(resource.RUSAGE_CHILDREN)
    print(f"\n{whole:.0f} CPU s: {tests:.0f} in {len(rows)} tests, the rest importing")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
