"""A process of its own for computing: the server stays quick, and a job that hangs is ended."""

import itertools
import multiprocessing
import multiprocessing.connection
import os
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol

from pebble import ProcessExpired, ProcessPool

from ..interrupts import children_without_ctrl_c
from ._errors import JobError

if TYPE_CHECKING:
    from ._jobs import Parts


class Worker(Protocol):
    """Runs jobs one after another; the future fails with `JobError` for what the reader gave."""

    def submit(
        self, name: str, arguments: Mapping[str, object], *, urgent: bool = True
    ) -> "Future[Parts]": ...

    def close(self) -> None: ...


class ProcessWorker:
    """Jobs in a spawned process, started with the first job, ended if one takes too long.

    The process, its time limit and its end are pebble's. The queue is not: pebble's has one order
    only, and gives what waits to the process at once, so that to cancel it would end the process.
    """

    def __init__(self, *, seconds: float):
        self._seconds = seconds
        self._waiting: queue.PriorityQueue = queue.PriorityQueue()
        self._number = itertools.count()
        self._pool = _new_pool()
        self._running: Future[Parts] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(
        self, name: str, arguments: Mapping[str, object], *, urgent: bool = True
    ) -> "Future[Parts]":
        """Queue a job, before all that are not urgent; its future holds the parts."""
        future: Future[Parts] = Future()
        item = (future, name, dict(arguments))
        self._waiting.put((0 if urgent else 1, next(self._number), item))
        return future

    def close(self) -> None:
        """End the thread and the process; what still waits is cancelled."""
        self._closed = True
        self._pool.stop()
        if self._running is not None:
            self._running.cancel()
        self._waiting.put((2, next(self._number), None))
        self._thread.join(timeout=5)
        self._pool.join()

    def _serve(self) -> None:
        with children_without_ctrl_c():
            self._serve_all()

    def _serve_all(self) -> None:
        while (item := self._waiting.get()[2]) is not None:
            future, name, arguments = item
            if self._closed:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._compute(name, arguments))
            except Exception as error:
                future.set_exception(error)

    def _compute(self, name: str, arguments: dict[str, object]) -> "Parts":
        try:
            return self._ask(name, arguments)
        except BrokenProcessPool:  # the process was ended from outside before it took the job
            return self._ask(name, arguments)

    def _ask(self, name: str, arguments: dict[str, object]) -> "Parts":
        if not self._closed and not self._pool.active:
            # pebble gives a pool up whose process ends while it has nothing to do.
            self._pool.join()
            self._pool = _new_pool()
        job = self._pool.schedule(run_job, args=(name, arguments), timeout=self._seconds)
        self._running = job
        try:
            return job.result()
        except TimeoutError:
            raise JobError(f"this took more than {self._seconds:.0f} s and was ended") from None
        except ProcessExpired:
            raise RuntimeError("the process that computes has ended") from None


def _new_pool() -> ProcessPool:
    context = multiprocessing.get_context("spawn")
    return ProcessPool(max_workers=1, initializer=_start_process, context=context)


def _start_process() -> None:
    """Load what jobs need, outside of the time of the first one."""
    _end_with_server()
    from ..cli import use_double_precision

    use_double_precision()
    from . import _jobs as _jobs


def _end_with_server() -> None:
    """End this process when the server's has ended, however that was, whatever is being computed:
    nobody would have the result."""
    server = multiprocessing.parent_process()
    if server is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([server.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def run_job(name: str, arguments: Mapping[str, object]) -> "Parts":
    """The parts of a job. **Raises** `JobError` for what the reader gave, `RuntimeError` for the
    rest: exceptions that come through to another process, whatever the library raised."""
    from ._jobs import run

    try:
        return run(name, arguments)
    except ValueError as error:
        message = " ".join(str(error).split())
        raise JobError(message, getattr(error, "row", None)) from None
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
