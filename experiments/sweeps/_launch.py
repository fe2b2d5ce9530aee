"""A sweep from its overrides to its summary: what is done is skipped, the rest is launched."""

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
from ._run import Ended, SweepJob
from ._state import SweepPlan, read_plan, write_plan
from ._threads import limit_threads

if TYPE_CHECKING:
    from omegaconf import DictConfig

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
    jobs, failed = _plan(study, settings, labels, paths, hydra, launcher.threads)
    plan = SweepPlan.of(study.name, launcher, jobs, time.time())
    write_plan(sweep, plan.after(read_plan(sweep)) if goes_on else plan)
    workers = getattr(launcher, "workers", None)
    progress = SweepProgress(study.name, sweep, jobs, workers=workers)
    for folder, error in failed.items():
        progress.ended(Ended(folder, "failed", error))
    became = {folder: Ended(folder, "failed", error) for folder, error in failed.items()}
    left = []
    for job in jobs:
        if job.folder in failed:
            continue
        if JobFolder(Path(job.folder)).finished(job.key):
            progress.skipped()
            became[job.folder] = Ended(job.folder, "done")
        else:
            left.append(job)
    progress.begin(len(left))
    for job in left:
        folder = JobFolder(Path(job.folder))
        if not folder.running():  # an earlier launch may have left tasks that still work
            folder.clear()
    if left:
        for ended in engine(left):
            became[ended.folder] = ended
            progress.ended(ended)
    return [became[str(path)] for path in paths], progress.close()


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
) -> tuple[list[SweepJob], dict[str, str]]:
    """The jobs, equal ones once, and the errors of those whose inputs cannot be read."""
    code, jobs, failed = code_now(), {}, {}
    for n, (chosen, label, folder) in enumerate(zip(settings, labels, paths, strict=True)):
        key = ""
        try:
            key = job_key(study.name, plain_settings(chosen), study.inputs(chosen), code["version"])
        except (ValueError, OSError) as error:
            failed[str(folder)] = one_line(error)
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
            hydra=None if hydra is None else hydra[n],
        )
        other = jobs.setdefault(str(folder), job)
        if plain_settings(other.settings) != plain_settings(chosen):
            raise ValueError(
                f"hydra.sweep.subdir: {other.label} and {label} would share the folder "
                f"{folder.name}; let it name every key that differs"
            )
    return list(jobs.values()), failed
