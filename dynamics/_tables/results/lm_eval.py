"""Results files of the EleutherAI lm-evaluation-harness, 0.2 to today."""

import re
from collections.abc import Mapping
from datetime import datetime
from math import isnan, nan
from pathlib import Path

from ....common.statistics import binomial_stderr
from ..benchmarks import benchmark
from ..json_files import as_dict, as_number, as_text
from ..problems import TableError
from .identity import (
    ModelIdentity,
    adapter_in,
    identify,
    named_by,
    plain_dtype,
    quantised_by,
)
from .lm_eval_tasks import Part, plan_tasks, subtasks_of
from .mmlu import SUBJECTS, mean_of_subjects
from .runs import FileReading, Measurement, Run, RunSettings, as_fraction, spread
from .tasks import STRICT, metrics_of, mmlu_subject, pick_metric, stderr_key, with_strict

_HARNESS = "lm-evaluation-harness"
_MOST_SUBTASKS = 100_000  # looked at in one file; the harness has 12,000 tasks
_LONGEST_NAME = 500  # letters
# Harnesses write the time into names as systems without colons there need it.
_TIME_IN_NAME = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2})-([0-9]{2})-([0-9]{2})")
_MOST_SECONDS = 1e15  # of a date that is one


def read_lm_eval(path: Path, document: dict) -> FileReading:
    """One results file; tasks that we know no metric for give `acc_norm`, else `acc`.

    A task of a group that is a known benchmark is read, other tasks only where their group has no
    score of its own that stands for them; the mean of a group with known benchmarks in it is not.
    Raises TableError for a score that is none.
    """
    results = as_dict(document.get("results"))
    reader = _Reader(path, document, results)
    for task, part in plan_tasks(document).items():
        reader.read(task, part)
    reader.read_mmlu()
    arguments = _arguments(document)
    generation = "0.4" if reader.has_filters else "0.3"
    run = Run(
        path=path,
        model=_model(path, document, arguments),
        harness=f"{_HARNESS} {generation}",
        when=when_of(path, document.get("date")),
        settings=_settings(document, arguments),
    )
    return FileReading(
        format=run.harness,
        runs=spread(run, reader.scores),
        reason="" if reader.scores else _nothing(results, reader),
        tasks=tuple(reader.tasks),
        remarks=tuple(reader.remarks),
    )


class _Reader:
    """Takes the scores out of one document, and says of each metric what became of it."""

    def __init__(self, path: Path, document: dict, results: dict):
        self.path, self.document, self.results = path, document, results
        self.scores: list[tuple[str, Measurement]] = []
        self.subjects: dict[str, Measurement] = {}
        self.tasks: list[tuple[str, str, str, str]] = []
        self.remarks: list[tuple[str, str]] = []
        self.has_filters = False
        self.most_subtasks = _MOST_SUBTASKS

    def read(self, task: str, part: Part) -> None:
        values = as_dict(self.results[task])
        if any(STRICT in wanted for _, wanted in part.wanted):
            values = with_strict(values)
        metrics = metrics_of(values)
        self.has_filters |= any("," in metric for metric in metrics)
        used: dict[str, str] = {}
        why = part.reason
        for name, wanted in part.wanted:
            metric = pick_metric(metrics, wanted, any_filter=part.any_filter)
            if not metric:
                others = f"it has none of {', '.join(wanted)}"
                why = others if part.any_filter else f"{name} is measured by {wanted[0]}"
                continue
            try:
                score = as_fraction(self.path, f"{task} {metric}", values[metric])
            except TableError:
                if not part.any_filter:
                    raise
                why = "no number from 0 to 1"
                continue
            if isnan(score):
                why = "the harness wrote no number"
                continue
            used[metric] = name
            measurement = self._measurement(task, metric, score, known=not part.any_filter)
            if subject := mmlu_subject(task):
                self.subjects[subject] = measurement
            else:
                self.scores.append((name, measurement))
        unused = _unused(why, used)
        for metric in metrics or [""]:
            reason = "" if metric in used else unused
            self.tasks.append((task, metric, used.get(metric, ""), reason))

    def read_mmlu(self) -> None:
        """The mean of the subjects, where the file has them and no mean of its own."""
        if not self.subjects or any(name == "mmlu" for name, _ in self.scores):
            return
        mean = mean_of_subjects(self.subjects)
        if mean is not None:
            self.scores.append(("mmlu", mean))
            return
        there = len(self.subjects)
        text = f"{self.path.name} has {there} of {SUBJECTS} MMLU subjects: MMLU left empty"
        self.remarks.append(("mmlu_incomplete", text))
        reason = f"{there} of {SUBJECTS} subjects of MMLU"
        self.tasks = [
            (task, metric, "", reason) if mmlu_subject(task) and name else (task, metric, name, why)
            for task, metric, name, why in self.tasks
        ]

    def _measurement(self, task: str, metric: str, score: float, *, known: bool) -> Measurement:
        key = stderr_key(metric)
        stated = as_dict(self.results[task]).get(key)
        try:
            stderr = as_fraction(self.path, f"{task} {key}", stated)
        except TableError:
            if known:
                raise
            stderr = nan
        leaves = subtasks_of(self.document, task, self.most_subtasks)
        self.most_subtasks -= len(leaves)
        items = _items_if_fewer(self.document, task, leaves)
        if items and isnan(stderr):
            stderr = float(binomial_stderr(score, items))
        version = as_text(as_dict(self.document.get("versions")).get(task)).removesuffix(".0")
        return Measurement(
            score=score,
            stderr=stderr,
            shots=_shots(self.document, leaves),
            version="" if version.upper() == "N/A" else version,
            items=items,
        )


