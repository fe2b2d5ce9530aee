"""A sweep's progress on stderr, and its end: what failed, each with its log."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ...common.words import counted
from ..progress import Reporter, duration, seconds_left
from ..text import text_table
from ._job import LOG
from ._run import Ended, SweepJob

_LOG_SECONDS = 5.0
_MOST_ROWS = 30
_WIDEST = 80


class SweepProgress:
    """Tells of a sweep while it runs: one line that changes on a terminal, a line now and then in
    a log."""

    def __init__(
        self, name: str, sweep: Path, jobs: Sequence[SweepJob], *, workers: int | None = None
    ) -> None:
        """`workers`: how many work at once at most, where that was asked for."""
        self._name, self._sweep = name, sweep
        self._jobs = {job.folder: job for job in jobs}
        self._skipped = self._done = 0
        self._failed: list[Ended] = []
        self._elsewhere: list[Ended] = []
        self._not_begun: list[Ended] = []
        self._seconds: dict[str, float] = {}  # that each worker spent inside jobs
        self._most_workers = workers
        self._left = 0
        self._ended_here = 0
        self._began = self._said = time.monotonic()
        self._reporter = Reporter(name)

    def skipped(self) -> None:
        """A job is done already."""
        self._skipped += 1

    def again(self, job: SweepJob, why: str) -> None:
        """A job is done again, though a record lies in its folder."""
        self._say(f"again: {job.label}: {why}")

    def waits(self, jobs: int) -> None:
        """Other processes work on what is left."""
        self._say(f"waiting for {counted(jobs, 'job')} that another process works on")

    def begin(self, left: int) -> None:
        """The others are launched now."""
        self._left = left
        self._began = time.monotonic()
        done = f", {self._skipped} finished already and skipped" if self._skipped else ""
        jobs = counted(len(self._jobs), "job")
        self._say(f"{jobs}{done}, {left} to do in {short_path(self._sweep)}")

    def ended(self, ended: Ended) -> None:
        """A job is over."""
        kept = {
            "done": None,
            "failed": self._failed,
            "elsewhere": self._elsewhere,
            "left": self._not_begun,
        }[ended.state]
        if kept is None:
            self._done += 1
        else:
            kept.append(ended)
        if ended.worker:
            self._seconds[ended.worker] = self._seconds.get(ended.worker, 0.0) + ended.seconds
        if self._left and ended.state != "left":
            self._ended_here += 1
        if ended.state == "failed":
            self._say(f"failed: {self._jobs[ended.folder].label}: {ended.error}")
        now = time.monotonic()
        if self._reporter.live:
            self._reporter.note(self._name, f"{len(self._failed)} failed" if self._failed else "")
            self._reporter(self._name, self._skipped + self._done, len(self._jobs))
        elif now - self._said >= _LOG_SECONDS:
            self._said = now
            self._reporter.line(self._line())

    def close(self) -> int:
        """The summary; how many jobs are not done."""
        done = self._skipped + self._done
        missing = len(self._jobs) - done
        self._reporter.close()
        self._say(
            f"{done} of {counted(len(self._jobs), 'job')} done"
            + (f" ({self._skipped} before)" if self._skipped else "")
            + (f", {len(self._failed)} failed" if self._failed else "")
            + (f", {len(self._not_begun)} not begun" if self._not_begun else "")
            + (f", {len(self._elsewhere)} being done by another process" if self._elsewhere else "")
            + (self._cost() if self._seconds else "")
            + ("" if missing else f"; nullcline collect {short_path(self._sweep)}")
        )
        if self._failed:
            rows = [
                (short_path(Path(ended.folder) / LOG), cut(ended.error or ""))
                for ended in self._failed[:_MOST_ROWS]
            ]
            print(text_table(("log of what failed", "why"), rows), file=sys.stderr)
            if len(self._failed) > _MOST_ROWS:
                more = len(self._failed) - _MOST_ROWS
                print(f"and {more} more; nullcline status names all", file=sys.stderr)
        if missing:
            them = "it" if missing == 1 else "them"
            self._say(
                f"not finished: {counted(missing, 'job')} to do; the same command does {them} and "
                "skips what is done"
            )
        return missing

    def _cost(self) -> str:
        """Seconds, and what launching took: the time that no worker spent inside a job."""
        seconds, workers = time.monotonic() - self._began, len(self._seconds)
        # An engine may have put a new process in the place of one that had grown too large.
        workers = min(workers, self._most_workers or workers)
        idle = max(0.0, seconds * workers - sum(self._seconds.values()))
        per_job = idle / max(self._ended_here, 1)
        return (
            f" in {seconds:.1f} s by {counted(workers, 'worker')}, of which launching took "
            f"{per_job:.2f} s per job"
        )

    def _line(self) -> str:
        done = self._skipped + self._done
        line = f"{self._name}: {done}/{len(self._jobs)} done"
        if self._failed:
            line += f", {len(self._failed)} failed"
        left = self._left - self._ended_here
        seconds = seconds_left(time.monotonic() - self._began, self._ended_here, left)
        if seconds:
            clock = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
            line += f", ends about {clock} ({duration(seconds)} left)"
        return line

    def _say(self, text: str) -> None:
        self._reporter.line(f"{self._name}: {text}")


def short_path(path: Path | str) -> str:
    """The path from here where it lies below."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def cut(text: str) -> str:
    """Text for one column of a table."""
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
