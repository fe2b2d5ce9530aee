"""Groups of lm-evaluation-harness: known benchmarks are read wherever they stand, means are not."""

import numpy as np
import pytest
from result_files import HELLASWAG, SIZES, lm_eval, write

from nullcline import dynamics

MC1 = {"acc,none": 0.24, "acc_stderr,none": 0.015, "alias": " - truthfulqa_mc1"}
MEAN = {"acc,none": 0.33, "acc_stderr,none": 0.01, "alias": "truthfulqa", "bleu_max,none": 20.1}


def read(folder, results, **more):
    """The table of all sizes with `results` added to each; None takes a task away."""
    for size in SIZES:
        document = lm_eval(size)
        tasks = {**document["results"], **results}
        document["results"] = {task: values for task, values in tasks.items() if values is not None}
        document |= more
        write(folder / size / "results_1.json", document)
    return dynamics.read_scores(folder)


def why(table):
    return {task.name: task.reason for task in table.account.tasks if not task.used_as}


@pytest.mark.parametrize("group", ["openllm", "leaderboard", "my_suite"])
@pytest.mark.parametrize("mean", [{"alias": "a suite", " ": " "}, {"acc,none": 0.5}])
def test_a_suite_is_dissolved(tmp_path, group, mean):
    tasks = ["hellaswag", "truthfulqa_mc2", "winogrande"]
    added = {group: mean, "winogrande": {"acc,none": 0.55}}
    table = read(tmp_path, added, group_subtasks={group: tasks})
    assert set(table.benchmarks) == set(tasks)
    assert table.frame["hellaswag"].tolist() == list(HELLASWAG.values())
    assert "mean" in why(table)[group]


@pytest.mark.parametrize(
    "groups",
    [
        {"group_subtasks": {"truthfulqa": ["truthfulqa_gen", "truthfulqa_mc1", "truthfulqa_mc2"]}},
        {"groups": {"truthfulqa": MEAN}},  # 0.4.0, by the indented names
        {},
    ],
)
def test_the_mean_of_truthfulqa_stands_for_no_variant(tmp_path, groups):
    added = {"truthfulqa": MEAN, "truthfulqa_mc1": MC1}
    table = read(tmp_path, added, **groups)
    assert set(table.benchmarks) == {"hellaswag", "truthfulqa_mc1", "truthfulqa_mc2"}
    assert "a mean of MC1, MC2" in why(table)["truthfulqa"]


def test_arc_as_a_group_gives_both_its_tasks(tmp_path):
    added = {
        "ai2_arc": {"acc,none": 0.4, "acc_norm,none": 0.41},
        "arc_easy": {"acc,none": 0.5, "acc_norm,none": 0.51},
        "arc_challenge": {"acc,none": 0.3, "acc_norm,none": 0.31},
    }
    table = read(tmp_path, added, group_subtasks={"ai2_arc": ["arc_easy", "arc_challenge"]})
    assert set(table.frame["arc_easy"]) == {0.51}
    assert set(table.frame["arc_challenge"]) == {0.31}
    assert "ai2_arc" not in table.benchmarks


def test_a_suite_in_a_suite_is_dissolved_too(tmp_path):
    groups = {"mine": ["openllm", "mmlu"], "openllm": ["hellaswag"], "mmlu": ["mmlu_virology"]}
    added = {"mine": {"acc,none": 0.3}, "mmlu": {"acc,none": 0.27}, "mmlu_virology": {"acc": 0.9}}
    table = read(tmp_path, added, group_subtasks=groups)
    assert set(table.benchmarks) == {"hellaswag", "mmlu", "truthfulqa_mc2"}
    assert set(table.frame["mmlu"]) == {0.27}
    assert why(table)["mmlu_virology"] == "a part of MMLU"


def test_a_group_of_unknown_tasks_is_a_benchmark_if_it_has_a_score(tmp_path):
    parts = {"riddles_a": {"acc,none": 0.2}, "riddles_b": {"acc,none": 0.4}}
    groups = {"riddles": list(parts)}
    table = read(tmp_path, {**parts, "riddles": {"acc,none": 0.3}}, group_subtasks=groups)
    assert set(table.frame["riddles"]) == {0.3}
    assert why(table)["riddles_a"] == "a part of riddles"
    for path in tmp_path.rglob("*.json"):
        path.unlink()
    table = read(tmp_path, {**parts, "riddles": {"alias": "riddles"}}, group_subtasks=groups)
    assert {"riddles_a", "riddles_b"} <= set(table.benchmarks)


def test_groups_of_0_4_0_are_told_by_their_indented_names(tmp_path):
    added = {
        "riddles": {"acc,none": 0.3, "alias": "riddles"},
        "riddles_a": {"acc,none": 0.2, "alias": " - riddles_a"},
        "riddles_b": {"acc,none": 0.4, "alias": " - riddles_b"},
        "alone": {"acc,none": 0.6, "alias": "alone"},
    }
    for size in SIZES:
        document = lm_eval(size)
        document["results"] |= added
        del document["group_subtasks"]
        write(tmp_path / size / "results_1.json", document)
    table = dynamics.read_scores(tmp_path)
    assert set(table.benchmarks) == {"hellaswag", "truthfulqa_mc2", "riddles", "alone"}


def test_mmlu_of_0_3_is_the_mean_of_its_subjects(tmp_path):
    from nullcline.dynamics._tables.results.tasks import MMLU_SUBJECTS

    assert len(MMLU_SUBJECTS) == 57
    scores = {name: 0.2 + i / 1000 for i, name in enumerate(sorted(MMLU_SUBJECTS))}
    added = {f"hendrycksTest-{name}": {"acc": score} for name, score in scores.items()}
    table = read(tmp_path, added)
    np.testing.assert_allclose(table.frame["mmlu"], np.mean(list(scores.values())), rtol=1e-12)
    del added["hendrycksTest-virology"]
    table = read(tmp_path, added)
    assert "mmlu" not in table.benchmarks
    assert why(table)["hendrycksTest-anatomy"] == "56 of 57 subjects of MMLU"


def test_a_score_behind_another_filter_is_not_the_usual_one(tmp_path):
    strict = {"exact_match,strict-match": 0.02, "exact_match,flexible-extract": 0.05}
    assert set(read(tmp_path, {"gsm8k": strict}).frame["gsm8k"]) == {0.02}
    flexible = {"exact_match,flexible-extract": 0.05}
    table = read(tmp_path, {"gsm8k": flexible})
    assert "gsm8k" not in table.benchmarks
    assert why(table)["gsm8k"] == "gsm8k is measured by exact_match"


def test_a_task_without_a_share_of_right_answers_is_named(tmp_path):
    added = {
        "wikitext": {"word_perplexity,none": 20.0, "bits_per_byte,none": 0.8},
        "squad": {"exact_match,none": 45.0},
    }
    table = read(tmp_path, added)
    assert set(table.benchmarks) == {"hellaswag", "truthfulqa_mc2"}
    assert why(table)["squad"] == "no number from 0 to 1"
    assert "acc" in why(table)["wikitext"]
