"""A process of its own for computing: the server stays quick, and a job that hangs is ended."""

import itertools
import multiprocessing
import queue
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from ._errors import JobError


class Worker(Protocol):
    """Runs jobs one after another; the future fails with `JobError` for what the reader gave."""

    def submit(self, name: str, arguments: Mapping[str, Any], *, urgent: bool = True) -> Future: ...

    def close(self) -> None: ...


class ProcessWorker:
    """Jobs in a spawned process, started with the first job, ended if one takes too long."""

    def __init__(self, *, seconds: float):
        self._seconds = seconds
        self._waiting: queue.PriorityQueue = queue.PriorityQueue()
        self._number = itertools.count()
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def submit(self, name: str, arguments: Mapping[str, Any], *, urgent: bool = True) -> Future:
        """Queue a job, before all that are not urgent; its future holds the parts."""
        future: Future = Future()
        item = (future, name, dict(arguments))
        self._waiting.put((0 if urgent else 1, next(self._number), item))
        return future

    def close(self) -> None:
        """End the thread and the process; what still waits is cancelled."""
        self._closed = True
        self._waiting.put((2, next(self._number), None))
        child = self._child
        if child is not None:
            child.kill()  # the thread then finds the pipe at its end
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while (item := self._waiting.get()[2]) is not None:
            future, name, arguments = item
            if self._closed:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._ask(name, arguments))
            except Exception as error:
                future.set_exception(error)
        self._end_child()

    def _ask(self, name: str, arguments: dict) -> Any:
        if self._child is None or not self._child.is_alive():
            self._start_child()
        pipe = self._pipe
        assert pipe is not None
        try:
            pipe.send((name, arguments))
            if not pipe.poll(self._seconds):
                self._end_child()
                raise JobError(f"this took more than {self._seconds:.0f} s and was ended")
            answer, value = pipe.recv()
        except (EOFError, OSError):
            self._end_child()
            raise RuntimeError("the process that computes has ended") from None
        if answer == "refused":
            raise JobError(*value)
        if answer == "failed":
            raise RuntimeError(value)
        return value

    def _start_child(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=_run_child, args=(theirs,), daemon=True)
        child.start()
        theirs.close()
        self._child, self._pipe = child, ours

    def _end_child(self) -> None:
        child, pipe = self._child, self._pipe
        self._child = self._pipe = None
        if child is not None:
            child.kill()
            child.join(timeout=5)
        if pipe is not None:
            pipe.close()


def _run_child(pipe: Connection) -> None:
    """Take jobs from the pipe until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server is told, and it ends this process
    from ..cli import use_double_precision

    use_double_precision()
    from ._jobs import run

    while True:
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(_answer(run, name, arguments))


def _answer(run, name: str, arguments: dict) -> tuple[str, Any]:
    try:
        return "done", run(name, arguments)
    except ValueError as error:
        return "refused", (" ".join(str(error).split()), getattr(error, "row", None))
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"


class ThreadWorker:
    """Jobs in a thread of this process, for one that has everything loaded already."""

    def __init__(self):
        self._lock = threading.Lock()

    def submit(self, name: str, arguments: Mapping[str, Any], *, urgent: bool = True) -> Future:
        """Start a job; its future holds the parts."""
        future: Future = Future()
        future.set_running_or_notify_cancel()
        thread = threading.Thread(target=self._run, args=(future, name, dict(arguments)))
        thread.daemon = True
        thread.start()
        return future

    def close(self) -> None:
        """Nothing to end."""

    def _run(self, future: Future, name: str, arguments: dict) -> None:
        from ._jobs import run

        with self._lock:
            answer, value = _answer(run, name, arguments)
        if answer == "done":
            future.set_result(value)
        else:
            future.set_exception(JobError(*value) if answer == "refused" else RuntimeError(value))
