"""What was asked of a sweep: its jobs by the names of their folders, with their keys."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ...common.files import write_whole
from ...common.strict_json import read_strictly
from ...common.words import shortened
from ..formats import to_json
from ._job import is_time

if TYPE_CHECKING:
    from ..launchers import Launcher
    from ._run import SweepJob

PLAN = "sweep.json"
#: Bytes of a name and letters of a path, which file systems hold and which no job of ours exceeds.
_LONGEST_NAME, _LONGEST_PATH = 255, 2000


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
    #: The digest of the code that went into the keys; None in plans of older versions.
    code_version: str | None = None

    @classmethod
    def of(
        cls,
        experiment: str,
        launcher: "Launcher",
        jobs: Sequence["SweepJob"],
        started: float,
        sweep: Path,
    ) -> "SweepPlan":
        """The plan of these jobs, whose folders lie below `sweep`."""
        named = tuple(
            PlannedJob(
                folder=Path(job.folder).relative_to(sweep).as_posix(), label=job.label, key=job.key
            )
            for job in jobs
        )
        version = next((str(job.code.get("version")) for job in jobs), None)
        return cls(experiment, dataclasses.asdict(launcher), started, named, version)

    def after(self, earlier: "SweepPlan") -> "SweepPlan":
        """This plan with the jobs of an earlier batch of the same sweep before its own."""
        own = {job["folder"] for job in self.jobs}
        before = [job for job in earlier.jobs if job["folder"] not in own]
        return dataclasses.replace(self, started=earlier.started, jobs=(*before, *self.jobs))


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
    version = found.get("code_version")
    if not isinstance(version, str | None):
        raise ValueError("code_version is no text")
    jobs = tuple(_planned(job) for job in found["jobs"])
    return SweepPlan(found["experiment"], found["launcher"], found["started"], jobs, version)


def _planned(job: object) -> PlannedJob:
    if not isinstance(job, dict) or not all(
        isinstance(job[name], str) for name in ("folder", "label", "key")
    ):
        raise ValueError("a job has no folder, label and key")
    inside = Path(job["folder"])
    if (
        inside.is_absolute()
        or ".." in inside.parts
        or not inside.parts
        or "\0" in job["folder"]
        or len(job["folder"]) > _LONGEST_PATH
        or any(len(part.encode("utf-8", "replace")) > _LONGEST_NAME for part in inside.parts)
    ):
        raise ValueError(f"the folder {shortened(job['folder'])} is none below it")
    return PlannedJob(folder=job["folder"], label=job["label"], key=job["key"])
