"""What a sweep's folder says: which jobs were asked for, and what became of each."""

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ...common.files import write_whole
from ..formats import to_json
from ._job import RECORD, JobFolder

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
    """One job: `done`, `running`, `failed`, `stopped` (its process is gone) or `waiting`."""

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
    try:
        found = json.loads((sweep / PLAN).read_text(encoding="utf-8"))
        return SweepPlan(**{**found, "jobs": tuple(found["jobs"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise ValueError(
            f"{sweep} is no folder of a sweep (no {PLAN}); give the folder that the sweep named, "
            "or what lies below runs/"
        ) from None


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
    state = found.get("state", "waiting")
    if state == "running" and not folder.running():
        state = "stopped"
    if state == "done" and (found.get("key") != planned["key"] or not (path / RECORD).is_file()):
        state = "waiting"  # of older code or other inputs
    return JobStatus(
        folder=path.name,
        label=planned["label"],
        state=state,
        seconds=found.get("seconds"),
        ended=found.get("ended"),
        error=found.get("error"),
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
