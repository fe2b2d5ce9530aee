"""A sweeper that a user brings: it chooses its next job by the values of those before."""

from pathlib import Path
from typing import TYPE_CHECKING

from hydra.plugins.sweeper import Sweeper

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class Bisect(Sweeper):
    """Tries two seeds, then one more after the better of them, as an optimiser would."""

    def __init__(self, path: str, **of_the_basic_sweeper: object) -> None:
        self.path = Path(path)

    def setup(
        self, *, hydra_context: "HydraContext", task_function: "TaskFunction", config: "DictConfig"
    ) -> None:
        from hydra.core.plugins import Plugins

        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        assert self.launcher is not None  # `setup` comes first
        first = self.launcher.launch(
            [[*arguments, "seed=1"], [*arguments, "seed=2"]], initial_job_idx=0
        )
        values = [job.return_value for job in first]
        best = 1 + values.index(max(values))
        last = self.launcher.launch([[*arguments, f"seed={best + 10}"]], initial_job_idx=2)
        self.path.write_text(" ".join(str(v) for v in [*values, last[0].return_value]))
