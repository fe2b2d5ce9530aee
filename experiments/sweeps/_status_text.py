"""Where a sweep stands, for people and as JSON."""

import dataclasses
import time

from ...common.words import counted, printable
from ..progress import duration
from ..text import text_table
from ._progress import cut, short_path
from ._state import SweepStatus

_STATES = ("done", "running", "waiting", "stopped", "failed")
_MOST_ROWS = 20


def status_to_dict(found: SweepStatus) -> dict[str, object]:
    """Counts by state, seconds left, and every job."""
    return {
        "folder": found.folder,
        "experiment": found.experiment,
        "started": found.started,
        "counts": {state: found.count(state) for state in _STATES},
        "seconds_left": found.seconds_left,
        "jobs": [dataclasses.asdict(job) for job in found.jobs],
    }


def status_to_text(found: SweepStatus) -> str:
    """A line of counts, the estimated end, and the jobs that are neither done nor waiting."""
    counts = [f"{found.count(s)} {s}" for s in _STATES if found.count(s) or s == "done"]
    lines = [
        f"{printable(found.experiment)}: {counted(len(found.jobs), 'job')}: {', '.join(counts)}"
    ]
    if found.seconds_left is not None:
        clock = time.strftime("%H:%M:%S", time.localtime(time.time() + found.seconds_left))
        lines.append(f"ends about {clock} ({duration(found.seconds_left)} left)")
    shown = [
        job for job in found.jobs if job.error or job.state in ("running", "stopped", "failed")
    ]
    if shown:
        rows = [
            (job.state, job.host or "", f"{job.folder}/job.log", cut(job.error or ""))
            for job in shown[:_MOST_ROWS]
        ]
        lines += ["", text_table(("state", "on", "log", "why"), rows)]
    if len(shown) > _MOST_ROWS:
        lines.append(f"and {len(shown) - _MOST_ROWS} more; --json has all")
    if shown and any(job.state != "running" for job in shown):
        lines.append("The command of the sweep, run again, does what is missing.")
    elif found.count("done") == len(found.jobs):
        lines.append(f"nullcline collect {printable(short_path(found.folder))}")
    return "\n".join(lines)
