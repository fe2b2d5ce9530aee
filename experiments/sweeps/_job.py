"""The folder of one job: its state, its lock, its log."""

import contextlib
import fcntl
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, TypedDict, cast

from ...common.files import remove_halves, write_whole
from ...common.strict_json import read_strictly
from ..formats import to_json
from ..stored import RECORD, mark_of, why_not_done

STATE, LOG, LOCK = "job.json", "job.log", "job.lock"
_TEXTS = {"state", "experiment", "label", "key", "host", "error", "record"}
_TIMES = {"started", "ended", "seconds", "cpu_seconds"}
#: Seconds since the epoch that no clock shows (the year 5138), and that calendars still hold.
LATEST = 1e11
#: `status` holds a lock for a moment to see whether anybody does; so often it is asked for again.
_TRIES, _TRY_SECONDS = 5, 0.02


class JobState(TypedDict, total=False):
    """`job.json`; what is said when a job ends is not there before, and nothing where none began.

    `state` is running, done or failed. Times are seconds since the epoch, `seconds` and
    `cpu_seconds` durations. `record` is the mark of the record that was written.
    """

    state: str
    experiment: str
    label: str | None
    key: str | None
    host: str
    pid: int
    started: float
    ended: float
    seconds: float
    cpu_seconds: float | None
    peak_memory_bytes: int
    error: str
    record: str


class JobFolder:
    """`record.json` is the result; `job.json` says what became of the job and how long it took,
    `job.log` what it printed; whoever works on it holds the lock on `job.lock`.

    Time, memory and place are in `job.json` and not in the record, so that records of one job are
    equal byte for byte wherever it ran.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / LOG
        self._begun: JobState = {}
        self._clocks: tuple[float, float] | None = None  # when it was begun here: wall, CPU

    def state(self) -> JobState:
        """What `job.json` says, an empty dictionary where there is none that a job wrote."""
        try:
            found = read_strictly(self.path / STATE, hint="run the job again")
        except ValueError:
            return {}
        return cast(JobState, found) if isinstance(found, dict) and _is_state(found) else {}

    def finished(self, key: str) -> bool:
        """Whether the job with this key is done and its record is here, whole and its own."""
        state = self.state()
        done = state.get("state") == "done" and state.get("key") == key
        return done and not self.why_not_done(key, state)

    def why_not_done(self, key: str, state: JobState) -> str:
        """Why the record here does not count as that of the job that is done with this key, as
        `state` says; empty where it does."""
        record, mark = self.path / RECORD, state.get("record")
        if mark is not None and mark == mark_of(record):
            return ""
        return why_not_done(record, key)

    def begin(self, *, key: str | None, experiment: str, label: str | None = None) -> None:
        """Say that the job runs; a record of another job or of older code is removed, once that is
        said, and what a killed process had not renamed yet."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in (RECORD, STATE):
            remove_halves(self.path / name)
        self._clocks = time.monotonic(), time.process_time()
        self._begun = {
            "state": "running",
            "experiment": experiment,
            "label": label,
            "key": key,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": time.time(),
        }
        self._write(self._begun)
        (self.path / RECORD).unlink(missing_ok=True)

    def end(self, state: str, *, key: str | None = None, error: str | None = None) -> None:
        """Say what became of the job that was begun: `done` with its key, or `failed` and why."""
        begun = self._begun or self.state()
        started = begun.get("started", time.time())
        if self._clocks is None:  # another process had begun it, and a clock may be set back
            seconds, cpu = max(0.0, time.time() - started), None
        else:
            seconds = time.monotonic() - self._clocks[0]
            cpu = time.process_time() - self._clocks[1]
        ended: JobState = {
            **begun,
            "state": state,
            "ended": started + seconds,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_memory_bytes": _peak_memory(),
        }
        if key:
            ended["key"] = key
        if error:
            ended["error"] = error
        if state == "done" and (mark := mark_of(self.path / RECORD)):
            ended["record"] = mark
        self._write(ended)

    def clear(self) -> None:
        """Forget how an earlier attempt ended, before the next one; not while a process works."""
        if (self.path / STATE).exists():
            with self.locked() as mine:
                if mine:
                    (self.path / STATE).unlink(missing_ok=True)

    def running(self) -> bool:
        """Whether a process holds the lock now."""
        try:
            with (self.path / LOCK).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # nobody has begun, or a file system without locks
            return False
        return False

    @contextlib.contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock; yields False where another process does.

        The lock is the system's: it ends with the process, however that ends.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / LOCK).open("wb") as file:
            yield _lock(file)

    @contextlib.contextmanager
    def logged(self) -> Iterator[None]:
        """Send what this process prints, its libraries included, into the log.

        By file descriptor: a library that keeps `sys.stderr` from the first job of a process then
        writes into the log of each. Streams that are somewhere else (a notebook's) are replaced.
        """
        kept = os.dup(1), os.dup(2)
        _flush()
        try:
            with self.log.open("wb") as file, contextlib.ExitStack() as replaced:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                text = os.fdopen(os.dup(2), "a", 1, encoding="utf-8")
                replaced.callback(_close, text)
                if not _is_descriptor(sys.stdout, 1):
                    replaced.enter_context(contextlib.redirect_stdout(text))
                if not _is_descriptor(sys.stderr, 2):
                    replaced.enter_context(contextlib.redirect_stderr(text))
                yield
        finally:
            _flush()
            for number, old in zip((1, 2), kept, strict=True):
                os.dup2(old, number)
                os.close(old)

    def _write(self, state: JobState) -> None:
        write_whole(self.path / STATE, to_json(state) + "\n")


def _lock(file: BinaryIO) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait()
        except OSError:  # a file system without locks: nobody can be kept out
            return True
        else:
            return True
    return False


def _wait() -> None:
    time.sleep(_TRY_SECONDS)


def _is_state(found: dict[str, object]) -> bool:
    """Whether the values are of the kinds that `JobState` names."""
    if found.get("state") not in ("running", "done", "failed"):
        return False
    for name, value in found.items():
        if name in _TEXTS and not isinstance(value, str | None):
            return False
        if name in _TIMES and value is not None and not is_time(value):
            return False
    return True


def is_time(value: object) -> bool:
    """Whether a value is a number of seconds that a clock or a stopwatch can have shown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < LATEST


def _is_descriptor(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (AttributeError, OSError, ValueError):
        return False


def _close(stream: TextIO) -> None:
    with contextlib.suppress(OSError):  # of what a full disk did not take
        stream.close()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # none, closed, disk full
            stream.flush()


def _peak_memory() -> int:
    """Of the process so far: of this job and of those that it did before."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
