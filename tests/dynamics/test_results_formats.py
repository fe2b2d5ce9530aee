"""The same scores from every harness give the same table."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from result_files import (
    HELLASWAG,
    NAMES,
    SIZES,
    TRUTHFULQA,
    every_eval_ever,
    inspect_log,
    lighteval,
    lm_eval,
    model_card,
    write,
    write_eval,
)

from nullcline import dynamics

FIXTURE = Path(__file__).parents[1] / "fixtures" / "leaderboard"


def as_lm_eval(folder):
    for size in SIZES:
        write(folder / f"acme__elm-{size}" / "results_2024-03-01.json", lm_eval(size))


def as_lm_eval_03(folder):
    for size in SIZES:
        document = {
            "results": {
                "hellaswag": {"acc": 0.2, "acc_norm": HELLASWAG[size], "acc_norm_stderr": 0.005},
                "truthfulqa_mc": {"mc1": 0.22, "mc2": TRUTHFULQA[size], "mc2_stderr": 0.0145},
            },
            "versions": {"hellaswag": 0, "truthfulqa_mc": 1},
            "config": {
                "model": "hf-causal",
                "model_args": f"use_fast=True,pretrained=acme/elm-{size}",
                "num_fewshot": 0,
                "limit": None,
            },
        }
        write(folder / f"elm-{size}_0-shot.json", document)


def as_lighteval(key):
    def make(folder):
        for size in SIZES:
            path = folder / "results" / "acme" / f"elm-{size}" / "results_2024-03-01.json"
            write(path, lighteval(size, key))

    return make


def as_packed(make):
    def packed(folder):
        make(folder)
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()

    return packed


def as_inspect(folder):
    for size in SIZES:
        hellaswag = inspect_log(size, "hellaswag", HELLASWAG[size])
        write(folder / f"{size}_hellaswag.json", hellaswag)
        truth = inspect_log(size, "truthfulqa", TRUTHFULQA[size], target="mc2")
        write_eval(folder / f"{size}_truthfulqa.eval", truth)


def as_every_eval_ever(most):
    def make(folder):
        for size in SIZES:
            scores = {
                ("hellaswag", "acc"): 0.2 * most,
                ("hellaswag", "acc_norm"): HELLASWAG[size] * most,
                ("truthfulqa_mc2", "acc"): TRUTHFULQA[size] * most,
            }
            write(folder / "data" / f"{size}.json", every_eval_ever(size, scores, most=most))

    return make


def as_cards(folder):
    for size in SIZES:
        write(folder / f"acme__elm-{size}" / "README.md", model_card(size))


def as_eval_results(folder):
    for size in SIZES:
        entry = "- dataset:\n    id: {}\n    task_id: {}\n  value: {}\n"
        hidden = folder / f"acme__elm-{size}" / ".eval_results"
        write(
            hidden / "a.yaml", entry.format("Rowan/hellaswag", "hellaswag", 100 * HELLASWAG[size])
        )
        truth = entry.format("truthfulqa/truthful_qa", "truthfulqa_mc2", TRUTHFULQA[size])
        write(hidden / "b.yaml", truth)


WAYS = {
    "lm_eval 0.4": as_lm_eval,
    "lm_eval 0.3": as_lm_eval_03,
    "lighteval 0.4": as_lighteval("leaderboard|{}|{}|0"),
    "lighteval 0.8": as_lighteval("lighteval|{}|{}"),
    "lighteval 0.12": as_lighteval("{}|{}"),
    "leaderboard": as_lighteval("harness|{}|{}"),
    "inspect": as_inspect,
    "lm_eval 0.4, packed": as_packed(as_lm_eval),
    "every eval ever": as_every_eval_ever(1.0),
    "every eval ever in percent": as_every_eval_ever(100.0),
    "model cards": as_cards,
    "hub evaluation results": as_eval_results,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_format_gives_the_same_table(tmp_path, way):
    WAYS[way](tmp_path)
    frame = dynamics.read_scores(tmp_path).frame
    sizes = [m.rpartition("/")[2] for m in frame["model"]]
    assert sizes == [f"elm-{size}" for size in SIZES]
    assert set(frame["family"]) == {"elm"}
    np.testing.assert_allclose(frame["hellaswag"], list(HELLASWAG.values()), rtol=1e-12)
    np.testing.assert_allclose(frame["truthfulqa_mc2"], list(TRUTHFULQA.values()), rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_every_file_task_and_metric_is_accounted_for(tmp_path, way):
    WAYS[way](tmp_path)
    account = dynamics.read_scores(tmp_path).account
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(file.path for file in account.files) == sorted(map(str, files))
    assert all(file.format and file.used == 1 and not file.reason for file in account.files)
    assert {task.used_as for task in account.tasks} >= {"hellaswag", "truthfulqa_mc2"}
    assert all(bool(task.used_as) != bool(task.reason) for task in account.tasks)


SETTINGS = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.slow(reason="many generated mixtures of formats")
@SETTINGS
@given(data=st.data())
def test_a_folder_of_any_mixture_gives_the_same_scores(tmp_path_factory, data):
    """Each model in another format, its benchmarks in one file or two, files in any order."""
    folder = tmp_path_factory.mktemp("mixture")
    paths = []
    for size in SIZES:
        whole = folder / "whole"
        way = data.draw(st.sampled_from(sorted(WAYS)))
        WAYS[way](whole)
        mine = [p for p in whole.rglob("*") if p.is_file() and f"{size}" in str(p)]
        if way == "lm_eval 0.4" and data.draw(st.booleans()):
            (path,) = mine
            document = json.loads(path.read_text())
            for task in list(document["results"]):
                part = document | {"results": {task: document["results"][task]}}
                mine.append(write(path.with_name(f"results_{task}.json"), part))
            mine.remove(path)
        for path in mine:
            target = folder / size / path.relative_to(whole)
            target.parent.mkdir(parents=True, exist_ok=True)
            paths.append(path.rename(target))
        shutil.rmtree(whole)
    order = data.draw(st.permutations(sorted(paths)))
    for table in (dynamics.read_scores(folder), dynamics.read_scores(order)):
        frame = table.frame.sort_values("params")
        assert frame["params"].tolist() == [1.6e8, 4.1e8, 1.4e9, 2.8e9]
        np.testing.assert_allclose(frame["hellaswag"], list(HELLASWAG.values()), rtol=1e-12)
        np.testing.assert_allclose(frame["truthfulqa_mc2"], list(TRUTHFULQA.values()), rtol=1e-12)
        files = [file for file in table.account.files if file.used]
        assert sorted(file.path for file in files) == sorted(map(str, paths))


def write_packed(path, document):
    path.parent.mkdir()
    path.write_bytes(gzip.compress(json.dumps(document).encode() + b"\n"))
    return path


def test_one_file_of_each_format_is_a_table_of_one_model(tmp_path):
    record = every_eval_ever("1.4b", {("hellaswag", "acc_norm"): HELLASWAG["1.4b"]})
    files = [
        write(tmp_path / "a" / "any name.json", lm_eval("1.4b")),
        write(tmp_path / "b" / "results_1.json", lighteval("1.4b")),
        write(tmp_path / "c" / "log.json", inspect_log("1.4b", "hellaswag", 0.524)),
        write_eval(tmp_path / "d" / "log.eval", inspect_log("1.4b", "hellaswag", 0.524)),
        write(tmp_path / "e" / "record.json", record),
        write(tmp_path / "f" / "records.jsonl", f"{json.dumps(record)}\n"),
        write(tmp_path / "g" / "README.md", model_card("1.4b")),
        write_packed(tmp_path / "h" / "results_1.json.gz", lm_eval("1.4b")),
        write_packed(tmp_path / "i" / "records.jsonl.gz", record),
        write(
            tmp_path / "elm-1.4b" / ".eval_results" / "x.yaml",
            "- dataset:\n    id: Rowan/hellaswag\n    task_id: hellaswag\n  value: 52.4\n",
        ),
    ]
    for path in files:
        table = dynamics.read_scores(path)
        assert table.frame["params"].tolist() == [1.4e9], path
        assert table.frame["hellaswag"].tolist() == [pytest.approx(0.524, rel=1e-12)], path
        assert [file.path for file in table.account.files] == [str(path)]


@pytest.mark.parametrize("name", ["results_1.json.gz", "records.jsonl.gz"])
def test_broken_gzip_is_named(tmp_path, name):
    as_lm_eval(tmp_path)
    path = write_packed(tmp_path / "packed" / name, lm_eval("1.4b"))
    path.write_bytes(path.read_bytes()[:-20])
    for source in (path, tmp_path):
        with pytest.raises(dynamics.TableError, match=rf"{name}: not readable as gzip"):
            dynamics.read_scores(source)


def test_names_with_their_organisation_are_kept_whole(tmp_path):
    as_lighteval("leaderboard|{}|{}|0")(tmp_path)
    assert dynamics.read_scores(tmp_path).frame["model"].tolist() == NAMES


def test_the_second_leaderboard_is_read_by_its_own_metrics(tmp_path):
    for size in SIZES:
        document = lm_eval(size)
        document["results"] = {
            "leaderboard": {"acc,none": 0.4, "acc_norm,none": 0.4, "alias": "leaderboard"},
            "leaderboard_bbh": {"acc_norm,none": HELLASWAG[size], "alias": " - leaderboard_bbh"},
            "leaderboard_bbh_navigate": {"acc_norm,none": 0.5, "alias": "  - navigate"},
            "leaderboard_ifeval": {
                "prompt_level_strict_acc,none": 0.2,
                "inst_level_strict_acc,none": 0.3,
                "prompt_level_loose_acc,none": 0.9,
            },
        }
        document["group_subtasks"] = {
            "leaderboard": ["leaderboard_bbh", "leaderboard_ifeval"],
            "leaderboard_bbh": ["leaderboard_bbh_navigate"],
        }
        write(tmp_path / size / "results_1.json", document)
    table = dynamics.read_scores(tmp_path)
    assert set(table.benchmarks) == {"bbh", "ifeval"}
    assert table.frame["ifeval"].tolist() == [0.25] * len(SIZES)  # the mean of both strict ones
    why = {task.name: task.reason for task in table.account.tasks if not task.used_as}
    assert why["leaderboard_bbh_navigate"] == "a part of leaderboard_bbh"
    assert "mean" in why["leaderboard"]


def test_mmlu_of_lighteval_is_the_mean_of_all_subjects(tmp_path):
    subjects = json.loads(next(p for p in FIXTURE.rglob("*.json") if "1.4b" in str(p)).read_text())[
        "results"
    ]
    for size in SIZES:
        document = lighteval(size)
        document["results"] |= {
            key.replace("harness|hendrycksTest-", "leaderboard|mmlu:") + "|0": values
            for key, values in subjects.items()
            if "hendrycksTest" in key
        }
        document["results"]["leaderboard|mmlu:_average|5|0"] = {"acc": 0.9}
        write(tmp_path / size / "results_1.json", document)
    mean = np.mean([v["acc"] for k, v in subjects.items() if "hendrycksTest" in k])
    table = dynamics.read_scores(tmp_path)
    np.testing.assert_allclose(table.frame["mmlu"], mean, rtol=1e-12)


def test_a_card_of_the_second_leaderboard_holds_normalised_scores(tmp_path):
    for size in SIZES:
        card = model_card(size).replace(
            "  - task:\n      type: text-generation\n    dataset:\n      name: HellaSwag",
            "  - task:\n      type: text-generation\n    dataset:\n      name: BBH (3-Shot)\n"
            "      type: BBH\n    metrics:\n    - type: acc_norm\n      value: 31.5\n    source:\n"
            "      url: https://hf.co/spaces/open-llm-leaderboard/open_llm_leaderboard?query=x\n"
            "  - task:\n      type: text-generation\n    dataset:\n      name: HellaSwag",
        )
        write(tmp_path / f"elm-{size}" / "README.md", card)
    table = dynamics.read_scores(tmp_path)
    assert set(table.benchmarks) == {"bbh_normalised", "hellaswag", "truthfulqa_mc2"}


def test_truthfulqa_of_no_variant_is_not_taken_for_one(tmp_path):
    for size in SIZES:
        write(tmp_path / f"elm-{size}" / "README.md", model_card(size).replace("mc2", "accuracy"))
    table = dynamics.read_scores(tmp_path)
    assert table.benchmarks == ("hellaswag",)
    (task,) = [t for t in table.account.tasks if "Truthful" in t.name]
    assert "variant" in task.reason


def test_an_evaluation_that_did_not_end_is_left_out_and_said(tmp_path):
    as_inspect(tmp_path)
    log = inspect_log("2.8b", "winogrande", 0.6) | {"status": "error"}
    write(tmp_path / "broken_off.json", log)
    write_eval(tmp_path / "started.eval", log, whole=False)
    table = dynamics.read_scores(tmp_path)
    assert "winogrande" not in table.benchmarks
    why = {file.path.rpartition("/")[2]: file.reason for file in table.account.files}
    assert "did not end (its status is error)" in why["broken_off.json"]
    assert "did not end (its status is unknown)" in why["started.eval"]


def test_the_first_version_of_inspects_logs_is_read(tmp_path):
    log = inspect_log("1.4b", "hellaswag", 0.524)
    log["results"] = {
        "scorer": {"name": "choice", "params": {}},
        "metrics": {"accuracy": {"name": "accuracy", "value": 0.524, "options": {}}},
    }
    table = dynamics.read_scores(write(tmp_path / "log.json", log))
    assert table.frame["hellaswag"].tolist() == [0.524]


def test_a_size_that_the_source_states_serves_where_the_name_has_none(tmp_path):
    WAYS["every eval ever"](tmp_path)
    record = every_eval_ever("2.8b", {("hellaswag", "acc_norm"): 0.7})
    record["model_info"] = {
        "id": "acme/elm-8x7b",
        "name": "elm-8x7b",
        "additional_details": {"params_billions": "46.7"},
    }
    write(tmp_path / "mixture.json", record)
    frame = dynamics.read_scores(tmp_path).frame.set_index("model")
    assert frame["params"]["acme/elm-8x7b"] == pytest.approx(46.7e9)


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
def test_a_key_that_stands_twice_is_refused_as_one_score_would_be_lost(tmp_path, ending):
    whole = json.dumps(lm_eval())
    assert whole.count('"acc_norm,none": ') == 1
    twice = whole.replace('"acc_norm,none": ', '"acc_norm,none": 0.99, "acc_norm,none": ')
    path = tmp_path / f"results{ending}"
    path.write_text(twice)
    with pytest.raises(dynamics.TableError, match="'acc_norm,none' stands twice") as caught:
        dynamics.read_scores(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    path.write_text(whole)
    assert len(dynamics.read_scores(path).frame) == 1
