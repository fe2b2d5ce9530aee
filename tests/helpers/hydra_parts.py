"""A callback of Hydra that a user brings."""

from pathlib import Path
from typing import TYPE_CHECKING

from hydra.experimental.callback import Callback

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from omegaconf import DictConfig


class Diary(Callback):
    """Writes a line where a job starts and where it ends."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def _write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text + "\n")

    def on_job_start(self, config: "DictConfig", **more: object) -> None:
        self._write(f"start {config.seed} {config.hydra.job.num}")

    def on_job_end(self, config: "DictConfig", job_return: "JobReturn", **more: object) -> None:
        self._write(f"end {config.seed} {job_return.status.name}")
