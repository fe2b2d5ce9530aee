"""What is being done, said on stderr while it is done: bars on a terminal, lines elsewhere."""

import atexit
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ..common.words import visible

_QUIET_SECONDS = 0.5
_LINE_SECONDS = 10.0


@dataclass
class _Part:
    """A part that counts steps: when and at which step it was first seen, when it was last said."""

    began: float
    first: int
    said: float


class Reporter:
    """The renderer of every `Progress`; `with` takes its bars away at the end.

    - A part that counts nothing is a line with the seconds since the start; parts that follow
      within half a second of the last one that was named are not.
    - A part that counts steps is a bar on a terminal until it is done; elsewhere it is named, and
      told of again every ten seconds. Several may run at once, in several threads.
    """

    def __init__(
        self,
        command: str,
        *,
        every: float = _LINE_SECONDS,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`say` takes the lines instead of stderr, without bars; `every` so many seconds."""
        self._command, self._every, self._say = command, every, say
        self._started = time.monotonic()
        self._named = -math.inf
        self._parts: dict[str, _Part] = {}
        self._notes: dict[str, str] = {}
        self._bars = _Bars() if say is None and sys.stderr.isatty() else None
        self._lock = threading.RLock()

    @property
    def live(self) -> bool:
        """Whether it draws bars."""
        return self._bars is not None

    def __call__(self, part: str, done: int = 0, total: int = 0, /) -> None:
        with self._lock:
            if total > 0:
                self._count(part, done, total)
                return
            self._parts.clear()
            if self._bars is not None:
                self._bars.clear()
            self._name(part)

    def note(self, part: str, text: str) -> None:
        """A few words behind the count of a part, such as a loss."""
        with self._lock:
            self._notes[part] = text

    def line(self, text: str) -> None:
        """A line of its own, above the bars, without what a terminal would obey."""
        text = visible(text)
        with self._lock:
            if self._bars is not None:
                self._bars.line(text)
            elif self._say is not None:
                self._say(text)
            else:
                print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.clear()

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _name(self, part: str) -> None:
        now = time.monotonic()
        if now - self._named >= _QUIET_SECONDS:
            self._named = now
            self.line(f"{self._command} {now - self._started:5.1f} s  {part}")

    def _count(self, part: str, done: int, total: int) -> None:
        now, note = time.monotonic(), self._notes.get(part, "")
        seen = self._parts.get(part)
        if seen is None:
            seen = self._parts[part] = _Part(began=now, first=done, said=now)
            if self._bars is None:
                self._name(part)
        elif self._bars is None and now - seen.said >= self._every and done < total:
            seen.said = self._named = now
            left = seconds_left(now - seen.began, done - seen.first, total - done)
            text = count_text(part, done, total, left, note)
            self.line(f"{self._command} {now - self._started:5.1f} s  {text}")
        if self._bars is not None:
            self._bars.count(part, done, total, note)
        if done >= total:
            self._parts.pop(part)
            self._notes.pop(part, None)


class _Bars:
    """Live bars by rich, shown while there are any. What is printed to stderr meanwhile stands
    above them; stdout, which belongs to the result, is not touched."""

    def __init__(self) -> None:
        self._live: Any = None
        self._tasks: dict[str, Any] = {}

    def count(self, part: str, done: int, total: int, note: str) -> None:
        if self._live is None:
            self._live = _rich_bars()
            self._live.start()
            atexit.register(self.clear)  # after an error: the cursor is hidden while bars are shown
        if part not in self._tasks:
            self._tasks[part] = self._live.add_task(part, total=total, completed=done, note=note)
        self._live.update(self._tasks[part], completed=done, total=total, note=note)
        if done >= total:
            self._live.remove_task(self._tasks.pop(part))
            if not self._tasks:
                self.clear()

    def line(self, text: str) -> None:
        if self._live is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def clear(self) -> None:
        if self._live is not None:
            self._live.stop()
            atexit.unregister(self.clear)
        self._live = None
        self._tasks.clear()


def _rich_bars() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
    )


def report_parts(command: str) -> Reporter:
    """The reporter of a command."""
    return Reporter(command)


def count_text(part: str, done: int, total: int, left: float | None, note: str = "") -> str:
    """`folds: 3 of 20, loss 1.632, 0:12 left`."""
    words = [f"{part}: {done} of {total}", note]
    words.append("" if left is None else f"{duration(left)} left")
    return ", ".join(word for word in words if word)


def seconds_left(seconds: float, done: int, left: int) -> float | None:
    """How long `left` steps take if they go like the last `done` ones; None before the first."""
    return None if done <= 0 else left * seconds / done


def duration(seconds: float) -> str:
    """`1:05`, `2:03:04`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
