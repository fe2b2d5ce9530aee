"""Results files of lighteval and of the first Open LLM Leaderboard, whose keys hold bars.

`harness|hellaswag|10` (the leaderboard), `leaderboard|hellaswag|10|0`, `leaderboard|hellaswag|10`
and `hellaswag|10` (lighteval from its first version to today): suite, task, shots, truncation.
"""

from math import isnan
from pathlib import Path
from typing import NamedTuple

from ..json_files import as_dict, as_text
from ..problems import TableError
from .identity import identify, plain_dtype, quantised_dtype
from .lm_eval import when_of
from .mmlu import SUBJECTS, mean_of_subjects
from .runs import FileReading, Measurement, Run, RunSettings, as_fraction, spread
from .tasks import (
    MEANS,
    USUAL_METRICS,
    KnownTask,
    known_task,
    metrics_of,
    mmlu_subject,
    pick_metric,
)

LEADERBOARD, LIGHTEVAL = "Open LLM Leaderboard v1", "lighteval"
_MMLU = ("mmlu:", "hendrycksTest-")
_TRUTHFULQA = "truthfulqa:mc"
# Both spellings of both variants: the leaderboard's, and lighteval's.
_VARIANTS = (
    ("truthfulqa_mc1", ("mc1", "truthfulqa_mc1")),
    ("truthfulqa_mc2", ("mc2", "truthfulqa_mc2")),
)


class _Key(NamedTuple):
    task: str
    shots: str


def is_lighteval(document: dict) -> bool:
    """Whether the keys of the file's results hold bars."""
    return any("|" in str(key) for key in as_dict(document.get("results")))


def read_lighteval(path: Path, document: dict) -> FileReading:
    """One results file; MMLU is the mean of its 57 subjects, each with the same weight.

    With fewer subjects it is left empty. Raises TableError for a score that is none.
    """
    reader = _Reader(path, document)
    for key, values in as_dict(document.get("results")).items():
        reader.read(str(key), as_dict(values))
    reader.read_mmlu()
    is_leaderboard = any(str(key).startswith("harness|") for key in document["results"])
    run = _run(path, document, LEADERBOARD if is_leaderboard else LIGHTEVAL)
    return FileReading(
        format=run.harness,
        runs=spread(run, reader.scores),
        tasks=tuple(reader.tasks),
        remarks=tuple(reader.remarks),
    )


class _Reader:
    """Takes the scores out of one document, and says of each metric what became of it."""

    def __init__(self, path: Path, document: dict):
        self.path = path
        self.versions = as_dict(document.get("versions"))
        most = as_dict(document.get("config_general")).get("max_samples")
        self.items = most if isinstance(most, int) and not isinstance(most, bool) else 0
        self.scores: list[tuple[str, Measurement]] = []
        self.subjects: dict[str, dict[str, Measurement]] = {}
        self.tasks: list[tuple[str, str, str, str]] = []
        self.remarks: list[tuple[str, str]] = []

    def read(self, key: str, values: dict) -> None:
        task, shots = _split(key)
        metrics = metrics_of(values)
        wanted, reason = _wanted(task)
        used: dict[str, str] = {}
        for known in wanted:
            metric = pick_metric(metrics, known.metrics, any_filter=True)
            if not metric:
                continue
            try:
                measurement = self._measurement(key, shots, metric, values)
            except TableError:
                if known.metrics != USUAL_METRICS:  # a benchmark that we know
                    raise
                reason = "no number from 0 to 1"
                continue
            if measurement is None:
                reason = "the harness wrote no number"
                continue
            used[metric] = known.benchmark
            if subject := mmlu_subject(task):
                self.subjects.setdefault(shots, {})[subject] = measurement
            else:
                self.scores.append((known.benchmark, measurement))
        for metric in metrics or [""]:
            why = f"{', '.join(used.values())} is read from {', '.join(used)}" if used else reason
            why = "" if metric in used else why or "no metric of it is read"
            self.tasks.append((key, metric, used.get(metric, ""), why))

    def read_mmlu(self) -> None:
        for subjects in self.subjects.values():
            mean = mean_of_subjects(subjects)
            if mean is not None:
                self.scores.append(("mmlu", mean))
                continue
            there = len(subjects)
            text = f"{self.path.name} has {there} of {SUBJECTS} MMLU subjects: MMLU left empty"
            self.remarks.append(("mmlu_incomplete", text))
            reason = f"{there} of {SUBJECTS} subjects of MMLU"
            self.tasks = [
                (key, metric, "", reason) if name == "mmlu" else (key, metric, name, why)
                for key, metric, name, why in self.tasks
            ]

    def _measurement(self, key: str, shots: str, metric: str, values: dict) -> Measurement | None:
        """None where the harness wrote no number. Raises TableError for one that is no share."""
        task = _split(key).task
        score = as_fraction(self.path, f"{task} {metric}", values.get(metric))
        if isnan(score):
            return None
        stated = values.get(f"{metric}_stderr")
        stderr = as_fraction(self.path, f"{task} {metric}_stderr", stated)
        version = as_text(self.versions.get(key, self.versions.get(key.rpartition("|")[0])))
        return Measurement(score, stderr, shots, version, self.items)


def _split(key: str) -> _Key:
    """Task and shots of a key in any of its shapes; a key without bars is a task alone."""
    parts = key.split("|")
    if len(parts) == 1:
        return _Key(key, "")
    if len(parts) == 2:
        return _Key(parts[0], parts[1])
    return _Key(parts[1], parts[2])


def _wanted(task: str) -> tuple[tuple[KnownTask, ...], str]:
    """The benchmarks that a task holds, or why it holds none."""
    if task in MEANS or task.endswith(":_average"):
        return (), "a mean over several tasks"
    if task == _TRUTHFULQA:
        return tuple(KnownTask(name, metrics) for name, metrics in _VARIANTS), ""
    if mmlu_subject(task):
        return (KnownTask("mmlu", ("acc",)),), ""
    plain = task.replace(":", "_")
    known = known_task(plain)
    if known is not None:
        return (KnownTask(known.benchmark, (*known.metrics, "em", "qem", "extractive_match")),), ""
    if task.startswith(_MMLU):
        return (), "a part of MMLU"
    return (KnownTask(plain, USUAL_METRICS),), ""


def _run(path: Path, document: dict, harness: str) -> Run:
    general = as_dict(document.get("config_general"))
    config = as_dict(general.get("model_config"))
    named = as_text(general.get("model_name")) or as_text(config.get("model_name"))
    base = as_text(config.get("base_model"))  # of an adapter or of delta weights
    dtype = as_text(general.get("model_dtype")) or as_text(config.get("dtype"))
    quantised = quantised_dtype(dtype) or ("quantised" if config.get("quantization_config") else "")
    return Run(
        path=path,
        model=identify(
            base or named or _folder(path),
            revision=as_text(config.get("revision")),
            adapter=named if base else "",
        ),
        harness=harness,
        when=when_of(path, None),
        settings=RunSettings(
            prompt="system instruction" if config.get("system_prompt") else "",
            quantised=quantised,
            dtype="" if quantised else plain_dtype(dtype),
        ),
    )


def _folder(path: Path) -> str:
    """The model as its folder is called: `org__model`, or results/ORG/MODEL/results_<time>.json."""
    folder = path.parent.name
    if "__" in folder or path.parent.parent.name in ("", "results"):
        return folder.replace("__", "/", 1)
    return f"{path.parent.parent.name}/{folder}"
