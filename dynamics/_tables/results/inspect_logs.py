"""Logs of Inspect: `.json`, and `.eval`, a zip archive with the same JSON in pieces."""

import io
import zipfile
import zlib
from math import isnan
from pathlib import Path

from ..json_files import as_dict, as_list, as_number, as_text, parse_json
from ..problems import TableError
from .identity import ModelIdentity, identify
from .lm_eval import when_of
from .runs import FileReading, Measurement, Run, RunSettings, as_fraction
from .tasks import USUAL_METRICS, KnownTask, known_task

INSPECT = "Inspect"
_METRICS = ("accuracy", "mean", "final_acc", "prompt_strict_acc")
# Providers that run a model by its name on the hub, or by a path.
_LOCAL = frozenset({"hf", "vllm", "sglang", "transformer_lens", "nnterp", "llama-cpp-python"})
_WHOLE, _START, _RESULTS = "header.json", ("start.json", "_journal/start.json"), "results.json"
_MOST_BYTES = 256 * 2**20  # of one piece; what holds the scores is a few kB
_RATIO = 1000  # DEFLATE cannot do better than 1032
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
)


def is_inspect(document: dict) -> bool:
    """Whether the document is a log of Inspect."""
    spec = as_dict(document.get("eval"))
    return bool("task" in spec and "model" in spec)


def open_eval(path: Path, content: bytes) -> dict:
    """The document of a `.eval` archive, without its samples.

    Raises TableError for an archive that is broken or holds none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if _WHOLE in names:
                return as_dict(parse_json(path, _piece(path, archive, _WHOLE)))
            start = next((name for name in _START if name in names), None)
            if start is None:
                problem = "an archive without the log of an evaluation"
                raise TableError(path, problem, "give the .eval file that Inspect wrote")
            document = as_dict(parse_json(path, _piece(path, archive, start)))
            if _RESULTS in names:
                document |= as_dict(parse_json(path, _piece(path, archive, _RESULTS)))
            return document
    except _BROKEN as error:
        if isinstance(error, TableError):
            raise
        why = " ".join(str(error).split())[:80] or type(error).__name__
        hint = "write the log again, or convert it to JSON with Inspect"
        raise TableError(path, f"not readable as an archive of Inspect ({why})", hint) from None


def _piece(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name)
    if size.file_size > min(_MOST_BYTES, _RATIO * size.compress_size + 1000):
        raise TableError(path, f"{name} in it is too large", "give the log of one evaluation")
    with archive.open(name) as piece:
        return piece.read(size.file_size + 1)


def read_inspect(path: Path, document: dict) -> FileReading:
    """One log: one task, one model. Only a log that ended with success is read."""
    spec, results = as_dict(document.get("eval")), as_dict(document.get("results"))
    status = as_text(document.get("status")) or "unknown"
    task = as_text(spec.get("task")).rpartition("/")[2]
    known = _known(task, as_dict(spec.get("task_args")))
    # The first version of the format had one scorer's metrics in place of `scores`.
    listed = as_list(results.get("scores")) or [results]
    scores = [score for score in map(as_dict, listed) if as_dict(score.get("metrics"))]
    measured: dict[str, Measurement] = {}
    tasks: list[tuple[str, str, str, str]] = []
    for score in scores:
        metrics = as_dict(score.get("metrics"))
        chosen = "" if measured else next((name for name in _METRICS if name in metrics), "")
        for name in map(str, metrics):
            if name in ("stderr", "std", "bootstrap_stderr", "var"):
                continue
            used, why = "", f"{task} is read from another score"
            if name == chosen and known is None:
                why = f"{task} is no benchmark whose variant is stated"
            elif name == chosen and known is not None:
                measurement = _measurement(path, task, spec, results, metrics, name)
                used, why = ("", "it has no number from 0 to 1")
                if measurement is not None:
                    measured[known.benchmark] = measurement
                    used, why = known.benchmark, ""
            tasks.append((task, f"{as_text(score.get('name'))}/{name}".strip("/"), used, why))
    reason = "" if status == "success" else f"the evaluation did not end (its status is {status})"
    if reason:
        measured = {}
        tasks = [(name, metric, "", reason) for name, metric, _, _ in tasks]
    run = Run(path, _model(spec), INSPECT, when_of(path, spec.get("created")), _settings(spec))
    runs = (Run(path, run.model, INSPECT, run.when, run.settings, measured),) if measured else ()
    return FileReading(INSPECT, runs, reason, tuple(tasks))


def _known(task: str, arguments: dict) -> KnownTask | None:
    """The benchmark of a task of inspect_evals; TruthfulQA says its variant in an argument."""
    plain = task.casefold()
    for ending in ("_5_shot", "_0_shot", "_5shot", "_0shot"):
        plain = plain.removesuffix(ending)
    if plain == "truthfulqa":
        variant = as_text(arguments.get("target")) or "mc1"
        plain = f"truthfulqa_{variant}"
    known = known_task(plain)
    if known is not None or plain.startswith("truthfulqa"):
        return known
    return KnownTask(task, USUAL_METRICS) if task else None


def _measurement(
    path: Path, task: str, spec: dict, results: dict, metrics: dict, name: str
) -> Measurement | None:
    try:
        score = as_fraction(path, task, as_dict(metrics[name]).get("value"))
    except TableError:
        return None
    stderr = as_number(as_dict(metrics.get("stderr")).get("value"))
    if isnan(score):
        return None
    there = as_number(as_dict(spec.get("dataset")).get("samples"))
    done = as_number(results.get("completed_samples"))
    epochs = as_number(as_dict(spec.get("config")).get("epochs"))
    done = done / epochs if epochs > 1 else done
    arguments = as_dict(spec.get("task_args"))
    shots = as_text(arguments.get("fewshot", arguments.get("num_fewshot", arguments.get("shots"))))
    return Measurement(
        score=score,
        stderr=stderr if 0 <= stderr <= 1 else float("nan"),
        shots=shots,
        version=as_text(spec.get("task_version")),
        items=int(done) if 1 <= done < there else 0,
    )


def _model(spec: dict) -> ModelIdentity:
    """The model without the provider that ran it; `hf/local` is named by its path."""
    stated = as_text(spec.get("model"))
    arguments = as_dict(spec.get("model_args"))
    provider, _, name = stated.partition("/")
    if provider in _LOCAL and name:
        at_path = as_text(arguments.get("model_path"))
        return identify(at_path or name, revision=as_text(arguments.get("revision")))
    if provider == "ollama" or name.count("/"):
        stated = name or stated
    return identify(stated.replace(":", "-"))


def _settings(spec: dict) -> RunSettings:
    system = as_dict(spec.get("model_generate_config")).get("system_message")
    return RunSettings(prompt="system instruction" if system else "")
