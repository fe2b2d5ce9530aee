"""Where the jobs of a sweep run: one schema for each engine, from which Hydra's groups derive."""

from dataclasses import dataclass, field
from typing import ClassVar

from .options import Options, SettingError, option


@dataclass
class Launcher(Options):
    """Where the jobs of a sweep run: one after the other in this process; `threads` of each job.

    `on_error=stop` begins no other job once one has failed; those that run go on to their end.
    """

    prefix: ClassVar[str] = "launcher"
    engine: str = "local"
    threads: int = option(1, least=1)
    on_error: str = option("continue", choices=lambda: ("continue", "stop"))

    def __post_init__(self) -> None:
        # The other settings of a launcher are those of its engine: choose another by its group.
        super().__post_init__()
        if self.engine != type(self).engine:
            why = (
                f"this launcher's engine is {type(self).engine}; choose another with launcher=NAME"
            )
            raise SettingError("launcher.engine", self.engine, why)


@dataclass
class Joblib(Launcher):
    """Processes of this machine; as many as there are cores for their threads by default."""

    engine: str = "joblib"
    workers: int | None = option(None, least=1)


@dataclass
class Submitit(Launcher):
    """Tasks of a Slurm array, or processes of this machine where `cluster` is `local`.

    `workers` tasks share the jobs; a task per job where it is not given. `minutes`, `memory_gb` and
    `gpus` are of one task; `setup` are shell commands before it, `more` are options of sbatch.
    """

    engine: str = "submitit"
    cluster: str = option("slurm", choices=lambda: ("slurm", "local"))
    workers: int | None = option(None, least=1)
    minutes: int = 60
    memory_gb: int | None = None
    gpus: int = 0
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    setup: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class Ray(Launcher):
    """Tasks of the Ray cluster at `address` (`auto`: the one that this machine is part of), or of
    a Ray that is started here; at most `workers` at once, each with `gpus`, which may be a part."""

    engine: str = "ray"
    address: str | None = None
    workers: int | None = option(None, least=1)
    gpus: float = 0.0
