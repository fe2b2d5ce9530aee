"""Engines of many machines: submitit for Slurm, Ray. Both need a folder that all machines see."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..launchers import Ray, Submitit
from ._engines import died, needs
from ._job import JobFolder
from ._run import Ended, SweepJob, run_job
from ._threads import thread_variables

if TYPE_CHECKING:
    from submitit.core.core import Job
    from submitit.helpers import DelayedSubmission

_POLL_SECONDS = 0.5
_OBJECT_STORE_BYTES = 100 * 2**20  # jobs hand over settings and a few words; records are files


class Share:
    """The jobs of one Slurm task, done in turn by one process that keeps what it compiled."""

    def __call__(self, jobs: Sequence[SweepJob]) -> list[Ended]:
        return [run_job(job) for job in jobs]

    def checkpoint(self, jobs: Sequence[SweepJob]) -> "DelayedSubmission":
        """What Slurm runs next where the task is preempted or out of time: the jobs that are done
        are skipped."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, jobs)


def submitit(jobs: Sequence[SweepJob], launcher: Submitit, sweep: Path) -> Iterator[Ended]:
    """An array of Slurm tasks, or of processes of this machine (`cluster: local`).

    Each task does its share of the jobs: every `workers`-th, one where `workers` is not given.
    """
    try:
        from submitit import AutoExecutor
    except ImportError:
        raise ValueError(needs("submitit")) from None
    executor = AutoExecutor(folder=sweep / ".submitit" / "%j", cluster=launcher.cluster)
    executor.update_parameters(**_resources(launcher))
    count = min(launcher.workers or len(jobs), len(jobs))
    shares = [list(jobs[start::count]) for start in range(count)]
    going = list(zip(executor.map_array(Share(), shares), shares, strict=True))
    while going:
        time.sleep(_POLL_SECONDS)
        later = []
        for task, share in going:
            over = task.done()
            left = []
            for job in share:  # a task tells only at its end; the folders of its jobs tell at once
                ended = Ended.of(JobFolder(Path(job.folder)))
                if ended is None:
                    left.append(job)
                else:
                    yield ended
            if not over:
                later.append((task, left))
            elif left:
                lost, rest = _after(task, left)
                yield from lost
                if rest:
                    later.append((executor.submit(Share(), rest), rest))
        going = later


def _after(
    task: "Job[list[Ended]]", left: Sequence[SweepJob]
) -> tuple[list[Ended], list[SweepJob]]:
    """Of a task that is over: what became of the jobs that it left, and those to submit again.

    Only the job that it was at is lost with it. Where it had begun none, the fault is the task's
    own (no such partition, no such package), and nothing is submitted again.
    """
    if task.exception() is None:
        told = {ended.folder: ended for ended in task.result()}
        return [told[job.folder] for job in left], []
    begun = [job for job in left if JobFolder(Path(job.folder)).state().get("state") == "running"]
    if not begun:
        return [died(job) for job in left], []
    return [died(job) for job in begun], [job for job in left if job not in begun]


def ray(jobs: Sequence[SweepJob], launcher: Ray) -> Iterator[Ended]:
    """Tasks of a Ray cluster, or of a Ray that is started here where no address is given.

    Ray keeps a worker process for the tasks of one function, so workers stay warm.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        from ray.exceptions import RayError
    except ImportError:
        raise ValueError(needs("ray")) from None
    own = launcher.address is None
    workers = launcher.workers or max(1, (os.cpu_count() or 1) // launcher.threads)
    ray.init(
        address=launcher.address,
        num_cpus=workers * launcher.threads if own else None,
        include_dashboard=False if own else None,
        object_store_memory=_OBJECT_STORE_BYTES if own else None,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": thread_variables(launcher.threads)},
    )
    try:
        run = ray.remote(num_cpus=launcher.threads, num_gpus=launcher.gpus, max_retries=0)(run_job)
        most = launcher.workers or len(jobs)
        waiting, going = list(reversed(jobs)), {}
        while waiting or going:
            while waiting and len(going) < most:
                job = waiting.pop()
                going[run.remote(job)] = job
            ready, _ = ray.wait(list(going))
            for task in ready:
                job = going.pop(task)
                try:
                    yield ray.get(task)
                except RayError:
                    yield died(job)
    finally:
        ray.shutdown()


def _resources(launcher: Submitit) -> dict[str, object]:
    """What is asked for one task, in submitit's names."""
    asked: dict[str, object] = {
        "name": "nullcline",
        "timeout_min": launcher.minutes,
        "cpus_per_task": launcher.threads,
    }
    if launcher.memory_gb is not None:
        asked["mem_gb"] = launcher.memory_gb
    if launcher.gpus:
        asked["gpus_per_node"] = launcher.gpus
    named = {"partition": launcher.partition, "account": launcher.account, "qos": launcher.qos}
    asked |= {f"slurm_{name}": value for name, value in named.items() if value is not None}
    if launcher.setup:
        asked["slurm_setup"] = list(launcher.setup)
    if launcher.more:
        asked["slurm_additional_parameters"] = dict(launcher.more)
    return asked
