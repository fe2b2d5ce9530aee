"""How routes are measured: in turn, with peak memory, here or in a peer's environment.

A peer that cannot live beside our packages runs in a process of its own (`PeerProcess`), started
once, which does one turn at a time when it is asked (`serve_turns`): it waits while ours works.
"""

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MB = 1e6
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Timing:
    """Seconds of a route: its first call, then one of each round; `peak_mb` of all rounds."""

    first: float = 0.0
    seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def compile_s(self) -> float:
        """What the first call took above the median of the later ones."""
        later = sorted(self.seconds)[len(self.seconds) // 2]
        return max(0.0, self.first - later)


def in_turn(
    routes: Mapping[str, Callable[[], Any]],
    repeats: int,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Every route once to compile and to load, then all of them `repeats` times, round by round."""
    found = {name: Timing() for name in routes}
    for turn in range(repeats + 1):
        for name, route in routes.items():
            # A peer's route is measured where it runs.
            seconds, peak_mb = route.turn() if isinstance(route, PeerRoute) else once(route, clock)
            if turn:
                found[name].seconds.append(seconds)
                found[name].peak_mb = max(found[name].peak_mb, peak_mb)
            else:
                found[name].first = seconds
    return found


def once(
    work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Seconds of a call, and MB that it needs above what is held before it."""

    def timed() -> float:
        begin = clock()
        work()
        return clock() - begin

    more, seconds = above(timed)
    return seconds, more / MB


def high_water() -> int:
    """Most bytes that this process has held, on Linux since the last reset."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM"):
                return 1024 * int(line.split()[1])
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest


def above(work: Callable[[], Any]) -> tuple[int, Any]:
    """Bytes that `work()` needs above what is held before it, and what it returns.

    What earlier work has freed is given back to the system first. Linux can reset the greatest
    memory of a process; elsewhere only what exceeds the greatest so far is seen.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    if _RESET.exists():
        _RESET.write_text("5")
    before = high_water()
    result = work()
    return high_water() - before, result


class PeerProcess:
    """A script in a peer's environment whose routes are called from here.

    `about` is what the script said of itself; `route(NAME)` is for `in_turn`.
    """

    def __init__(self, python: str | Path, script: str, *arguments: object) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - until the process has ended
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).parents[1] / script), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={**os.environ, **_ONE_THREAD},
        )
        self.about = self._line()

    def __enter__(self) -> "PeerProcess":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()
        self._said.close()

    def route(self, name: str) -> "PeerRoute":
        return PeerRoute(self, name)

    def ask(self, name: str) -> dict[str, Any]:
        """One turn of a route in the other process."""
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._said.seek(0)
            last = self._said.read().strip().splitlines()[-1:] or ["it said nothing"]
            raise RuntimeError(f"the peer's process ended: {last[0]}")
        return json.loads(line)


class PeerRoute:
    """A route of a `PeerProcess`."""

    def __init__(self, process: PeerProcess, name: str) -> None:
        self._process, self._name = process, name

    def turn(self) -> tuple[float, float]:
        """Seconds and MB of one call there."""
        said = self._process.ask(self._name)
        return said["seconds"], said["peak_mb"]

    def __call__(self) -> None:
        self.turn()


def serve_turns(routes: Mapping[str, Callable[[], Any]], about: Mapping[str, Any]) -> None:
    """The other side of `PeerProcess`: say `about`, then one turn for each line of stdin."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    print(json.dumps(about), file=answers, flush=True)
    for line in sys.stdin:
        seconds, peak_mb = once(routes[line.strip()])
        print(json.dumps({"seconds": seconds, "peak_mb": peak_mb}), file=answers, flush=True)
