"""What an entry point is: a name, a schema, what it reads, and the work of one job."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...configs import configs
from ..records import code_of_checkout, write_record
from ._job import JobFolder
from ._key import code_version, job_key


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the work of one job found.

    `result` goes into the record as it is; `inputs` (name -> SHA-256 or fingerprint) adds what only
    the work itself could know, such as the fingerprint of loaded weights.
    """

    result: Mapping[str, Any]
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An entry point; made by the decorator `experiment`.

    Calling it with settings and a folder runs one job there and returns the path of its record.
    """

    name: str
    module: str
    command: str
    schema: type
    register: Callable[[], None]
    inputs: Callable[[Any], Mapping[str, str]]
    work: Callable[[Any, Path], Outcome]
    rows: str | None
    config_path: str
    config_name: str

    def __call__(self, settings: Any, folder: Path) -> Path:
        """One job: do what `settings` ask for and record it in `folder`."""
        job = JobFolder(folder)
        job.begin(key=None, experiment=self.name)
        path, key = self.record(settings, folder, code=code_now())
        job.end("done", key=key)
        return path

    def record(self, settings: Any, folder: Path, *, code: Mapping[str, Any]) -> tuple[Path, str]:
        """Do the work and write its record: the record's path and the job's key."""
        inputs = dict(self.inputs(settings))
        outcome = self.work(settings, folder)
        plain = plain_settings(settings)
        key = job_key(self.name, plain, inputs, code["version"])
        path = write_record(
            folder,
            command=self.command,
            settings=plain,
            inputs={**inputs, **outcome.inputs},
            result=outcome.result,
            code=code,
            job={"experiment": self.name, "key": key, "rows": self.rows},
        )
        return path, key


def experiment(
    schema: type,
    *,
    command: str,
    register: Callable[[], None],
    inputs: Callable[[Any], Mapping[str, str]],
    rows: str | None = None,
    config: str | None = None,
) -> Callable[[Callable[[Any, Path], Outcome]], Experiment]:
    """Make an entry point of the function `work(settings, folder) -> Outcome`.

    **Arguments:**

    - `schema`: the dataclass of its settings, a subclass of `schemas.Launched`.
    - `command`: what records are called, the command with the same library calls.
    - `register`: makes the schema known to Hydra.
    - `inputs`: settings -> {name: SHA-256} of what the job reads, found cheaply, before any work.
      With the settings and the version of the code they make the job's key.
    - `rows`: the list in the result that becomes the rows of a collected table, as a dotted path;
      one row per job where None.
    - `config`: the primary configuration below `configs/`, the function's name where None.

    Workers import the function by its module and name, so it stands at the top of a module.
    """

    def made(work: Callable[[Any, Path], Outcome]) -> Experiment:
        folder, _, name = (config or work.__name__).rpartition("/")
        return Experiment(
            name=work.__name__,
            module=work.__module__,
            command=command,
            schema=schema,
            register=register,
            inputs=inputs,
            work=work,
            rows=rows,
            config_path=str(configs(folder)),
            config_name=name,
        )

    return made


def code_now() -> dict[str, Any]:
    """Commit of the checkout, whether it is changed, and the digest that goes into keys."""
    return {**code_of_checkout(), "version": code_version()}


def plain_settings(settings: Any) -> dict[str, Any]:
    """Settings as they are recorded: plain values, without where the job ran."""
    plain = dataclasses.asdict(settings)
    plain.pop("launcher", None)
    return plain
