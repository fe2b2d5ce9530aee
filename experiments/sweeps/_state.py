"""What a sweep's folder says: which jobs were asked for, and what became of each."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ...common.files import write_whole
from ...common.strict_json import read_strictly
from ...common.words import shortened
from ..formats import to_json
from ..stored import RECORD, why_not_done
from ._job import STATE, JobFolder, is_time

if TYPE_CHECKING:
    from ..launchers import Launcher
    from ._run import SweepJob

PLAN = "sweep.json"


class PlannedJob(TypedDict):
    """A job by the name of its folder, its label and its key."""

    folder: str
    label: str
    key: str


@dataclasses.dataclass(frozen=True)
class SweepPlan:
    """`sweep.json`: the jobs of the last command that was run on a folder, and when."""

    experiment: str
    launcher: dict[str, object]
    started: float
    jobs: tuple[PlannedJob, ...]

    @classmethod
    def of(
        cls, experiment: str, launcher: "Launcher", jobs: Sequence["SweepJob"], started: float
    ) -> "SweepPlan":
        """The plan of these jobs."""
        named = tuple(
            PlannedJob(folder=Path(job.folder).name, label=job.label, key=job.key) for job in jobs
        )
        return cls(experiment, dataclasses.asdict(launcher), started, named)

    def after(self, earlier: "SweepPlan") -> "SweepPlan":
        """This plan with the jobs of an earlier batch of the same sweep before its own."""
        own = {job["folder"] for job in self.jobs}
        before = [job for job in earlier.jobs if job["folder"] not in own]
        return dataclasses.replace(self, started=earlier.started, jobs=(*before, *self.jobs))


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
    """A sweep at a moment; `seconds_left` is None where no job has ended yet or none is running."""

    folder: str
    experiment: str
    started: float
    jobs: tuple[JobStatus, ...]
    seconds_left: float | None

    def count(self, state: str) -> int:
        """How many jobs are in that state."""
        return sum(job.state == state for job in self.jobs)


def write_plan(sweep: Path, plan: SweepPlan) -> None:
    """Write `sweep.json`, whole or not at all."""
    write_whole(sweep / PLAN, to_json(dataclasses.asdict(plan)) + "\n")


def read_plan(sweep: Path) -> SweepPlan:
    """The plan of a sweep. Raises ValueError where the folder is none."""
    hint = "give the folder that the sweep named, or what lies below runs/"
    path = sweep / PLAN
    if not path.exists():
        raise ValueError(f"{sweep} is no folder of a sweep (no {PLAN}); {hint}")
    found = read_strictly(path, hint=hint)
    try:
        return _plan(found)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} is not as a sweep writes it ({shortened(error.args[0])[1:-1]}); run the "
            "sweep again, or remove the file"
        ) from None


def _plan(found: object) -> SweepPlan:
    """The plan that a document holds. Raises ValueError, KeyError or TypeError where it is none."""
    if not isinstance(found, dict):
        raise ValueError("it holds no object")
    if not isinstance(found["experiment"], str) or not isinstance(found["launcher"], dict):
        raise ValueError("experiment or launcher is none")
    if not is_time(found["started"]):
        raise ValueError("started is no time")
    if not isinstance(found["jobs"], list):
        raise ValueError("jobs is no list")
    jobs = tuple(_planned(job) for job in found["jobs"])
    return SweepPlan(found["experiment"], found["launcher"], found["started"], jobs)


def _planned(job: object) -> PlannedJob:
    if not isinstance(job, dict) or not all(
        isinstance(job[name], str) for name in ("folder", "label", "key")
    ):
        raise ValueError("a job has no folder, label and key")
    inside = Path(job["folder"])
    if inside.is_absolute() or ".." in inside.parts or not inside.parts or "\0" in job["folder"]:
        raise ValueError(f"the folder {shortened(job['folder'])} is none below it")
    return PlannedJob(folder=job["folder"], label=job["label"], key=job["key"])


def read_status(sweep: Path) -> SweepStatus:
    """The jobs of a sweep and what became of them, from its files alone."""
    plan = read_plan(sweep)
    jobs = tuple(_status(sweep / job["folder"], job) for job in plan.jobs)
    return SweepStatus(
        folder=str(sweep),
        experiment=plan.experiment,
        started=plan.started,
        jobs=jobs,
        seconds_left=_seconds_left(jobs, plan.started),
    )


def _status(path: Path, planned: PlannedJob) -> JobStatus:
    folder = JobFolder(path)
    found = folder.state()
    state, error = found.get("state", "waiting"), found.get("error")
    if folder.foreign:
        error = f"{STATE} is not as a job writes it; run the sweep again"
    if state == "running" and not folder.running():
        state = "stopped"
    if state == "done" and (found.get("key") != planned["key"] or not (path / RECORD).is_file()):
        state = "waiting"  # of older code or other inputs
    elif state == "done" and (why := why_not_done(path / RECORD, planned["key"])):
        state, error = "waiting", why.replace(f"{path}/", "")
    return JobStatus(
        folder=path.name,
        label=planned["label"],
        state=state,
        seconds=found.get("seconds"),
        ended=found.get("ended"),
        error=error,
        host=found.get("host"),
    )


def _seconds_left(jobs: Sequence[JobStatus], started: float) -> float | None:
    """By the pace since the sweep was started, which knows how many workers there are."""
    now = time.time()
    ended = sum(1 for job in jobs if job.ended is not None and job.ended >= started)
    left = sum(job.state in ("running", "waiting") for job in jobs)
    if not ended or not any(job.state == "running" for job in jobs):
        return None
    return left * (now - started) / ended
