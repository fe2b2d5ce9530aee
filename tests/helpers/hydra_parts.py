"""Parts of Hydra that a user brings: a callback, and a sweeper that optimises."""

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from hydra.plugins.sweeper import Sweeper


class Diary(Callback):
    """Writes a line where a job starts and where it ends."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def _write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text + "\n")

    def on_job_start(self, config: Any, **more: Any) -> None:
        self._write(f"start {config.seed} {config.hydra.job.num}")

    def on_job_end(self, config: Any, job_return: Any, **more: Any) -> None:
        self._write(f"end {config.seed} {job_return.status.name}")


class Bisect(Sweeper):
    """Tries two seeds, then one more after the better of them, as an optimiser would."""

    def __init__(self, path: str, **of_the_basic_sweeper: Any) -> None:
        self.path = Path(path)

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        from hydra.core.plugins import Plugins

        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        first = self.launcher.launch([["seed=1"], ["seed=2"]], initial_job_idx=0)
        values = [job.return_value for job in first]
        best = 1 + values.index(max(values))
        last = self.launcher.launch([[f"seed={best + 10}"]], initial_job_idx=2)
        self.path.write_text(" ".join(str(v) for v in [*values, last[0].return_value]))
