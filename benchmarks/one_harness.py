"""Makes data/frontier_one_harness.csv: frontier models under one harness, best setting of each.

    python benchmarks/one_harness.py RUNS VERSIONS [--out FOLDER]

RUNS and VERSIONS are `data/benchmarks_runs.csv` and `data/model_versions.csv` of
epoch-research/benchmark-stitching. A cut of RUNS with the columns task, model, score, scores and
version will do; where its quotes are broken fewer standard errors can be read. A model whose lab
is not known to `LABS` stops the script, so that none is left out in silence.
"""

import argparse
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from _made_table import DATA, write_table

from nullcline.common.numbers import added

#: Task as its source calls it -> column here. The public halves of FrontierMath (10 and 2
#: problems) tell models hardly apart and are left out.
TASKS = {
    "SWE-Bench verified": "swe_bench_verified",
    "GPQA diamond": "gpqa_diamond",
    "MATH level 5": "math_lvl_5",
    "OTIS Mock AIME 2024-2025": "otis_mock_aime",
    "FrontierMath-2025-02-28-Private": "frontiermath",
    "FrontierMath-Tier-4-2025-07-01-Private": "frontiermath_tier4",
}
LEFT_OUT_TASKS = ("FrontierMath-2025-02-28-Public", "FrontierMath-Tier-4-2025-07-01-Public")
#: How the name of a model begins -> who made it.
LABS = {
    "Anthropic": "claude-",
    "OpenAI": "gpt-|o1-|o3-|o4-",
    "Google": "gemini-|gemma-",
    "DeepSeek": "DeepSeek-|deepseek-",
    "Meta": "Llama-|Meta-Llama-",
    "xAI": "grok-",
    "Mistral": "mistral-|ministral-|magistral-|open-mi|Mistral-|Mixtral-",
    "Alibaba": "qwen|qwq-",
    "Moonshot": "kimi-",
    "Zhipu": "glm-",
    "Microsoft": "phi-|Phi-|WizardLM-",
    "01.AI": "Yi-",
    "Databricks": "dbrx-",
    "Allen AI": "Llama-3.1-Tulu-",
    "Nous Research": "Hermes-",
    "PRIME": "Eurus-",
}
#: Version -> the row of data/frontier.csv that is the same model: by name, and by date where a name
#: has several versions (the panel's GPT-4o of 2024-05 and DeepSeek-R1 of 2025-01 have no SWE run).
FRONTIER = {
    "claude-3-5-haiku-20241022": "Claude 3.5 Haiku",
    "claude-3-5-sonnet-20240620": "Claude 3.5 Sonnet",
    "claude-3-7-sonnet-20250219": "Claude 3.7 Sonnet",
    "claude-haiku-4-5-20251001": "Claude Haiku 4.5",
    "claude-sonnet-4-5-20250929": "Claude Sonnet 4.5",
    "gemini-2.0-flash-001": "Gemini 2.0 Flash",
    "gemini-2.5-pro": "Gemini 2.5 Pro",
    "gpt-4o-2024-05-13": "GPT-4o",
    "gpt-5-2025-08-07": "GPT-5",
    "gpt-5.1": "GPT-5.1",
    "o1-2024-12-17": "o1",
    "o1-preview-2024-09-12": "o1-preview",
    "o3-2025-04-16": "o3",
    "o3-mini-2025-01-31": "o3-mini",
    "grok-3-beta": "Grok 3",
    "grok-4-0709": "Grok 4",
    "Llama-4-Maverick-17B-128E-Instruct-FP8": "Llama 4 Maverick",
    "DeepSeek-V3": "DeepSeek-V3",
    "DeepSeek-R1": "DeepSeek-R1",
}
_SETTING = re.compile(r"_(high|medium|low|\d+K)$")
_SCORER = re.compile(r"([a-z_]+):([0-9.]+)±([0-9.]+)")
#: Answers typed into a web page and read by a person are another harness.
_BY_HAND = "manual_inspection"
_NEWER = "1.1.0"
SIDE = Path(__file__).with_name("_one_harness.json")


@dataclass(frozen=True)
class Run:
    """One run: a task, a model at a setting, the score and its standard error where it is told."""

    column: str
    model: str
    setting: str
    score: float
    stderr: str
    newer: bool


