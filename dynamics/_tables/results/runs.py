"""What one results file says: a run of a harness on one model, with its scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isnan, nan
from pathlib import Path

from ..problems import TableError
from .identity import ModelIdentity

#: The folder of a model's repository on the hub that holds results of evaluations.
EVAL_FOLDER = ".eval_results"


@dataclass(frozen=True, slots=True)  # a folder may hold a million
class Measurement:
    """A model's score on one benchmark in one run.

    - `score`, `stderr`: fractions; `stderr` NaN where the harness gives none.
    - `shots`, `version`: as the file has them, empty where it says nothing.
    - `items`: number of questions asked where that is fewer than the benchmark has, else 0.
    """

    score: float
    stderr: float = nan
    shots: str = ""
    version: str = ""
    items: int = 0


@dataclass(frozen=True)
class RunSettings:
    """How a run asked, where that changes what its scores mean.

    - `prompt`: `chat template`, `system instruction`, both, or empty for plain text.
    - `quantised`: `4-bit`, `GPTQ`, ..., empty for 16 bits and more.
    - `dtype`: `bfloat16`, ..., empty where the file says nothing.
    """

    prompt: str = ""
    quantised: str = ""
    dtype: str = ""

    @property
    def title(self) -> str:
        """What is unusual of the run: empty for plain text at full precision."""
        return ", ".join(part for part in (self.prompt, self.quantised) if part)


@dataclass(frozen=True)
class Run:
    """One model in one results file.

    - `path`: the file. `harness`: which one wrote it, and which generation.
    - `when`: orders the runs of a model; later is newer.
    - `measured`: benchmark -> score.
    """

    path: Path
    model: ModelIdentity
    harness: str
    when: tuple[float, str] = (0.0, "")
    settings: RunSettings = RunSettings()
    measured: Mapping[str, Measurement] = field(default_factory=dict)


@dataclass(frozen=True)
class FileReading:
    """What became of one results file.

    - `format`: what it was read as.
    - `runs`: those that hold a score. `reason`: why there is none.
    - `tasks`: (task, metric, benchmark that it was used as, reason why not), the latter two one
      or the other.
    - `remarks`: (code, sentence) about the model of the first run.
    """

    format: str
    runs: tuple[Run, ...] = ()
    reason: str = ""
    tasks: tuple[tuple[str, str, str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()


def as_fraction(path: Path, what: str, value: object) -> float:
    """A score or its standard error, NaN where the harness wrote `"N/A"` or nothing.

    Raises TableError for anything else that is no number from 0 to 1.
    """
    if value is None or (isinstance(value, str) and value.strip().upper() in ("", "N/A", "NAN")):
        return nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and isnan(value):
            return nan
        if 0 <= value <= 1:
            return float(value)
    problem = f"{what} is {str(value)[:40]!r}, no number from 0 to 1"
    raise TableError(path, problem, "run that task again, or remove the file")


def spread(run: Run, scores: list[tuple[str, Measurement]]) -> tuple[Run, ...]:
    """`run` with `scores`; a benchmark that stands there again (with other shots) is in a run of
    its own."""
    rounds: list[dict[str, Measurement]] = []
    for benchmark, measurement in scores:
        free = next((one for one in rounds if benchmark not in one), None)
        if free is None:
            rounds.append(free := {})
        free[benchmark] = measurement
    return tuple(replace(run, measured=measured) for measured in rounds)
