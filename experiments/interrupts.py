"""Ctrl-C ends a command at once, also while a library computes and Python cannot look up.

Python raises KeyboardInterrupt between two of its own steps; a compilation or a large product is
one step, which may take a minute. So the command has a short time to end by itself; then a thread
that the signal wakes says so, and ends the process.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import NoReturn

from ..common.files import remove_unfinished

#: Seconds for a command to end by itself.
_PATIENCE = 0.25
#: The status of an interrupted process: 128 and the number of SIGINT, as shells count.
INTERRUPTED = 130
_SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"  # bars hide it


class Interruption:
    """`with Interruption(said) as it:` around a command; `it.say()` prints the one line, once.

    In a thread other than the main one, which gets no signals, it does nothing by itself.
    """

    def __init__(self, said: str) -> None:
        self._said, self._lock, self._told = said, threading.Lock(), False
        self._over = threading.Event()
        # What a job of a sweep prints goes to its file meanwhile; the one line does not.
        self._stderr = os.dup(2)
        self._ends: tuple[int, int] | None = None
        self._before = -1

    def say(self) -> int:
        """Print the line on stderr where that has not been done: the status of the process."""
        with self._lock:
            if not self._told:
                self._told = True
                # Not by sys.stderr: whoever was stopped may hold its lock.
                shown = _SHOW_CURSOR if os.isatty(self._stderr) else b""
                os.write(self._stderr, shown + f"nullcline: {self._said}\n".encode())
        return INTERRUPTED

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._ends = reading, writing = os.pipe()
            os.set_blocking(writing, False)
            self._before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
            threading.Thread(
                target=self._watch, args=(reading,), name="interruption", daemon=True
            ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._ends is not None:
            signal.set_wakeup_fd(self._before)
            os.close(self._ends[1])  # which ends the thread
        with self._lock:
            given, self._stderr = self._stderr, 2
        os.close(given)

    def _watch(self, reading: int) -> None:
        while got := os.read(reading, 1):
            if got[0] == signal.SIGINT and not self._over.wait(_PATIENCE):
                self.say()
                end_now()
        os.close(reading)


@contextmanager
def children_without_ctrl_c() -> Iterator[None]:
    """Processes and threads that are started inside never get SIGINT; whoever starts them ends
    them. In the main thread, Ctrl-C is heard at the end.

    A terminal sends Ctrl-C to all of its processes, and one that has just begun, and has not got
    so far as to ignore it, or that is left half started, would print a trace.
    """
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # first, since it unblocks the signal where it is started
    heard: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if main:
            signal.signal(signal.SIGINT, handler)
    if heard:
        signal.raise_signal(signal.SIGINT)


def end_now() -> NoReturn:
    """End an interrupted process without what libraries do at their end, which may take seconds.

    Processes that work for this one go with it: they would wait for it for ever.
    """
    processes = sys.modules.get("multiprocessing")
    for child in processes.active_children() if processes else ():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(child.pid, signal.SIGKILL)  # not `child.kill`: joblib's processes have none
    remove_unfinished()
    os._exit(INTERRUPTED)