def runs(path: Path) -> Iterator[Run]:
    """The runs of the tasks that are taken, by the harness itself."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    broken = any(line.count('"') % 2 for line in lines)
    rows = csv.reader(lines, quoting=csv.QUOTE_NONE if broken else csv.QUOTE_MINIMAL)
    header = next(rows)
    at = {name: header.index(name) for name in ("task", "model", "Best score (across scorers)")}
    scores_at, version_at = header.index("Scores"), header.index("task version")
    for row in rows:
        task, name, score = (row[i] for i in at.values())
        if task not in TASKS:
            if task not in LEFT_OUT_TASKS:
                raise SystemExit(f"{path}: task {task!r} is new; add it to TASKS or LEFT_OUT_TASKS")
            continue
        if _BY_HAND in row[scores_at]:
            continue
        setting = _SETTING.search(name)
        yield Run(
            column=TASKS[task],
            model=_SETTING.sub("", name),
            setting=setting[1] if setting else "default",
            score=float(score),
            stderr=_stderr(row[scores_at], float(score)),
            newer=row[min(version_at, len(row) - 1)] == _NEWER,
        )


def _stderr(scores: str, best: float) -> str:
    """Of the scorer whose score is the best one, to the two decimals that are told; empty where
    none is, or where it is rounded to 0."""
    for _, score, stderr in _SCORER.findall(scores):
        if abs(float(score) - best) <= 0.0051 and float(stderr) > 0:
            return stderr
    return ""


def lab_of(model: str) -> str:
    """Who made a model, by the longest beginning of its name."""
    found = {
        begins: lab for lab, some in LABS.items() for begins in some.split("|")
        if model.startswith(begins)
    }  # fmt: skip
    if not found:
        raise SystemExit(f"no lab is known for {model!r}; add it to LABS")
    return found[max(found, key=len)]


def released(path: Path) -> dict[str, str]:
    """Version (without setting) -> its release date."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {
            _SETTING.sub("", row["id"]): row["Version release date"]
            for row in csv.DictReader(file)
            if row["Version release date"]
        }


def table(taken: list[Run], dates: dict[str, str]) -> list[dict[str, str]]:
    """A row per model: of each task its best run, and how it did at the setting of its SWE run."""
    rows = []
    for model in sorted({run.model for run in taken}, key=lambda m: (lab_of(m), dates[m], m)):
        mine = [run for run in taken if run.model == model]
        row = {"lab": lab_of(model), "model": model, "date": dates[model]}
        flags = set()
        best: dict[str, Run] = {}
        for column in TASKS.values():
            of_task = [run for run in mine if run.column == column]
            top = max(of_task, key=lambda run: run.score, default=None)
            row[column] = f"{top.score:.3f}" if top else ""
            row[f"{column}_stderr"] = top.stderr if top else ""
            if top is not None:
                best[column] = top
                flags |= {f"{column}_newer_task"} if top.newer else set()
        row |= _settings(mine, best)
        row["frontier_model"] = FRONTIER.get(model, "")
        row["flags"] = ";".join(sorted(flags))
        row["source"] = "benchmarks_runs"
        rows.append(row)
    return rows


def _settings(mine: list[Run], best: dict[str, Run]) -> dict[str, str]:
    swe, gpqa = (best.get(name) for name in ("swe_bench_verified", "gpqa_diamond"))
    same = [r.score for r in mine if swe and (r.column, r.setting) == ("gpqa_diamond", swe.setting)]
    return {
        "swe_bench_verified_setting": swe.setting if swe else "",
        "gpqa_diamond_setting": gpqa.setting if gpqa else "",
        "gpqa_diamond_at_swe_setting": f"{max(same):.3f}" if same else "",
    }


def correlation(rows: list[dict[str, str]], x: str, y: str) -> str:
    """r of two columns over the models that have both, for a look at what was made."""
    both = np.array([(float(r[x]), float(r[y])) for r in rows if r[x] and r[y]]).T
    return f"r({x}, {y}) = {added(np.corrcoef(both)[0, 1], 3)}, n = {both.shape[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("versions", type=Path)
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args()
    taken = list(runs(options.runs))
    rows = table(taken, released(options.versions))
    about = json.loads(SIDE.read_text(encoding="utf-8"))
    write_table("frontier_one_harness", pd.DataFrame(rows), about, folder=options.out)
    print(f"{len(rows)} models from {len(taken)} runs")
    for y in ("gpqa_diamond", "gpqa_diamond_at_swe_setting"):
        print(correlation(rows, "swe_bench_verified", y))


if __name__ == "__main__":
    main()
