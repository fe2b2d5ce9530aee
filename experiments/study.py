"""What a study is: a schema, the work of one job, and its result as data and as text.

It is described once, in `studies/`. The command line (`commands/_run.py`) and Hydra (`sweeps/`)
both call `Study.run`, and so make the same record.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..common.progress import Progress, silent
from .formats import plain
from .keys import code_now, job_key
from .options import Options
from .records import write_record
from .terminal import as_asked

if TYPE_CHECKING:
    from .page import Page

Say = Progress
Settings = TypeVar("Settings", bound=Options)
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What the work of one job came to.

    `result` is a result of a library or of a study; `inputs` (name -> SHA-256 or fingerprint) adds
    what only the work itself could know, such as the fingerprint of loaded weights.
    """

    result: Result
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Study(Generic[Settings, Result]):
    """A study; made by the decorator `study`, which says what each part is."""

    name: str
    module: str
    command: str
    schema: type[Settings]
    inputs: Callable[[Settings], Mapping[str, str]]
    work: Callable[[Settings, Say], Outcome[Result]]
    to_dict: Callable[[Result], Mapping[str, Any]]
    to_text: Callable[[Result, Settings], str]
    page: "Callable[[Result, Settings], Page] | None"
    files: Callable[[Settings, Result, Path], None]
    rows: str | None
    objective: str | None

    def run(
        self,
        settings: Settings,
        folder: Path | None = None,
        *,
        say: Say = silent,
        code: Mapping[str, Any] | None = None,
    ) -> tuple[Outcome[Result], Mapping[str, Any], str | None]:
        """Do what `settings` ask for: the outcome, its result as data, and the job's key.

        Where a folder is given, its files and `record.json` are written there; the key is None
        where none is.
        """
        inputs = dict(self.inputs(settings)) if folder else {}
        outcome = self.work(settings, say)
        data = self.to_dict(outcome.result)
        if folder is None:
            return outcome, data, None
        code = code_now() if code is None else code
        settings_plain = plain_settings(settings)
        key = job_key(self.name, settings_plain, inputs, code["version"])
        self.files(settings, outcome.result, folder)
        write_record(
            folder,
            command=self.command,
            settings=settings_plain,
            inputs={**inputs, **outcome.inputs},
            result=data,
            code=code,
            job={"experiment": self.name, "key": key, "rows": self.rows},
        )
        return outcome, data, key

    def shown(
        self, result: Result, settings: Settings, *, everything: bool = False, quiet: bool = False
    ) -> str:
        """What stdout gets: the short page where the study has one, unless `everything` is asked
        for or, `quiet`, the answer alone."""
        if self.page is None:
            return self.to_text(result, settings)
        page = self.page
        return as_asked(
            lambda: page(result, settings),
            lambda: self.to_text(result, settings),
            everything=everything,
            quiet=quiet,
        )

    def objective_of(self, result: Mapping[str, Any], named: str | None) -> float | None:
        """The number of a result that an optimising sweeper is given: the one at the dotted path
        `named`, None where nobody named one and the study's own is not in this result.

        Raises ValueError for a name that is not there.
        """
        if named is not None:
            return number_at(result, named)
        try:
            return None if self.objective is None else number_at(result, self.objective)
        except ValueError:
            return None


def study(
    schema: type[Settings],
    *,
    command: str,
    inputs: Callable[[Settings], Mapping[str, str]],
    to_dict: Callable[[Result], Mapping[str, Any]] = plain,
    to_text: Callable[[Result, Settings], str] = lambda result, settings: str(result),
    page: "Callable[[Result, Settings], Page] | None" = None,
    files: Callable[[Settings, Result, Path], None] = lambda settings, result, folder: None,
    rows: str | None = None,
    objective: str | None = None,
) -> Callable[[Callable[[Settings, Say], Outcome[Result]]], Study[Settings, Result]]:
    """Make a study of the function `work(settings, say) -> Outcome`.

    **Arguments:**

    - `schema`: the dataclass of its settings, a subclass of `schemas.Launched`.
    - `command`: what records are called: the command, or the study's name where there is none.
    - `inputs`: settings -> {name: SHA-256} of what the job reads, made cheaply, before any work.
      With the settings and the version of the code they make the job's key.
    - `to_dict`: result -> the record's `result`; `to_text`: result, settings -> all of it, for a
      terminal; `page`: the same -> the screen that is shown unless `--full` is given, where
      `to_text` is longer.
    - `files`: writes what belongs beside the record, such as figures.
    - `rows`: the list in the result that becomes the rows of a collected table, as a dotted path;
      one row per job where None.
    - `objective`: the number in the result that an optimising sweeper is given, as a dotted path.

    Workers import the function by its module and name, so it stands at the top of a module.
    """

    def made(work: Callable[[Settings, Say], Outcome[Result]]) -> Study[Settings, Result]:
        return Study(
            name=work.__name__,
            module=work.__module__,
            command=command,
            schema=schema,
            inputs=inputs,
            work=work,
            to_dict=to_dict,
            to_text=to_text,
            page=page,
            files=files,
            rows=rows,
            objective=objective,
        )

    return made


def plain_settings(settings: Options) -> dict[str, Any]:
    """Settings as they are recorded: plain values, without what is no part of a result."""
    values = dataclasses.asdict(settings)
    for name in ("launcher", "objective"):
        values.pop(name, None)
    return values


def number_at(result: Mapping[str, Any], path: str) -> float:
    """The number at a dotted path of a result: `left_out_family.mae_pp`, `by_family.0.r`.

    Raises ValueError where there is none.
    """
    value: Any = result
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list | tuple) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        names = ", ".join(result)
        raise ValueError(f"objective={path}: the result has no number there; it has {names}")
    return float(value)
