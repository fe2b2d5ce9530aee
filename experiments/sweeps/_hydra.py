"""Hydra's launcher: its overrides become jobs, and what became of them what Hydra returns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from ..schemas import Launched
from ..stored import RECORD, read_record
from ..study import Study
from ._compose import compose_settings, label_of
from ._launch import launch
from ._register import OWN_SUBDIR
from ._run import Ended

_OWN_SWEEPER = "hydra_plugins.nullcline_sweeps.NullclineSweeper"


class SweepTask(Protocol):
    """The function that Hydra calls: whose study it does, and how many jobs are not done."""

    study: Study
    unfinished: int

    def __call__(self, config: DictConfig, /) -> float | None: ...


def launch_overrides(
    context: HydraContext,
    master: DictConfig,
    task: SweepTask,
    overrides: Sequence[Sequence[str]],
    first: int,
) -> list[JobReturn]:
    """What Hydra's launcher does: compose every job, then launch.

    `task.study` is the study; `task.unfinished` counts the jobs that are not done in the end.
    `first` is the number of the first job, above 0 in later batches of one sweep. The own sweeper
    asks for no values; another is given each job's objective.
    """
    study = task.study
    check_chdir(master.hydra.job.chdir)
    settings = compose_settings(context.config_loader, master, overrides)
    labels = [label_of(some) for some in overrides]
    sweep = Path(str(master.hydra.sweep.dir)).absolute()
    unresolved = OmegaConf.to_container(master.hydra.sweep, resolve=False)
    own_names = isinstance(unresolved, dict) and unresolved["subdir"] == OWN_SUBDIR
    whole = None
    if master.hydra.callbacks or not own_names:
        whole = [
            _composed(context, master, some, number)
            for number, some in enumerate(overrides, start=first)
        ]
    ended, unfinished = launch(
        study,
        settings,
        labels,
        sweep,
        folders=None if own_names or whole is None else [_subdir(one) for one in whole],
        hydra=whole if master.hydra.callbacks else None,
        goes_on=first > 0,
    )
    task.unfinished += unfinished
    if master.hydra.sweeper._target_ == _OWN_SWEEPER:
        return []
    return [
        _returned(study, chosen, some, one)
        for chosen, some, one in zip(settings, overrides, ended, strict=True)
    ]


def check_chdir(chdir: bool | None) -> None:
    """Refuse what would move the beginning of relative paths, in a run as in a sweep.

    Raises ValueError.
    """
    if chdir:
        raise ValueError(
            f"hydra.job.chdir={chdir}: relative paths begin where the command is given, "
            "in every job; a job's own folder is hydra.runtime.output_dir"
        )


def _composed(
    context: HydraContext, master: DictConfig, overrides: Sequence[str], number: int
) -> DictConfig:
    config = context.config_loader.load_sweep_config(master, list(overrides))
    with open_dict(config):
        config.hydra.job.id = f"job_id_{number}"
        config.hydra.job.num = number
    return config


def _subdir(config: DictConfig) -> str:
    before = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)  # `hydra.sweep.subdir` may read it
    try:
        found = str(OmegaConf.select(config, "hydra.sweep.subdir"))
    finally:
        HydraConfig.instance().cfg = before
    path = Path(found)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"hydra.sweep.subdir={found}: give a folder below hydra.sweep.dir")
    return found


def _returned(
    study: Study, settings: Launched, overrides: Sequence[str], ended: Ended
) -> JobReturn:
    made = JobReturn(overrides=list(overrides), working_dir=ended.folder, task_name=study.name)
    if ended.state != "done":
        made.status = JobStatus.FAILED
        made.return_value = ValueError(f"{label_of(overrides)}: {ended.error or ended.state}")
        return made
    record = read_record(Path(ended.folder) / RECORD)
    made.status = JobStatus.COMPLETED
    made.return_value = study.objective_of(record["result"], settings.objective)
    return made
