"""Records of Every Eval Ever: one model's scores from any source, in one schema.

evaleval/every_eval_ever, eval.schema.json 0.2.
"""

from math import isnan, nan
from pathlib import Path

from ..benchmarks import canonical_benchmark
from ..json_files import as_dict, as_list, as_number, as_text
from .identity import identify, plain_dtype, quantised_dtype
from .lm_eval import when_of
from .runs import FileReading, Measurement, Run, RunSettings, spread
from .tasks import MEANS, USUAL_METRICS, KnownTask, known_task, mmlu_subject

EVERY_EVAL_EVER = "Every Eval Ever"
# What converters write as the name of a metric, by the name that a harness gives it.
_ACCURACY = ("accuracy", "acc", "mean", "score", "exact_match", "exact match", "em")
# Names of scorers, which converters of Inspect's logs give in place of the evaluation's.
_SCORERS = frozenset({"choice", "match", "includes", "pattern", "answer", "exact", "f1", "truth"})


def is_every_eval_ever(document: dict) -> bool:
    """Whether the document is a record of that schema."""
    return isinstance(document.get("evaluation_results"), list) and "model_info" in document


def read_every_eval_ever(path: Path, document: dict) -> FileReading:
    """One record. Scores are brought to fractions by the bounds that the record states."""
    tasks: list[tuple[str, str, str, str]] = []
    of_benchmark: dict[str, list[tuple[int, str, str, Measurement]]] = {}
    for result in map(as_dict, as_list(document.get("evaluation_results"))):
        task, metric, known = _task(result)
        if isinstance(known, str):
            tasks.append((task, metric, "", known))
            continue
        order, measurement = _order(metric, known), _measurement(result)
        if order < 0:
            tasks.append((task, metric, "", f"{task} is measured by {known.metrics[0]}"))
        elif measurement is None:
            why = "no number from 0 to 1, by the bounds that it states"
            tasks.append((task, metric, "", why))
        else:
            candidate = (order, task, metric, measurement)
            of_benchmark.setdefault(known.benchmark, []).append(candidate)
    scores: list[tuple[str, Measurement]] = []
    for benchmark, candidates in of_benchmark.items():
        best = min(order for order, *_ in candidates)
        for order, task, metric, measurement in candidates:
            if order == best:
                scores.append((benchmark, measurement))
                tasks.append((task, metric, benchmark, ""))
            else:
                tasks.append((task, metric, "", f"{benchmark} is read from another metric"))
    run = _run(path, document)
    return FileReading(EVERY_EVAL_EVER, spread(run, scores), "", tuple(tasks))


def _task(result: dict) -> tuple[str, str, KnownTask | str]:
    """Task and metric as the record names them, and the benchmark, or why it is none."""
    config, source = as_dict(result.get("metric_config")), as_dict(result.get("source_data"))
    stated = as_text(result.get("evaluation_name"))
    dataset = as_text(source.get("dataset_name"))
    task = dataset if stated.casefold() in _SCORERS and dataset else stated or dataset
    metric = next(
        (
            as_text(config[key])
            for key in ("metric_id", "metric_name", "evaluation_description")
            if as_text(config.get(key))
        ),
        "",
    )
    if config.get("lower_is_better") is True:
        return task, metric, "lower is better"
    plain = task.partition("/")[0].strip()
    if plain in MEANS or not plain:
        return task, metric, MEANS.get(plain, "it has no name")
    if mmlu_subject(plain):
        return task, metric, "a part of MMLU"
    known = known_task(plain) or known_task(canonical_benchmark(plain))
    return task, metric, known or KnownTask(canonical_benchmark(plain), USUAL_METRICS)


def _order(metric: str, known: KnownTask) -> int:
    """How far down the benchmark's list a metric stands; -1 for one that is not in it.

    A record that says only `accuracy` is taken for the benchmark's own way to count.
    """
    words = metric.casefold().partition("(")[0].strip()
    if words in known.metrics:
        return known.metrics.index(words)
    plain = words.partition(" on ")[0].strip()
    return len(known.metrics) if plain in _ACCURACY or not plain else -1


def _measurement(result: dict) -> Measurement | None:
    """None where the record has no number between the bounds that it states."""
    config, details = as_dict(result.get("metric_config")), as_dict(result.get("score_details"))
    score = as_number(details.get("score"))
    low, high = as_number(config.get("min_score")), as_number(config.get("max_score"))
    factor = 1 / high if low == 0 and high in (1.0, 100.0) else 1.0
    if isnan(score) or not 0 <= score * factor <= 1:
        return None
    uncertainty = as_dict(details.get("uncertainty"))
    stderr = as_number(as_dict(uncertainty.get("standard_error")).get("value")) * factor
    done = as_number(uncertainty.get("num_samples"))
    there = as_number(as_dict(result.get("source_data")).get("samples_number"))
    more = as_dict(as_dict(result.get("generation_config")).get("additional_details"))
    return Measurement(
        score=score * factor,
        stderr=stderr if 0 <= stderr <= 1 else nan,
        shots=as_text(more.get("num_fewshot")),
        items=int(done) if 1 <= done < there else 0,
    )


def _run(path: Path, document: dict) -> Run:
    model = as_dict(document.get("model_info"))
    more = as_dict(model.get("additional_details"))
    stated = as_text(model.get("id")) or as_text(model.get("name"))
    params = _number(more.get("params_billions"))
    dtype = as_text(more.get("precision"))
    quantised = quantised_dtype(dtype)
    library = as_text(as_dict(document.get("eval_library")).get("name"))
    library = library or as_text(as_dict(document.get("source_metadata")).get("source_name"))
    date = document.get("evaluation_timestamp") or document.get("retrieved_timestamp")
    seconds = _number(date)
    return Run(
        path=path,
        model=identify(
            stated or path.parent.name,
            revision=as_text(more.get("revision")),
            params=params * 1e9 if 0 < params < 1e5 else nan,
        ),
        harness=f"{EVERY_EVAL_EVER} ({library})" if library else EVERY_EVAL_EVER,
        when=when_of(path, date if isnan(seconds) else seconds),
        settings=RunSettings(quantised=quantised, dtype="" if quantised else plain_dtype(dtype)),
    )


def _number(value: object) -> float:
    """A number, also one that the schema wants as text."""
    try:
        return float(value) if isinstance(value, str) else as_number(value)
    except ValueError:
        return nan
