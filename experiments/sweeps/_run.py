"""One job of a sweep, in whatever process an engine gives it."""

import contextlib
import dataclasses
import functools
import importlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
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
    #: A file that is there once no other job is to begin; None where a failure stops nothing.
    stop: str | None = None
    #: Its whole configuration, where Hydra has callbacks that want it.
    hydra: "DictConfig | None" = None


@dataclasses.dataclass(frozen=True)
class Ended:
    """What became of a job: `done`, `failed`, `elsewhere` where another process works on it, or
    `left` where a failure stopped the sweep before; `worker` is the process that did it, None where
    none did."""

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
    if job.stop is not None and Path(job.stop).exists():
        return Ended(job.folder, "left")
    try:
        ended = _run_in_folder(job)
    except OSError as error:  # its folder cannot be written: nothing can be said there
        ended = Ended(job.folder, "failed", one_line(error))
    if ended.state == "failed":
        stop_others(job)
    return ended


def stop_others(job: SweepJob) -> None:
    """Let no other job of the sweep begin, where its launcher says so."""
    if job.stop is not None:
        with contextlib.suppress(OSError):
            Path(job.stop).touch()


def _run_in_folder(job: SweepJob) -> Ended:
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
                with _callbacks(job, study) as returned:
                    _, result, key = study.run(job.settings, folder.path, code=job.code)
                    returned(result)
            except (Exception, SystemExit) as error:
                with contextlib.suppress(OSError):  # a full disk holds no log either
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

    **Raises** ValueError where another process works in the folder, and what the job raises.
    """
    study.inputs(settings)
    at = JobFolder(folder)
    with at.locked() as mine:
        if not mine:
            raise ValueError(f"{folder}: another process works there; wait, or give another folder")
        at.begin(key=None, experiment=study.name)
        try:
            outcome, result, key = study.run(settings, folder, say=say)
        except BaseException as error:
            with contextlib.suppress(OSError):  # a full disk: the error itself says so
                at.end("failed", error=one_line(error) or type(error).__name__)
            raise
        at.end("done", key=key)
    return outcome.result, result


@contextlib.contextmanager
def _callbacks(job: SweepJob, study: Study) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Hydra's `on_job_start` and `on_job_end` around a job, where the user has callbacks; what is
    yielded takes the job's result, of which they see the objective, as in a single run."""
    if job.hydra is None:
        yield lambda result: None
        return
    from hydra._internal.callbacks import Callbacks
    from hydra.core.utils import JobReturn, JobStatus
    from omegaconf import OmegaConf, open_dict

    with open_dict(job.hydra):
        job.hydra.hydra.runtime.output_dir = job.folder
    callbacks, settings = Callbacks(job.hydra), OmegaConf.structured(job.settings)
    made = JobReturn(
        overrides=list(job.hydra.hydra.overrides.task),
        cfg=settings,
        hydra_cfg=job.hydra,
        working_dir=job.cwd,
        task_name=study.name,
    )

    def returned(result: Mapping[str, Any]) -> None:
        with contextlib.suppress(ValueError):  # no such number: the sweeper, if any, says so
            made.return_value = study.objective_of(result, job.settings.objective)

    work = cast("TaskFunction", study.work)  # a callback may ask where it is defined
    callbacks.on_job_start(config=job.hydra, task_function=work)
    try:
        yield returned
        made.status = JobStatus.COMPLETED
    except BaseException as error:
        made.status, made.return_value = JobStatus.FAILED, error
        raise
    finally:
        callbacks.on_job_end(config=job.hydra, job_return=made)


def tell_failed(settings: "DictConfig", error: Exception) -> None:
    """Hydra's `on_job_end` of the single run that is under way, whose error is said here on one
    line: Hydra tells callbacks of errors that come out to it alone."""
    from hydra._internal.callbacks import Callbacks
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.utils import JobReturn, JobStatus

    config = cast("DictConfig", HydraConfig.instance().cfg)
    failed = JobReturn(cfg=settings, hydra_cfg=config, status=JobStatus.FAILED)
    failed.return_value = error
    Callbacks(config).on_job_end(config=config, job_return=failed)


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
