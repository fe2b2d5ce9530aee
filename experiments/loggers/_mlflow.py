"""Jobs as runs of MLflow."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback

from ._logged_job import LoggedJob, needs

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from mlflow.tracking import MlflowClient
    from omegaconf import DictConfig

_LONGEST_PARAM = 500
_LONGEST_TAG = 5000


class MLflow(Callback):
    """A run for each job that is done or has failed: its settings as parameters, the study's
    objective as the metric `objective`, and `record.json` as artifact.

    Jobs of several processes log at once: no state of MLflow's own is touched.
    """

    def __init__(self, uri: str | None = None, experiment: str | None = None) -> None:
        """`uri` is that of a server, or a folder: `MLFLOW_TRACKING_URI` or `mlruns/` where it is
        not given; `experiment` the study's name.

        Raises ValueError where MLflow is not installed.
        """
        # MLflow keeps folders as stores, and asks whoever begins one to say that it is meant.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing here calls home
        try:
            import mlflow.tracking  # noqa: F401
        except ImportError:
            raise needs("mlflow-skinny", "mlflow") from None
        given = uri or os.environ.get("MLFLOW_TRACKING_URI") or "mlruns"
        self._uri = given if ":" in given else Path(given).absolute().as_uri()
        self._experiment = experiment

    def on_job_end(self, config: "DictConfig", job_return: "JobReturn", **kwargs: Any) -> None:
        """Log the job."""
        from mlflow.entities import Metric, Param
        from mlflow.tracking import MlflowClient

        job = LoggedJob.of(config, job_return)
        client = MlflowClient(tracking_uri=self._uri)
        tags = {"nullcline.study": job.study}
        if job.error:
            tags["nullcline.error"] = job.error[:_LONGEST_TAG]
        experiment = _experiment(client, self._experiment or job.study)
        run = client.create_run(experiment, run_name=job.label, tags=tags)
        metrics = []
        if job.objective is not None:
            metrics = [Metric("objective", job.objective, run.info.start_time, 0)]
        params = [Param(name, str(value)[:_LONGEST_PARAM]) for name, value in job.settings.items()]
        client.log_batch(run.info.run_id, metrics=metrics, params=params)
        if job.record is not None:
            client.log_artifact(run.info.run_id, str(job.record))
        client.set_terminated(run.info.run_id, "FAILED" if job.error else "FINISHED")


def _experiment(client: "MlflowClient", name: str) -> str:
    from mlflow.exceptions import MlflowException

    if found := client.get_experiment_by_name(name):
        return found.experiment_id
    try:
        return client.create_experiment(name)
    except MlflowException:  # another job has made it meanwhile
        if found := client.get_experiment_by_name(name):
            return found.experiment_id
        raise
