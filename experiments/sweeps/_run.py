"""One job of a sweep, in whatever process an engine gives it."""

import contextlib
import dataclasses
import functools
import importlib
import os
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...common.progress import Progress, silent
from ..study import Study
from ._job import JobFolder
from ._mistakes import one_line
from ._threads import limit_threads

if TYPE_CHECKING:
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

    from ..schemas import Launched

_WATCH_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class SweepJob:
    """What a worker needs to know: the study by module and name, settings, folder, key."""

    module: str
    study: str
    label: str
    settings: "Launched"
    folder: str
    key: str
    code: Mapping[str, object]
    threads: int
    cwd: str  # where relative paths in settings begin, on whatever machine the job runs
    #: Its whole configuration, where Hydra has callbacks that want it.
    hydra: "DictConfig | None" = None


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of a job: `done`, `failed`, or `elsewhere` where another process works on it;
    `worker` is the process that did it, None where none did."""

    folder: str
    state: str
    error: str | None = None
    seconds: float = 0.0
    worker: str | None = None

    @classmethod
    def of(cls, folder: JobFolder) -> "Ended | None":
        """What a job's folder says of it, None while it is not over."""
        state = folder.state()
        word = state.get("state")
        if word not in ("done", "failed"):
            return None
        return cls(
            folder=str(folder.path),
            state=word,
            error=state.get("error"),
            seconds=state.get("seconds", 0.0),
            worker=f"{state.get('host')}:{state.get('pid')}",
        )


def run_job(job: SweepJob) -> Ended:
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
        folder.begin(key=job.key, experiment=job.study, label=job.label)
        with folder.logged():
            try:
                os.chdir(job.cwd)
                study = getattr(importlib.import_module(job.module), job.study)
                with _callbacks(job, study):
                    _, _, key = study.run(job.settings, folder.path, code=job.code)
            except (Exception, SystemExit) as error:
                traceback.print_exc()
                folder.end("failed", error=one_line(error) or type(error).__name__)
            else:
                folder.end("done", key=key)
        ended = Ended.of(folder)
    assert ended is not None
    return ended


def run_here(
    study: Study[Any, Any], settings: "Launched", folder: Path, *, say: Progress = silent
) -> tuple[object, Mapping[str, object]]:
    """Run one job in this process and in the open: what was found, and its result as data.

    The folder says of it what it says of a job of a sweep. Where what the job reads cannot be
    read, there is no folder.
    """
    study.inputs(settings)
    at = JobFolder(folder)
    at.begin(key=None, experiment=study.name)
    try:
        outcome, result, key = study.run(settings, folder, say=say)
    except BaseException as error:
        at.end("failed", error=one_line(error) or type(error).__name__)
        raise
    at.end("done", key=key)
    return outcome.result, result


@contextlib.contextmanager
def _callbacks(job: SweepJob, study: Study) -> Iterator[None]:
    """Hydra's `on_job_start` and `on_job_end` around a job, where the user has callbacks."""
    if job.hydra is None:
        yield
        return
    from hydra._internal.callbacks import Callbacks
    from hydra.core.utils import JobReturn, JobStatus
    from omegaconf import OmegaConf

    callbacks, settings = Callbacks(job.hydra), OmegaConf.structured(job.settings)
    made = JobReturn(
        overrides=list(job.hydra.hydra.overrides.task),
        cfg=settings,
        hydra_cfg=job.hydra,
        working_dir=job.folder,
        task_name=study.name,
    )
    work = cast("TaskFunction", study.work)  # a callback may ask where it is defined
    callbacks.on_job_start(config=job.hydra, task_function=work)
    try:
        yield
        made.status = JobStatus.COMPLETED
    except BaseException as error:
        made.status, made.return_value = JobStatus.FAILED, error
        raise
    finally:
        callbacks.on_job_end(config=job.hydra, job_return=made)


def run_as_child(job: SweepJob) -> Ended:
    """`run_job` in a worker that ends when the process that launched the sweep does."""
    _watch_parent()
    return run_job(job)


@functools.cache
def _watch_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)  # nobody reads results any more; the sweep that is run again does this job

    threading.Thread(target=watch, daemon=True, name="watch-parent").start()
