"""Engines of one machine: this process, or processes of joblib."""

import contextlib
import os
import warnings
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from ..interrupts import children_without_ctrl_c
from ..launchers import Joblib
from ._job import JobFolder
from ._run import Ended, SweepJob, run_as_child, run_job, stop_others

DIED = "its process died (killed, or out of memory)"


def local(jobs: Sequence[SweepJob]) -> Iterator[Ended]:
    """One after the other in this process."""
    yield from map(run_job, jobs)


def joblib(jobs: Sequence[SweepJob], launcher: Joblib) -> Iterator[Ended]:
    """In processes of this machine that stay warm from job to job.

    A process that dies takes joblib's whole pool with it. Then the jobs that were in flight are
    done again one by one, so that only the one that kills its process fails, and the rest goes on
    in a new pool.
    """
    try:
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError
    except ImportError:
        raise ValueError(needs("joblib")) from None

    def pool(some: Sequence[SweepJob], workers: int) -> Iterator[Ended]:
        one = cast(Any, 1)  # joblib gives no type; pyright takes that of the default, "auto"
        run = Parallel(
            n_jobs=workers, backend="loky", return_as="generator_unordered", batch_size=one
        )
        with contextlib.ExitStack() as at_end:
            with children_without_ctrl_c():  # the call starts them
                tasks = (delayed(run_as_child)(job) for job in some)
                ended = cast("Generator[Ended]", run(tasks))
                at_end.callback(_close, ended)
            yield from ended

    workers = launcher.workers or max(1, (os.cpu_count() or 1) // launcher.threads)
    if workers == 1:  # where joblib starts no process
        yield from local(jobs)
        return
    _start_tracker()
    left = {job.folder: job for job in jobs}
    suspects: list[SweepJob] = []
    while left:
        some = suspects[:1] or list(left.values())
        try:
            for ended in pool(some, workers):
                left.pop(ended.folder, None)
                yield ended
            suspects = suspects[1:]
        except TerminatedWorkerError:
            if suspects:
                left.pop(suspects.pop(0).folder)
                yield died(some[0])
            else:
                begun = [job for job in left.values() if _in_flight(job)]
                suspects = begun or list(left.values())


def _close(ended: "Generator[Ended]") -> None:
    """End a pool; after Ctrl-C joblib would warn of what is not done, which is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ended.close()


def _start_tracker() -> None:
    """Start joblib's process that removes what processes share, before all others: it unblocks
    SIGINT where it is started. After Ctrl-C it would tell on stderr what it has removed."""
    from joblib.externals.loky.backend import resource_tracker

    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        resource_tracker.ensure_running()
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)


def died(job: SweepJob) -> Ended:
    """Say in the job's folder that its process is gone, unless it was done before."""
    folder = JobFolder(Path(job.folder))
    if folder.finished(job.key):
        return Ended(job.folder, "done", seconds=folder.state().get("seconds", 0.0))
    with contextlib.suppress(OSError):  # a full disk may be why
        if folder.state().get("state") != "running":
            folder.begin(key=job.key, experiment=job.study, label=job.label)
        folder.end("failed", error=DIED)
    stop_others(job)
    return Ended(job.folder, "failed", DIED)


def needs(package: str) -> str:
    """The mend where an engine's package is missing."""
    return f"this launcher needs the package {package}; pip install 'nullcline[sweeps]'"


def _in_flight(job: SweepJob) -> bool:
    return JobFolder(Path(job.folder)).state().get("state") == "running"
