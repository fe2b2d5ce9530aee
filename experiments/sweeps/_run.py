"""One job of a sweep, in whatever process an engine gives it."""

import dataclasses
import functools
import importlib
import os
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._job import JobFolder
from ._mistakes import one_line
from ._threads import limit_threads

_WATCH_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Job:
    """What a worker needs to know: the entry point by name, settings, folder, key."""

    experiment: str
    label: str
    settings: Any
    folder: str
    key: str
    code: Mapping[str, Any]
    threads: int


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of a job: `done`, `failed`, or `elsewhere` where another process works on it."""

    folder: str
    state: str
    error: str | None = None
    seconds: float = 0.0


def run_job(job: Job) -> Ended:
    """Do one job in its folder; what goes wrong with it is said there and in what is returned."""
    from ..cli import use_double_precision

    limit_threads(job.threads)
    use_double_precision()
    folder = JobFolder(Path(job.folder))
    with folder.locked() as mine:
        if not mine:
            return Ended(job.folder, "elsewhere")
        if folder.finished(job.key):
            return Ended(job.folder, "done")
        started = time.time()
        folder.begin(key=job.key, experiment=job.experiment, label=job.label)
        with folder.logged():
            try:
                experiment = find_experiment(job.experiment)
                _, key = experiment.record(job.settings, folder.path, code=job.code)
            except (Exception, SystemExit) as error:
                traceback.print_exc()
                why = one_line(error) or type(error).__name__
                folder.end("failed", error=why)
                return Ended(job.folder, "failed", why, time.time() - started)
        folder.end("done", key=key)
    return Ended(job.folder, "done", None, time.time() - started)


def run_as_child(job: Job) -> Ended:
    """`run_job` in a worker that ends when the process that launched the sweep does."""
    _watch_parent()
    return run_job(job)


def find_experiment(name: str) -> Any:
    """The entry point `experiments.NAME`."""
    return getattr(importlib.import_module(f"experiments.{name}"), name)


@functools.cache
def _watch_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)  # nobody reads results any more; the sweep that is run again does this job

    threading.Thread(target=watch, daemon=True, name="watch-parent").start()
