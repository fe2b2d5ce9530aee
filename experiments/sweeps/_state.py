"""What a folder says: which jobs were asked for, what became of each, what lies there beside."""

import dataclasses
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..stored import RECORD, read_record
from ._job import STATE, JobFolder
from ._stale import OTHER_COMMAND, StaleRecord, why_stale
from ._sweep_plan import PLAN, PlannedJob, SweepPlan, read_plan


@dataclasses.dataclass(frozen=True)
class JobStatus:
    """One job: `done`, `running`, `failed`, `stopped` (its process is gone) or `waiting`; `error`
    says why it failed, or why what lies in its folder does not count."""

    folder: str
    label: str
    state: str
    seconds: float | None = None
    ended: float | None = None
    error: str | None = None
    host: str | None = None


@dataclasses.dataclass(frozen=True)
class SweepStatus:
    """A sweep at a moment; `seconds_left` is None where no job has ended yet or none is running.

    A single run is one job in the folder itself. `stale` are records that lie there and belong to
    no job of the plan as it is now.
    """

    folder: str
    experiment: str
    started: float
    jobs: tuple[JobStatus, ...]
    seconds_left: float | None
    single: bool = False
    stale: tuple[StaleRecord, ...] = ()

    def count(self, state: str) -> int:
        """How many jobs are in that state."""
        return sum(job.state == state for job in self.jobs)


def read_status(folder: Path) -> SweepStatus:
    """The jobs of a sweep, or a single run, and what became of them, from its files alone.

    **Raises** ValueError where the folder is neither.
    """
    if not (folder / PLAN).exists() and any((folder / name).is_file() for name in (STATE, RECORD)):
        return _single_run(folder)
    plan = read_plan(folder)
    jobs = tuple(_status(folder / job["folder"], job) for job in plan.jobs)
    return SweepStatus(
        folder=str(folder),
        experiment=plan.experiment,
        started=plan.started,
        jobs=jobs,
        seconds_left=_seconds_left(jobs, plan.started),
        stale=tuple(_stale_records(folder, plan, jobs)),
    )


def folders_below(folder: Path) -> Iterator[Path]:
    """The sweeps and single runs below a folder, those inside a sweep left out, and records that
    were copied somewhere alone."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if {PLAN, STATE} & set(files):
            folders.clear()
            yield Path(where)


def _single_run(folder: Path) -> SweepStatus:
    state = JobFolder(folder).state()
    name = state.get("experiment") or "run"
    if (folder / STATE).exists():
        planned = PlannedJob(folder=".", label=name, key=state.get("key") or "")
        job = _status(folder, planned)
    else:  # a record that was copied here alone
        job = JobStatus(folder=".", label=name, state="done")
        try:
            record = read_record(folder / RECORD)
            name = record.get("experiment") or record["command"]
        except ValueError as error:
            job = dataclasses.replace(job, state="waiting", error=str(error))
    return SweepStatus(
        folder=str(folder),
        experiment=name,
        started=state.get("started", 0.0),
        jobs=(job,),
        seconds_left=None,
        single=True,
    )


def _stale_records(
    sweep: Path, plan: SweepPlan, jobs: Sequence[JobStatus]
) -> Iterator[StaleRecord]:
    """In the folders of jobs that are not done, and wherever no job was planned."""
    for job, became in zip(plan.jobs, jobs, strict=True):
        path = sweep / job["folder"] / RECORD
        if became.state != "done" and path.is_file() and (why := why_stale(path, job, plan)):
            yield StaleRecord(job["folder"], why)
    planned = {os.path.normpath(sweep / job["folder"]) for job in plan.jobs}
    for where, folders, files in os.walk(os.path.normpath(sweep)):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and f"{where}{os.sep}{name}" not in planned
        )
        if RECORD in files:
            yield StaleRecord(Path(where).relative_to(sweep).as_posix(), OTHER_COMMAND)


def _status(path: Path, planned: PlannedJob) -> JobStatus:
    folder = JobFolder(path)
    found = folder.state()
    state, error = found.get("state", "waiting"), found.get("error")
    if not found and (path / STATE).exists():
        error = f"{STATE} is not as a job writes it; run the job again"
    if state == "running" and not folder.running():
        state = "stopped"
    if state == "done" and (
        (found.get("key") or "") != planned["key"] or not (path / RECORD).is_file()
    ):
        state = "waiting"  # of older code or other inputs
    elif state == "done" and (why := folder.why_not_done(planned["key"], found)):
        state, error = "waiting", why.replace(f"{path}/", "")
    return JobStatus(
        folder=planned["folder"],
        label=planned["label"],
        state=state,
        seconds=found.get("seconds"),
        ended=found.get("ended"),
        error=error,
        host=found.get("host"),
    )


def _seconds_left(jobs: Sequence[JobStatus], started: float) -> float | None:
    """By the pace since the sweep was started, which knows how many workers there are."""
    passed = time.time() - started
    ended = sum(1 for job in jobs if job.ended is not None and job.ended >= started)
    left = sum(job.state in ("running", "waiting") for job in jobs)
    if passed <= 0 or not ended or not any(job.state == "running" for job in jobs):
        return None  # a clock may be set back
    return left * passed / ended
