"""What an entry point is: a name, a schema, what it reads, and the work of one job."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..records import code_of_checkout, write_record
from ._job import JobFolder
from ._key import code_version, job_key

_CONFIGS = Path(__file__).parent.parent.parent / "configs"


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
        return self.run(plain_settings(settings), folder, settings=settings)

    def key(self, plain: Mapping[str, Any], inputs: Mapping[str, str], version: str) -> str:
        """The key of the job with these settings and inputs under this version of the code."""
        return job_key(self.name, plain, inputs, version)

    def run(
        self,
        plain: Mapping[str, Any],
        folder: Path,
        *,
        settings: Any,
        code: Mapping[str, Any] | None = None,
    ) -> Path:
        """As calling it; `plain` are the settings as they are recorded, and `code` is what a sweep
        found out once for all of its jobs."""
        code = code or {**code_of_checkout(), "version": code_version()}
        started = time.time()
        inputs = dict(self.inputs(settings))
        key = self.key(plain, inputs, code["version"])
        # What was there is of another job as soon as this one begins to write.
        job = JobFolder(folder)
        job.begin(key=key, experiment=self.name, started=started)
        outcome = self.work(settings, folder)
        path = write_record(
            folder,
            command=self.command,
            settings=plain,
            inputs={**inputs, **outcome.inputs},
            result=outcome.result,
            code=code,
            job={"experiment": self.name, "key": key, "rows": self.rows},
        )
        job.end("done")
        return path


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

    The function must be named as its module, since workers find it by `experiments.NAME`.
    """

    def made(work: Callable[[Any, Path], Outcome]) -> Experiment:
        folder, _, name = (config or work.__name__).rpartition("/")
        return Experiment(
            name=work.__name__,
            command=command,
            schema=schema,
            register=register,
            inputs=inputs,
            work=work,
            rows=rows,
            config_path=str(_CONFIGS / folder),
            config_name=name,
        )

    return made


def plain_settings(settings: Any) -> dict[str, Any]:
    """Settings as they are recorded: plain values, without where the job ran."""
    plain = dataclasses.asdict(settings)
    plain.pop("launcher", None)
    return plain
