"""Folders of lm-evaluation-harness results, in the shape that version 0.4.13 writes."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics import TableError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lm_eval"
BENCHMARKS = {
    "arc_challenge",
    "gsm8k",
    "hellaswag",
    "mmlu",
    "truthfulqa_mc1",
    "truthfulqa_mc2",
    "winogrande",
}


def document(size="70m"):
    (path,) = FIXTURES.glob(f"acme__willow-{size}/results_*.json")
    return json.loads(path.read_text())


def write(folder, name, content, stamp="2026-04-01T00-00-00.000001"):
    content = copy.deepcopy(content)
    content["model_name"] = name
    path = folder / name.replace("/", "__") / f"results_{stamp}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def codes(table):
    return [w.code for w in table.warnings]


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "acme/willow-70m", document("70m"))
    write(tmp_path, "acme/willow-160m", document("160m"))
    return tmp_path


def test_a_folder_becomes_one_table():
    table = dynamics.read_scores(FIXTURES)
    assert set(table.benchmarks) == BENCHMARKS
    assert table.unit == "fraction"
    assert table.families == ("willow",)
    assert table.frame["model"].tolist() == [f"acme/willow-{s}" for s in ("70m", "160m", "1.4b")]
    assert table.frame["params"].tolist() == [7e7, 1.6e8, 1.4e9]
    raw = document("160m")["results"]
    row = table.frame.iloc[1]
    assert row["hellaswag"] == raw["hellaswag"]["acc_norm,none"]
    assert row["hellaswag_stderr"] == raw["hellaswag"]["acc_norm_stderr,none"]
    assert row["gsm8k"] == raw["gsm8k"]["exact_match,strict-match"]
    assert row["truthfulqa_mc2"] == raw["truthfulqa_mc2"]["acc,none"]
    assert row["mmlu"] == raw["mmlu"]["acc,none"]
    # truthfulqa_mc2 has "N/A": binomial over its 817 questions.
    p = row["truthfulqa_mc2"]
    assert table.stderr("truthfulqa_mc2")[1] == pytest.approx((p * (1 - p) / 817) ** 0.5)
    assert codes(table) == ["size_from_name"]


def test_flat_files_other_tasks_and_strangers(tmp_path):
    for size in ("70m", "160m"):
        content = document(size)
        content["results"]["piqa"] = {"acc,none": 0.6, "acc_norm,none": 0.61}
        content["results"]["lambada"] = {"acc,none": 0.3, "perplexity,none": 40.0}
        (tmp_path / f"results_{size}.json").write_text(json.dumps(content))
    (tmp_path / "samples.json").write_text("[1, 2")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "results_x.json").write_text("broken")
    table = dynamics.read_scores(tmp_path)
    assert table.frame["piqa"].tolist() == [0.61, 0.61]
    assert set(table.benchmarks) == {*BENCHMARKS, "piqa", "lambada"}


def test_a_single_file_is_a_table_of_one_model():
    (path,) = FIXTURES.glob("acme__willow-1.4b/*.json")
    table = dynamics.read_scores(path)
    assert table.frame["model"].tolist() == ["acme/willow-1.4b"]


def test_a_folder_of_one_model_has_no_family():
    with pytest.raises(TableError, match="one model has no family to compare"):
        dynamics.read_scores(FIXTURES / "acme__willow-70m")


def test_models_csv_states_sizes_and_families(folder):
    write(folder, "acme/nameless", document("1.4b"))
    (folder / "models.csv").write_text(
        "model,family,params_b,d_model,tokens_b,lab,note\n"
        "acme/nameless,Oak,1.4,2048,300,Acme,mine\nacme__willow-70m,Oak,.075,,,,\n"
        "willow-160m,,,,,Acme,size from the name\n"
    )
    table = dynamics.read_scores(folder)
    by_model = table.frame.set_index("model")
    assert by_model["family"].to_dict() == {
        "acme/nameless": "Oak",
        "acme/willow-70m": "Oak",
        "acme/willow-160m": "willow",
    }
    assert by_model["params"].to_dict() == pytest.approx(
        {"acme/nameless": 1.4e9, "acme/willow-70m": 7.5e7, "acme/willow-160m": 1.6e8}
    )
    assert by_model["d_model"]["acme/nameless"] == 2048
    assert by_model["tokens"]["acme/nameless"] == 3e11
    assert by_model["lab"]["acme/willow-160m"] == "Acme"
    assert by_model["d_model"].isna()["acme/willow-70m"]


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("model,params\nx,many\n", 2, "which is no number"),
        ("family,params\nx,7B\n", 1, "no column 'model'"),
        ("model,hellaswag\nx,7\n", 1, "'hellaswag' is not known"),
        ("model,params\nx,7B\nX,8B\n", 3, "stands twice"),
        ("model,params\nx\n", 2, "1 cells"),
    ],
)
def test_a_bad_models_csv_is_named(folder, text, row, words):
    (folder / "models.csv").write_text(text)
    with pytest.raises(TableError) as caught:
        dynamics.read_scores(folder)
    assert caught.value.path == str(folder / "models.csv")
    assert caught.value.row == row
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["acme/nameless", "acme/7b", "acme/elm-7b-1b"])
def test_a_model_without_size_or_family_asks_for_models_csv(folder, name):
    content = document("1.4b")
    del content["config"]["model_num_parameters"]  # else the harness's own count is taken
    write(folder, name, content)
    with pytest.raises(TableError, match=r"known for .*write models\.csv into the folder"):
        dynamics.read_scores(folder)


@pytest.mark.parametrize(
    ("name", "family", "params", "active"),
    [
        ("org/Alder-57B-A14B", "Alder", 57e9, 14e9),
        ("org/willow-7b1", "willow", 7.1e9, None),
        ("org/willow-2-1_6b-base", "willow-2", 1.6e9, None),
        ("/home/me/models/willow-1.3b/", "willow", 1.3e9, None),
    ],
)
def test_what_names_say(folder, name, family, params, active):
    content = document("1.4b")
    content["model_name"] = name
    (folder / "results_x.json").write_text(json.dumps(content))
    table = dynamics.read_scores(folder)
    row = table.frame[table.frame["params"] > 2e8].iloc[0]
    assert (row["family"], row["params"]) == (family, pytest.approx(params))
    if active:
        assert row["active_params"] == active


@pytest.mark.parametrize(
    "arguments", ["pretrained=acme/willow-410m,dtype=auto", {"pretrained": "acme/willow-410m"}]
)
def test_the_name_may_stand_in_the_arguments_only(folder, arguments):
    content = document("1.4b")
    content["config"]["model_args"] = arguments
    del content["model_name"]
    (folder / "results_x.json").write_text(json.dumps(content))
    assert "acme/willow-410m" in dynamics.read_scores(folder).frame["model"].tolist()


def test_the_newest_run_wins_by_task_and_the_older_is_named(folder):
    old, new = document("70m"), document("70m")
    old["date"], new["date"] = 1.6e9, 1.9e9
    old["results"]["hellaswag"]["acc_norm,none"] = 0.26
    new["results"] = {"hellaswag": {"acc_norm,none": 0.28, "acc_norm_stderr,none": 0.004}}
    # The name of the older file sorts last: the date inside decides.
    write(folder, "acme/willow-70m", old, stamp="2027-01-01T00-00-00")
    write(folder, "acme/willow-70m", new, stamp="2026-01-01T00-00-00")
    table = dynamics.read_scores(folder)
    row = table.frame.iloc[0]
    assert row["hellaswag"] == 0.28
    assert row["mmlu"] == document("70m")["results"]["mmlu"]["acc,none"]
    said = [w for w in table.warnings if w.code == "conflicting_runs"]
    assert {w.row for w in said} == {1}
    assert any("0.28" in w.message and "0.26" in w.message for w in said)


def test_checkpoints_stay_apart_from_the_final_weights(folder):
    final = document("70m")["results"]["hellaswag"]["acc_norm,none"]
    for step in (1000, 64000):
        content = document("70m")
        content["date"] = 1.9e9 + step
        content["config"]["model_args"] = f"pretrained=acme/willow-70m,revision=step{step}"
        content["results"] = {"hellaswag": {"acc_norm,none": 0.255 + step * 1e-7}}
        write(folder, "acme/willow-70m", content, stamp=f"later{step}")
    table = dynamics.read_scores(folder)
    assert table.frame["hellaswag"].iloc[0] == final
    assert table.frame["model"].tolist() == ["acme/willow-70m", "acme/willow-160m"]
    apart = table.left_out.set_index("model")
    assert apart["step"].to_dict() == {
        "acme/willow-70m@step1000": 1000,
        "acme/willow-70m@step64000": 64000,
    }
    assert set(apart["reason"]) == {"checkpoint"}
    (warning,) = [w for w in table.warnings if w.code == "checkpoints"]
    assert "'main' is used; 2 checkpoints (step 1000 to 64000) stay apart" in warning.message
    unused = {Path(f.path).stem: f.reason for f in table.account.files if not f.used}
    assert "a checkpoint of a model" in unused["results_later1000"]


def test_without_final_weights_the_last_checkpoint_counts(folder):
    for step in (9000, 64000, 128000):
        content = document("1.4b")
        content["config"]["model_args"] = f"pretrained=acme/willow-1.4b,revision=step{step}"
        content["date"] = 1.9e9 - step
        write(folder, "acme/willow-1.4b", content, stamp=f"at{step}")
    table = dynamics.read_scores(folder)
    assert table.frame["model"].tolist()[2] == "acme/willow-1.4b@step128000"
    assert table.frame["step"].tolist()[2] == 128000
    assert table.frame["params"].tolist()[2] == 1.4e9


def limited(content, items=50):
    content = copy.deepcopy(content)
    content["config"]["limit"] = float(items)
    for counts in content["n-samples"].values():
        counts["effective"] = items
    for values in content["results"].values():
        for key in values:
            if "_stderr" in key:
                values[key] = "N/A"
    return content


def test_a_limited_run_is_flagged_and_counts_the_questions_asked(folder):
    write(folder, "acme/willow-410m", limited(document("1.4b")))
    table = dynamics.read_scores(folder)
    (warning,) = [w for w in table.warnings if w.code == "limited_run"]
    assert warning.row == 3
    assert "hellaswag (50)" in warning.message
    assert "mmlu (150)" in warning.message  # three subtasks
    p = table.frame["hellaswag"].iloc[2]
    assert table.stderr("hellaswag")[2] == pytest.approx((p * (1 - p) / 50) ** 0.5)


def test_a_limit_is_believed_without_counts_but_not_above_all_items(folder):
    content = document("1.4b")
    del content["n-samples"]
    content["config"]["limit"] = 1000
    write(folder, "acme/willow-410m", content)
    (warning,) = [w for w in dynamics.read_scores(folder).warnings if w.code == "limited_run"]
    assert "hellaswag (1000)" in warning.message
    assert "truthfulqa" not in warning.message  # 817 questions, all asked


def test_a_full_run_goes_before_a_newer_limited_one(folder):
    content = limited(document("70m"))
    content["date"] = 1.9e9
    content["results"]["hellaswag"]["acc_norm,none"] = 0.4
    write(folder, "acme/willow-70m", content, stamp="later")
    table = dynamics.read_scores(folder)
    assert (
        table.frame["hellaswag"].iloc[0] == document("70m")["results"]["hellaswag"]["acc_norm,none"]
    )
    assert "conflicting_runs" in codes(table)
    assert "limited_run" not in codes(table)


@pytest.mark.parametrize(
    ("key", "task", "value", "code", "words"),
    [
        ("n-shot", "hellaswag", 0, "mixed_n_shot", "hellaswag has shots 10 for most models, 0 for"),
        (
            "n-shot",
            "mmlu_astronomy",
            0,
            "mixed_n_shot",
            "mmlu has shots 5 for most models, 0 and 5",
        ),
        ("versions", "truthfulqa_mc2", 2.0, "mixed_task_version", "task version 3"),
    ],
)
def test_mixed_settings_name_the_models(folder, key, task, value, code, words):
    content = document("1.4b")
    content[key][task] = value
    write(folder, "acme/willow-1.4b", content)
    table = dynamics.read_scores(folder)
    (warning,) = [w for w in table.warnings if w.code == code]
    assert warning.row == 3
    assert words in warning.message
    assert "acme/willow-1.4b" in warning.message


@pytest.mark.parametrize(
    ("task", "key", "value"),
    [
        ("hellaswag", "acc_norm,none", 27.3),
        ("hellaswag", "acc_norm,none", -0.1),
        ("hellaswag", "acc_norm,none", float("inf")),
        ("hellaswag", "acc_norm,none", "good"),
        ("hellaswag", "acc_norm,none", [0.3]),
        ("hellaswag", "acc_norm,none", True),
        ("hellaswag", "acc_norm_stderr,none", 10**400),
    ],
)
def test_a_score_that_is_none_names_its_file(folder, task, key, value):
    content = document("1.4b")
    content["results"][task][key] = value
    path = write(folder, "acme/willow-1.4b", content)
    with pytest.raises(TableError) as caught:
        dynamics.read_scores(folder)
    assert caught.value.path == str(path)
    assert "no number from 0 to 1" in str(caught.value)


def test_a_score_of_nan_is_missing(folder):
    content = document("1.4b")
    content["results"]["hellaswag"]["acc_norm,none"] = float("nan")
    write(folder, "acme/willow-1.4b", content)
    table = dynamics.read_scores(folder)
    assert np.isnan(table.frame["hellaswag"].iloc[2])
    assert ("missing_score", 3) in {(w.code, w.row) for w in table.warnings}


@pytest.mark.parametrize("content", [b"", b"{", b'{"results": ', b"\xff\xfe\x00", b"[" * 100_000])
def test_broken_results_are_named(folder, content):
    path = folder / "results_broken.json"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        dynamics.read_scores(folder)
    assert caught.value.path == str(path)
