"""Jobs as runs of Weights & Biases."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback

from ._logged_job import LoggedJob, needs

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from omegaconf import DictConfig

_LONGEST_NAME = 128


class WandB(Callback):
    """A run for each job that is done or has failed: its settings, the study's objective as the
    metric `objective`, and `record.json` as artifact; the jobs of one sweep are one group."""

    def __init__(
        self, project: str = "nullcline", mode: str | None = None, folder: str | None = None
    ) -> None:
        """`mode` is `WANDB_MODE`, and `offline` where neither is given: runs lie below `folder`
        (`WANDB_DIR`, or here) until `wandb sync` sends them.

        Raises ValueError where wandb is not installed.
        """
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # nothing here calls home
        try:
            import wandb  # noqa: F401
        except ImportError:
            raise needs("wandb", "wandb") from None
        self._project = project
        self._mode: Any = mode or os.environ.get("WANDB_MODE") or "offline"
        self._folder = folder or os.environ.get("WANDB_DIR") or "."

    def on_job_end(self, config: "DictConfig", job_return: "JobReturn", **kwargs: Any) -> None:
        """Log the job."""
        import wandb

        job = LoggedJob.of(config, job_return)
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        run = wandb.init(
            project=self._project,
            name=job.label[:_LONGEST_NAME],
            group=Path(config.hydra.sweep.dir).name[:_LONGEST_NAME],
            job_type=job.study,
            config=dict(job.settings),
            dir=str(Path(self._folder).absolute()),  # its own process may be elsewhere
            mode=self._mode,
            reinit="create_new",
            settings=wandb.Settings(silent=True, console="off", disable_git=True),
        )
        if job.objective is not None:
            run.log({"objective": job.objective})
        if job.record is not None:
            artifact = wandb.Artifact(f"record-{run.id}", type="record")
            artifact.add_file(str(job.record))
            run.log_artifact(artifact)
        if job.error:
            run.summary["error"] = job.error
        run.finish(exit_code=1 if job.error else 0)
