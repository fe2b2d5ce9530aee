"""A sweep from its overrides to its summary: what is done is skipped, the rest is launched."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..keys import code_now, job_key
from ..launchers import Joblib, Launcher, Ray, Submitit
from ..schemas import Launched
from ..study import Study, plain_settings
from . import _cluster, _engines
from ._compose import folder_name
from ._job import JobFolder
from ._mistakes import one_line
from ._progress import SweepProgress
from ._run import Ended, SweepJob, stop_others
from ._sweep_plan import SweepPlan, read_plan, write_plan
from ._threads import limit_threads

if TYPE_CHECKING:
    from omegaconf import DictConfig

_POLL_SECONDS = 0.5

Engine = Callable[[Sequence[SweepJob]], Iterator[Ended]]


def launch(
    study: Study,
    settings: Sequence[Launched],
    labels: Sequence[str],
    sweep: Path,
    *,
    folders: Sequence[str] | None = None,
    hydra: "Sequence[DictConfig] | None" = None,
    goes_on: bool = False,
) -> tuple[list[Ended], int]:
    """Do the jobs that are not done yet in the folder `sweep`: what became of each, in order, and
    how many are not done in the end.

    The launcher is that of the first job's settings. `folders` are the names of the jobs' folders
    (made of labels and settings where they are not given), `hydra` Hydra's own configuration of
    each for its callbacks. `goes_on` says that earlier jobs of this sweep were launched before.
    """
    launcher = settings[0].launcher
    engine = _engine_of(launcher, sweep)
    limit_threads(launcher.threads)
    if folders is None:
        named = zip(settings, labels, strict=True)
        folders = [folder_name(label, plain_settings(chosen)) for chosen, label in named]
    paths = [sweep / name for name in folders]
    stop = sweep / f".stop-{secrets.token_hex(8)}" if launcher.on_error == "stop" else None
    jobs, failed = _plan(study, settings, labels, paths, hydra, launcher.threads, stop)
    plan = SweepPlan.of(study.name, launcher, jobs, time.time(), sweep)
    write_plan(sweep, plan.after(read_plan(sweep)) if goes_on else plan)
    workers = getattr(launcher, "workers", None)
    progress = SweepProgress(study.name, sweep, jobs, workers=workers)
    became: dict[str, Ended] = {}
    left = []
    for job in jobs:
        if job.folder in failed:
            became[job.folder] = Ended(job.folder, "failed", failed[job.folder])
            progress.ended(became[job.folder])
            stop_others(job)
        elif _is_done(job, progress):
            progress.skipped()
            became[job.folder] = Ended(job.folder, "done")
        else:
            left.append(job)
    progress.begin(len(left))
    for job in left:
        with contextlib.suppress(OSError):  # a folder that cannot be written: its job will say so
            JobFolder(Path(job.folder)).clear()
    try:
        for ended in _until_nobody_works(engine, left, stop, progress):
            became[ended.folder] = ended
            progress.ended(ended)
    finally:
        if stop is not None:
            stop.unlink(missing_ok=True)
    return [became.get(str(path), Ended(str(path), "left")) for path in paths], progress.close()


def _is_done(job: SweepJob, progress: SweepProgress) -> bool:
    """Whether a job is done; a record that lies there and does not count is named."""
    folder = JobFolder(Path(job.folder))
    state = folder.state()
    if state.get("state") != "done" or state.get("key") != job.key:
        return False
    why = folder.why_not_done(job.key, state)
    if why:
        progress.again(job, why)
    return not why


def _until_nobody_works(
    engine: Engine, jobs: Sequence[SweepJob], stop: Path | None, progress: SweepProgress
) -> Iterator[Ended]:
    """What became of each job. Those that another process works on are waited for: what it leaves
    undone is done here, what it has done or failed at is not done again."""
    named = {job.folder: job for job in jobs}
    waiting: list[SweepJob] = []
    todo = list(jobs)
    while todo or waiting:
        elsewhere = []
        for ended in engine(todo) if todo else ():
            if ended.state == "elsewhere":
                elsewhere.append(named[ended.folder])
            else:
                yield ended
        waiting += elsewhere
        if stop is not None and stop.exists():
            yield from (Ended(job.folder, "elsewhere") for job in waiting)
            return
        if elsewhere:
            progress.waits(len(waiting))
        todo = []
        if waiting:
            time.sleep(_POLL_SECONDS)
        for job in list(waiting):
            folder = JobFolder(Path(job.folder))
            if folder.running():
                continue
            waiting.remove(job)
            ended = Ended.of(folder)
            if folder.finished(job.key):
                yield Ended(job.folder, "done")
            elif ended and ended.state == "failed" and folder.state().get("key") == job.key:
                yield Ended(job.folder, "failed", ended.error)
            else:
                todo.append(job)


def _engine_of(launcher: Launcher, sweep: Path) -> Engine:
    """What does jobs where this launcher says."""
    match launcher:
        case Joblib():
            return partial(_engines.joblib, launcher=launcher)
        case Submitit():
            return partial(_cluster.submitit, launcher=launcher, sweep=sweep)
        case Ray():
            return partial(_cluster.ray, launcher=launcher)
        case Launcher(engine="local"):
            return _engines.local
    raise ValueError(f"launcher.engine={launcher.engine}: there is no such engine")


def _plan(
    study: Study,
    settings: Sequence[Launched],
    labels: Sequence[str],
    paths: Sequence[Path],
    hydra: "Sequence[DictConfig] | None",
    threads: int,
    stop: Path | None,
) -> tuple[list[SweepJob], dict[str, str]]:
    """The jobs, equal ones once, and the errors of those whose inputs cannot be read."""
    code, jobs, failed = code_now(), {}, {}
    for n, (chosen, label, folder) in enumerate(zip(settings, labels, paths, strict=True)):
        key = ""
        try:
            key = job_key(study.name, plain_settings(chosen), study.inputs(chosen), code["version"])
        except (ValueError, OSError) as error:
            failed[str(folder)] = one_line(error)
            with contextlib.suppress(OSError):  # it is said in the end, too
                at = JobFolder(folder)
                at.begin(key=None, experiment=study.name, label=label)
                at.log.write_text(f"its inputs: {one_line(error)}\n", encoding="utf-8")
                at.end("failed", error=one_line(error))
        job = SweepJob(
            module=study.module,
            study=study.name,
            label=label,
            settings=chosen,
            folder=str(folder),
            key=key,
            code=code,
            threads=threads,
            cwd=str(Path.cwd()),
            stop=None if stop is None else str(stop),
            hydra=None if hydra is None else hydra[n],
        )
        other = jobs.setdefault(str(folder), job)
        if plain_settings(other.settings) != plain_settings(chosen):
            raise ValueError(
                f"hydra.sweep.subdir: {other.label} and {label} would share the folder "
                f"{folder.name}; let it name every key that differs"
            )
    return list(jobs.values()), failed