def when_of(path: Path, date: object) -> tuple[float, str]:
    """The file's time: the one it states (seconds, or ISO 8601), else the one in its name."""
    in_name = path.stem.rpartition("_")[2]
    seconds = as_number(date)
    if abs(seconds) < _MOST_SECONDS:
        return seconds, in_name
    stated = date if isinstance(date, str) else _TIME_IN_NAME.sub(r"\1T\2:\3:\4", in_name)
    try:
        return datetime.fromisoformat(stated).timestamp(), in_name
    except (ValueError, OverflowError, OSError):
        return 0.0, in_name


def _unused(why: str, used: Mapping[str, str]) -> str:
    if used:
        return f"{', '.join(used.values())} is read from {', '.join(used)}"
    return why or "no metric of it is read"


def _nothing(results: dict, reader: _Reader) -> str:
    if not results:
        return "its results are empty"
    reasons = {why for _, _, name, why in reader.tasks if not name}
    if reasons == {"the harness wrote no number"}:
        return "the harness wrote no number for any task"
    return ""


def _shots(document: dict, leaves: list[str]) -> str:
    shots = as_dict(document.get("n-shot"))
    given = sorted({as_text(shots[leaf]) for leaf in leaves if leaf in shots} - {""})
    if not given and not shots:
        given = [as_text(as_dict(document.get("config")).get("num_fewshot"))]
    return " and ".join(given)


def _items_if_fewer(document: dict, task: str, leaves: list[str]) -> int:
    """Number of questions answered if it is fewer than there are, else 0."""
    counts = as_dict(document.get("n-samples"))
    pairs = [as_dict(counts[leaf]) for leaf in leaves if leaf in counts]
    pairs = [(p.get("original"), p.get("effective")) for p in pairs]
    known = [(int(o), int(e)) for o, e in pairs if isinstance(o, int) and isinstance(e, int)]
    if known:
        original, effective = (sum(side) for side in zip(*known, strict=True))
        return max(effective, 1) if effective < original else 0
    limit = as_dict(document.get("config")).get("limit")
    if not isinstance(limit, int | float) or isinstance(limit, bool) or not limit > 0:
        return 0
    items = benchmark(task).items
    # The harness takes a limit below 1 as a share, any other as a number per subtask.
    answered = limit * items if limit < 1 else limit * len(leaves)
    return 0 if 0 < items <= answered else int(max(1, min(answered, 1e9)))


def _arguments(document: dict) -> dict[str, str]:
    """`model_args`, which the harness writes as one string or as a dictionary."""
    given = as_dict(document.get("config")).get("model_args")
    if isinstance(given, str):
        pairs = (part.partition("=") for part in given.split(","))
        return {key.strip(): value.strip()[:_LONGEST_NAME] for key, _, value in pairs}
    return {
        str(key): as_text(value) or ("" if not value else "True")
        for key, value in as_dict(given).items()
    }


def _model(path: Path, document: dict, arguments: dict[str, str]) -> ModelIdentity:
    """The model as its arguments name it, else as stated, else as its folder is called.

    `model_name` is the adapter's where there is one.
    """
    config = as_dict(document.get("config"))
    adapter = adapter_in(arguments)
    stated = as_text(document.get("model_name"))
    named = named_by(arguments) if adapter or not stated else stated
    folder = path.parent.name.replace("__", "/", 1)
    params = as_number(config.get("model_num_parameters"))
    return identify(
        named or (stated if stated != adapter else "") or folder,
        revision=arguments.get("revision") or as_text(config.get("model_revision")),
        adapter=adapter,
        params=nan if quantised_by(arguments) else params,
    )


def _settings(document: dict, arguments: dict[str, str]) -> RunSettings:
    config = as_dict(document.get("config"))
    said = {**config, **document}
    prompt = []
    if said.get("chat_template"):
        turns = " with shots as turns" if said.get("fewshot_as_multiturn") else ""
        prompt.append(f"chat template{turns}")
    if said.get("system_instruction"):
        prompt.append("system instruction")
    if arguments.get("enable_thinking", "").casefold() == "true":
        prompt.append("thinking")
    dtype = arguments.get("dtype") or as_text(config.get("model_dtype"))
    return RunSettings(
        prompt=", ".join(prompt),
        quantised=quantised_by(arguments),
        dtype=plain_dtype(dtype),
    )
