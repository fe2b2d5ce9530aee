"""Where a sweep stands, for people and as JSON."""

import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path

from ...common.words import counted, printable
from ..progress import duration
from ..text import text_table
from ._progress import cut, short_path
from ._stale import StaleRecord
from ._state import SweepStatus

_STATES = ("done", "running", "waiting", "stopped", "failed")
_MOST_ROWS = 20
_MOST_NAMED = 3


def status_to_dict(found: SweepStatus) -> dict[str, object]:
    """Counts by state, seconds left, every job, and the records that belong to none."""
    return {
        "folder": found.folder,
        "experiment": found.experiment,
        "started": found.started,
        "single_run": found.single,
        "counts": _counts(found),
        "seconds_left": found.seconds_left,
        "jobs": [dataclasses.asdict(job) for job in found.jobs],
        "stale": [dataclasses.asdict(record) for record in found.stale],
    }


def overview_to_dict(
    folder: Path, found: Sequence[SweepStatus], broken: Sequence[str]
) -> dict[str, object]:
    """The sweeps and single runs below a folder, each with its counts; `broken` are those whose
    files cannot be read."""
    return {
        "folder": str(folder),
        "sweeps": [
            {
                "folder": one.folder,
                "experiment": one.experiment,
                "started": one.started,
                "single_run": one.single,
                "counts": _counts(one),
                "stale": len(one.stale),
            }
            for one in found
        ],
        "broken": list(broken),
    }


def status_to_text(found: SweepStatus) -> str:
    """A line of counts, the estimated end, and the jobs that are neither done nor waiting."""
    counts = [f"{n} {state}" for state, n in _counts(found).items() if n or state == "done"]
    jobs = "single run" if found.single else counted(len(found.jobs), "job")
    said = found.jobs[0].state if found.single else ", ".join(counts)
    lines = [f"{printable(found.experiment)}: {jobs}: {said}"]
    if found.seconds_left is not None:
        clock = time.strftime("%H:%M:%S", time.localtime(time.time() + found.seconds_left))
        lines.append(f"ends about {clock} ({duration(found.seconds_left)} left)")
    if found.stale:
        lines.append(
            f"{stale_text(found.stale)} not counted; nullcline collect --stale takes "
            f"{'it' if len(found.stale) == 1 else 'them'}"
        )
    shown = [
        job for job in found.jobs if job.error or job.state in ("running", "stopped", "failed")
    ]
    if shown:
        rows = [
            (job.state, job.host or "", "" if found.single else f"{job.folder}/job.log",
             cut(job.error or ""))
            for job in shown[:_MOST_ROWS]
        ]  # fmt: skip
        lines += ["", text_table(("state", "on", "log", "why"), rows)]
    if len(shown) > _MOST_ROWS:
        lines.append(f"and {len(shown) - _MOST_ROWS} more; --json has all")
    if shown and any(job.state != "running" for job in shown):
        command = "The command" if found.single else "The command of the sweep"
        lines.append(f"{command}, run again, does what is missing.")
    elif found.count("done") == len(found.jobs):
        lines.append(f"nullcline collect {printable(short_path(found.folder))}")
    return "\n".join(lines)


def overview_to_text(folder: Path, found: Sequence[SweepStatus], broken: Sequence[str]) -> str:
    """A line for each sweep and single run below a folder, those that are not done first."""
    by_need = sorted(found, key=lambda one: one.count("done") == len(one.jobs))
    sweeps = sum(not one.single for one in found)
    rows = [
        (
            cut(os.path.relpath(one.folder, folder)),
            one.experiment,
            "run" if one.single else str(len(one.jobs)),
            str(one.count("done")),
            ", ".join(f"{n} {state}" for state, n in _counts(one).items() if n and state != "done")
            + (f" ({counted(len(one.stale), 'stale record')})" if one.stale else ""),
        )
        for one in by_need[:_MOST_ROWS]
    ]
    lines = [
        f"{printable(short_path(folder))}: {counted(sweeps, 'sweep')}, "
        f"{counted(len(found) - sweeps, 'single run')}"
    ]
    if rows:
        header = ("folder", "study", "jobs", "done", "not done")
        lines += ["", text_table(header, rows, right=(2, 3))]
    if len(found) > _MOST_ROWS:
        lines.append(f"and {len(found) - _MOST_ROWS} more; --json has all")
    lines += [f"cannot be read: {printable(one)}" for one in broken]
    return "\n".join(lines)


def stale_text(stale: Sequence[StaleRecord]) -> str:
    """`3 stale records (2 of an earlier command: a, b; 1 of other inputs or settings: c)`."""
    by_why: dict[str, list[str]] = {}
    for record in stale:
        by_why.setdefault(record.why, []).append(printable(record.folder))
    parts = [
        f"{len(folders)} {why}: {', '.join(folders[:_MOST_NAMED])}"
        + (", ..." if len(folders) > _MOST_NAMED else "")
        for why, folders in by_why.items()
    ]
    return f"{counted(len(stale), 'stale record')} ({'; '.join(parts)})"


def _counts(found: SweepStatus) -> dict[str, int]:
    return {state: found.count(state) for state in _STATES}
