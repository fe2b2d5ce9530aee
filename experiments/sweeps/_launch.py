"""A sweep from its overrides to its summary: what is done is skipped, the rest is launched."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import _cluster, _engines
from ._compose import compose_settings, folder_name, label_of
from ._experiment import Experiment, code_now, plain_settings
from ._job import JobFolder
from ._key import job_key
from ._mistakes import one_line
from ._progress import Progress
from ._run import Ended, Job
from ._state import SweepPlan, write_plan
from ._threads import limit_threads

_ENGINES: dict[str, Callable[[Sequence[Job], Any, Path], Iterator[Ended]]] = {
    "local": _engines.local,
    "joblib": _engines.joblib,
    "submitit": _cluster.submitit,
    "ray": _cluster.ray,
}


def launch_overrides(loader: Any, master: Any, task: Any, overrides: Sequence[Sequence[str]]):
    """What Hydra's launcher does: compose every job, then launch. `task.experiment` is the entry
    point; `task.unfinished` counts the jobs that are not done in the end."""
    settings = compose_settings(loader, master, overrides)
    labels = [label_of(some) for some in overrides]
    sweep = Path(str(master.hydra.sweep.dir)).absolute()
    task.unfinished += launch(task.experiment, settings, labels, sweep)


def launch(
    experiment: Experiment, settings: Sequence[Any], labels: Sequence[str], sweep: Path
) -> int:
    """Do the jobs that are not done yet in the folder `sweep`; how many are not done in the end.

    The launcher is that of the first job's settings.
    """
    launcher = settings[0].launcher
    if launcher.engine not in _ENGINES:
        raise ValueError(f"launcher.engine={launcher.engine}: there are {', '.join(_ENGINES)}")
    limit_threads(launcher.threads)
    jobs, failed = _plan(experiment, settings, labels, sweep, launcher.threads)
    write_plan(sweep, SweepPlan.of(experiment.name, launcher, jobs, time.time()))
    workers = getattr(launcher, "workers", None)
    progress = Progress(experiment.name, sweep, jobs, workers=workers)
    for job, error in failed.items():
        progress.ended(Ended(job, "failed", error))
    left = []
    for job in jobs:
        if job.folder in failed:
            continue
        if JobFolder(Path(job.folder)).finished(job.key):
            progress.skipped()
        else:
            left.append(job)
    progress.begin(len(left))
    if left:
        for job in left:
            folder = JobFolder(Path(job.folder))
            if not folder.running():  # an earlier launch may have left tasks that still work
                folder.clear()
        for ended in _ENGINES[launcher.engine](left, launcher, sweep):
            progress.ended(ended)
    return progress.close()


def _plan(
    experiment: Experiment,
    settings: Sequence[Any],
    labels: Sequence[str],
    sweep: Path,
    threads: int,
) -> tuple[list[Job], dict[str, str]]:
    """The jobs, equal ones once, and the errors of those whose inputs cannot be read."""
    code, jobs, failed = code_now(), {}, {}
    for chosen, label in zip(settings, labels, strict=True):
        plain = plain_settings(chosen)
        folder = sweep / folder_name(label, plain)
        key = ""
        try:
            key = job_key(experiment.name, plain, experiment.inputs(chosen), code["version"])
        except (ValueError, OSError) as error:
            failed[str(folder)] = one_line(error)
            at = JobFolder(folder)
            at.begin(key=None, experiment=experiment.name, label=label)
            at.log.write_text(f"its inputs: {one_line(error)}\n", encoding="utf-8")
            at.end("failed", error=one_line(error))
        jobs[str(folder)] = Job(
            module=experiment.module,
            experiment=experiment.name,
            label=label,
            settings=chosen,
            folder=str(folder),
            key=key,
            code=code,
            threads=threads,
            cwd=str(Path.cwd()),
        )
    return list(jobs.values()), failed
