"""The launcher and the sweeper of nullcline, where Hydra looks for plugins.

Hydra takes plugins from a namespace package of this name only; the work is in `experiments.sweeps`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper, BasicSweeperConf
from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class NullclineLauncher(Launcher):
    """Hands the jobs of a sweep to `experiments.sweeps`, on the engine that `launcher` names."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        from nullcline.experiments.sweeps._hydra import SweepTask, launch_overrides

        task = cast(SweepTask, self.task)  # `nullcline run` made it
        return launch_overrides(self.context, self.config, task, job_overrides, initial_job_idx)


class NullclineSweeper(BasicSweeper):
    """The basic sweeper, but each job is composed once, by the launcher, before any job starts."""

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        pass


@dataclass
class NullclineLauncherConf:
    _target_: str = "hydra_plugins.nullcline_sweeps.NullclineLauncher"


@dataclass
class NullclineSweeperConf(BasicSweeperConf):
    _target_: str = "hydra_plugins.nullcline_sweeps.NullclineSweeper"


_store = ConfigStore.instance()
_store.store(group="hydra/launcher", name="nullcline", node=NullclineLauncherConf)
_store.store(group="hydra/sweeper", name="nullcline", node=NullclineSweeperConf)
