"""What is logged of a job, whoever logs it."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from ..stored import RECORD

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn

#: What says where a job runs, and is no setting of its result.
_NO_SETTINGS = ("hydra", "launcher", "objective")


@dataclasses.dataclass(frozen=True)
class LoggedJob:
    """A job that has ended: its settings by dotted names, its objective, and its record.

    `objective` is None where the study has none, `record` where the job failed, for which `error`
    says why.
    """

    study: str
    label: str
    settings: Mapping[str, Any]
    objective: float | None
    record: Path | None
    error: str | None

    @classmethod
    def of(cls, config: DictConfig, job_return: "JobReturn") -> "LoggedJob":
        """What Hydra tells of a job at its end."""
        from hydra.core.utils import JobStatus

        done = job_return.status == JobStatus.COMPLETED
        value = job_return._return_value
        folder = Path(config.hydra.runtime.output_dir)
        overrides = [str(one) for one in config.hydra.overrides.task]
        named = job_return.cfg if job_return.cfg is not None else config
        return cls(
            study=str(config.hydra.job.config_name),  # each study is its own primary configuration
            label=",".join(one for one in overrides if not one.startswith("logger=")) or "defaults",
            settings=_flat(OmegaConf.to_container(named, resolve=True), ""),
            objective=float(value) if done and isinstance(value, int | float) else None,
            record=folder / RECORD if done and (folder / RECORD).is_file() else None,
            error=None if done else " ".join(str(value).split()) or type(value).__name__,
        )


def needs(package: str, extra: str) -> ValueError:
    """The mend where a logger's package is missing."""
    return ValueError(
        f"logger={extra} needs the package {package}; pip install 'nullcline[{extra}]'"
    )


def _flat(values: object, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items() if isinstance(values, dict) else ():
        if not prefix and key in _NO_SETTINGS:
            continue
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
