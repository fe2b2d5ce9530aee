"""Where there is nothing to read, the reader says what is there."""

import pytest
from result_files import inspect_log, lm_eval, write, write_eval

from nullcline import dynamics
from nullcline.dynamics import TableError


def empty(folder):
    pass


def other_files(folder):
    write(folder / "config.txt", "x")
    write(folder / "more" / "scores.csv", "x")


def other_json(folder):
    write(folder / "config.json", {"hidden_size": 12})
    write(folder / "list.json", [1, 2])


def samples(folder):
    write(folder / "elm" / "samples_hellaswag_2024.jsonl", '{"doc_id": 0}\n')
    write(folder / "elm" / "more.jsonl", '{"doc_id": 0}\n')
    write(folder / "elm" / "old.json", [{"doc_id": 0, "target": 1}])


def only_hidden(folder):
    write(folder / ".cache" / "results_1.json", lm_eval())


def too_deep(folder):
    place = folder.joinpath(*["d"] * 65)
    write(place / "results_1.json", lm_eval())


def no_results(folder):
    write(folder / "results_1.json", lm_eval() | {"results": {}})


def list_of_results(folder):
    write(folder / "results_1.json", {"results": [{"accuracy": 0.3}]})


def no_metric(folder):
    tasks = {"wikitext": {"word_perplexity,none": 20.0}, "riddles": {"alias": "riddles"}}
    write(folder / "results_1.json", lm_eval() | {"results": tasks})


def no_number(folder):
    tasks = {"hellaswag": {"acc_norm,none": "N/A"}, "mmlu": {"acc,none": float("nan")}}
    write(folder / "results_1.json", lm_eval() | {"results": tasks})


def only_a_mean(folder):
    write(folder / "results_1.json", lm_eval() | {"results": {"truthfulqa": {"acc,none": 0.3}}})


def not_ended(folder):
    log = inspect_log("160m", "hellaswag", 0.3)
    write(folder / "a.json", log | {"status": "cancelled"})
    write_eval(folder / "b.eval", log, whole=False)


def only_models(folder):
    write(folder / "models.csv", "model,params\nelm,1B\n")


def a_card_without(folder):
    write(folder / "README.md", "---\nlicense: mit\n---\nHello\n")


SITUATIONS = {
    empty: "the folder is empty",
    only_models: "the folder holds models.csv only",
    other_files: "**/*.csv: 1 such files: tables are given by their own path",
    other_json: "config.json: JSON without results; list.json: JSON without results (a list)",
    samples: "only samples are here (3 files of answers to single questions, no scores",
    only_hidden: ".cache: hidden: not looked into",
    too_deep: "/d: more than 64 folders deep: not looked into",
    no_results: "results_1.json: its results are empty",
    list_of_results: "results_1.json: its results are no object of tasks",
    no_metric: "wikitext (word_perplexity,none): it has none of acc_norm, acc, exact_match",
    no_number: "results_1.json: the harness wrote no number for any task",
    only_a_mean: "truthfulqa (acc,none): a mean of MC1, MC2",
    not_ended: "a.json: the evaluation did not end (its status is cancelled)",
    a_card_without: "README.md: a text without a model-index",
}


@pytest.mark.parametrize("make", SITUATIONS, ids=lambda make: make.__name__)
def test_what_is_there_instead_of_scores_is_said(tmp_path, make):
    make(tmp_path)
    with pytest.raises(TableError) as caught:
        dynamics.read_scores(tmp_path)
    assert SITUATIONS[make] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == str(tmp_path)


def test_every_situation_is_said_in_other_words():
    assert len(set(SITUATIONS.values())) == len(SITUATIONS)


def test_what_lies_beside_results_is_accounted_for(tmp_path):
    for size in ("160m", "410m"):
        write(tmp_path / size / "results_1.json", lm_eval(size))
    for make in (other_files, other_json, samples, only_hidden, too_deep, a_card_without):
        make(tmp_path)
    unused = {
        file.path.removeprefix(f"{tmp_path}/"): (file.left_out, file.reason)
        for file in dynamics.read_scores(tmp_path).account.files
        if not file.used
    }
    assert {path: reason.partition(" (")[0] for path, (_, reason) in unused.items()} == {
        "config.json": "JSON without results",
        "list.json": "JSON without results",
        "README.md": "a text without a model-index",
        ".cache": "hidden: not looked into",
        "/".join(
            "d" * 65
        ): "more than 64 folders deep: not looked into; give a folder nearer to it",
        "elm/more.jsonl": SAMPLES,
        "elm/old.json": SAMPLES,
        "elm/samples_hellaswag_2024.jsonl": SAMPLES,
        "**/*.csv": "1 such files: tables are given by their own path",
        "**/*.txt": "1 such files: no results",
    }


SAMPLES = "answers to single questions, no scores; the scores are in results_<time>.json"
