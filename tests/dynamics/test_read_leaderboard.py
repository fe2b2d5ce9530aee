"""Results files of the first Open LLM Leaderboard."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics import TableError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "leaderboard"


def document(size="1.4b"):
    (path,) = FIXTURES.glob(f"acme/willow-{size}/results_*.json")
    return json.loads(path.read_text())


def write(folder, name, content):
    content = copy.deepcopy(content)
    content["config_general"]["model_name"] = name
    path = folder / f"results_{name.replace('/', '_')}.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "acme/willow-70m", document("70m"))
    write(tmp_path, "acme/willow-1.4b", document("1.4b"))
    return tmp_path


def test_both_variants_and_the_mean_of_57_subjects():
    table = dynamics.read_scores(FIXTURES)
    assert table.frame["model"].tolist() == ["acme/willow-70m", "acme/willow-1.4b"]
    results = document()["results"]
    row = table.frame.iloc[1]
    assert row["truthfulqa_mc1"] == results["harness|truthfulqa:mc|0"]["mc1"]
    assert row["truthfulqa_mc2"] == results["harness|truthfulqa:mc|0"]["mc2"]
    assert row["truthfulqa_mc2_stderr"] == results["harness|truthfulqa:mc|0"]["mc2_stderr"]
    assert row["hellaswag"] == results["harness|hellaswag|10"]["acc_norm"]
    assert row["arc_challenge"] == results["harness|arc:challenge|25"]["acc_norm"]
    assert row["winogrande"] == results["harness|winogrande|5"]["acc"]
    assert row["gsm8k"] == results["harness|gsm8k|5"]["acc"]
    subjects = [v for k, v in results.items() if "hendrycksTest" in k]
    assert len(subjects) == 57
    assert row["mmlu"] == pytest.approx(np.mean([s["acc"] for s in subjects]), rel=1e-12)
    # Errors of independent subjects add in squares.
    error = np.sqrt(np.sum([s["acc_stderr"] ** 2 for s in subjects])) / 57
    assert row["mmlu_stderr"] == pytest.approx(error, rel=1e-12)
    assert [w.code for w in table.warnings] == ["size_from_name"]


def test_mmlu_without_all_subjects_is_left_empty(folder):
    content = document()
    del content["results"]["harness|hendrycksTest-virology|5"]
    write(folder, "acme/willow-1.4b", content)
    table = dynamics.read_scores(folder)
    assert np.isnan(table.frame["mmlu"].iloc[1])
    (warning,) = [w for w in table.warnings if w.code == "mmlu_incomplete"]
    assert warning.row == 2
    assert "56 of 57" in warning.message


def test_other_shots_and_versions_are_named(folder):
    content = document()
    content["results"]["harness|hellaswag|0"] = content["results"].pop("harness|hellaswag|10")
    content["versions"]["harness|winogrande|5"] = 1
    write(folder, "acme/willow-3b", content)
    warnings = {w.code: w for w in dynamics.read_scores(folder).warnings}
    assert warnings["mixed_n_shot"].row == 3
    assert "hellaswag has shots 10 for most models, 0 for acme/willow-3b" in (
        warnings["mixed_n_shot"].message
    )
    assert "winogrande" in warnings["mixed_task_version"].message


def test_a_limited_run_is_flagged(folder):
    content = document()
    content["config_general"]["max_samples"] = 10
    write(folder, "acme/willow-3b", content)
    (warning,) = [w for w in dynamics.read_scores(folder).warnings if w.code == "limited_run"]
    assert warning.row == 3
    assert "hellaswag (10)" in warning.message
    assert "mmlu (570)" in warning.message


def test_a_folder_with_both_harnesses_says_so(folder):
    newer = FIXTURES.parent / "lm_eval" / "acme__willow-160m"
    for path in newer.glob("*.json"):
        (folder / path.name).write_text(path.read_text())
    table = dynamics.read_scores(folder)
    assert len(table.frame) == 3
    assert "mixed_harness" in [w.code for w in table.warnings]


def test_a_bad_score_names_its_file(folder):
    content = document()
    content["results"]["harness|truthfulqa:mc|0"]["mc2"] = 45.0
    path = write(folder, "acme/willow-3b", content)
    with pytest.raises(TableError, match=r"truthfulqa:mc mc2 is '45\.0'") as caught:
        dynamics.read_scores(folder)
    assert caught.value.path == str(path)


def test_a_single_file_is_a_table_of_one_model(folder):
    table = dynamics.read_scores(folder / "results_acme_willow-70m.json")
    assert table.frame["params"].tolist() == [7e7]
