"""Records that lie in the folder of a sweep and belong to no job of its plan as it is now."""

import dataclasses
from pathlib import Path

from ..stored import StoredRecord, read_record
from ._sweep_plan import PlannedJob, SweepPlan

OTHER_COMMAND = "of an earlier command"
OTHER_CODE = "of another version of the code"
OTHER_INPUTS = "of other inputs or settings"
OTHER_KEY = "of other code, inputs or settings"


@dataclasses.dataclass(frozen=True)
class StaleRecord:
    """The folder of a record, from that of the sweep, and why it is not counted."""

    folder: str
    why: str


def why_stale(path: Path, job: PlannedJob | None, plan: SweepPlan) -> str:
    """Why the record in a file is none of the plan, empty where it is; `job` is the planned one of
    its folder. A record that cannot be read is not stale: it is broken."""
    if job is None:
        return OTHER_COMMAND
    try:
        return why_record_is_stale(read_record(path), job, plan)
    except ValueError:
        return ""


def why_record_is_stale(record: StoredRecord, job: PlannedJob | None, plan: SweepPlan) -> str:
    """The same of a record that was read; one without a key, of an older version, is taken."""
    if job is None:
        return OTHER_COMMAND
    if record.get("key", job["key"]) == job["key"]:
        return ""
    if plan.code_version is None:
        return OTHER_KEY
    version = (record.get("code") or {}).get("version")
    return OTHER_INPUTS if version == plan.code_version else OTHER_CODE
