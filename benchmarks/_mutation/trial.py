"""A change in a clone, and the tests that try it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .reach import Reach

#: CPU seconds of the tests of a stage, as they take without a change; the least of them come first.
FIRST, SECOND = 40.0, 80.0
#: A test that takes longer tries no change.
LONGEST = 30.0
#: Files whose cheap tests look at the code instead of running it.
LOOKING = ("tests/test_architecture.py", "tests/test_public_api.py")


class Stage(NamedTuple):
    """Tests that try a change together, and the CPU seconds that they take without one."""

    name: str
    tests: list[str]
    seconds: float


def stages(reach: Reach, file: str, line: int) -> list[Stage]:
    """The tests that execute a line, then others that may say something of it. A line that no test
    executes (on import alone it is) is first tried by the tests that look at the code."""
    near, whole, processes = reach.of_line(file, line), reach.of_file(file), reach.with_processes()
    looking = {
        name: test for name, test in reach.of_files(LOOKING).items() if test["seconds"] < 2
    }  # fmt: skip
    first = _cheapest(near, FIRST) if near else [*looking]
    every = near | whole | processes | looking
    second = [] if first == [*looking] else [*looking]
    second += _cheapest(_without(whole, first), SECOND)
    left = SECOND - sum(every[name]["seconds"] for name in second)
    second += _cheapest(_without(processes, whole | looking), left)
    return [
        Stage(name, tests, sum(every[test]["seconds"] for test in tests))
        for name, tests in (("first", first), ("second", second))
    ]


def _without(tests: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: tests[name] for name in tests.keys() - set(names)}


def _cheapest(tests: Mapping[str, dict[str, Any]], seconds: float) -> list[str]:
    """Tests within a time, the narrowest and cheapest first, those of a file together."""

    def rank(name: str) -> tuple[float, str]:
        lines = sum(map(len, tests[name]["lines"].values()))
        return (tests[name]["seconds"] + 0.02) * (lines + 1), name

    chosen: dict[str, list[str]] = {}
    for name in sorted(tests, key=rank):
        if tests[name]["seconds"] <= min(seconds, LONGEST):
            seconds -= tests[name]["seconds"]
            chosen.setdefault(name.split("::")[0], []).append(name)
    return [name for names in chosen.values() for name in names]


class Runner:
    """Runs tests of a checkout, see `server`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        settings = {"OMP_NUM_THREADS": "1"}
        self._server = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("server.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | settings,
        )  # fmt: skip

    def run(self, tests: Sequence[str], limit: float | None = None) -> tuple[str, list[str]]:
        """How tests went, and which failed: all of them, or the first within a `limit` in CPU
        seconds."""
        arguments = ["-q", "-n0", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
        # What is imported already cannot be rewritten.
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        arguments += [*(["-x"] if limit else []), *tests]
        asked = {"root": str(self.root), "arguments": arguments, "limit": limit}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps(asked), file=self._server.stdin, flush=True)
        done = json.loads(self._server.stdout.readline())
        if done["status"] is None:
            return "no end", []
        if done["status"] == 0:
            return "passed", []
        failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done["output"], re.MULTILINE)
        return "failed", failed or [done["output"][-200:]]

    def close(self) -> None:
        """End the server, which ends with its input."""
        if self._server.stdin is not None:
            self._server.stdin.close()
        self._server.wait()


def attempt(change: Mapping[str, Any], runner: Runner, plan: Sequence[Stage]) -> dict[str, Any]:
    """Try a change of a file by the tests of each stage, and put the file back."""
    path = runner.root / change["file"]
    before = path.read_text(encoding="utf-8")
    said = {key: value for key, value in change.items() if key != "code"}
    path.write_text(change["code"], encoding="utf-8")
    try:  # interrupted too, the file is put back
        for stage, tests, seconds in plan:
            how, failed = runner.run(tests, 20 + 1.5 * seconds) if tests else ("passed", [])
            if how != "passed":
                return said | {"outcome": "seen", "stage": stage, "by": (failed or [how])[0]}
    finally:
        path.write_text(before, encoding="utf-8")
    return said | {"outcome": "not seen", "stage": "", "by": ""}
