"""Several sources as one table, the account, and all problems at once."""

import json

import pandas as pd
import pytest

from nullcline import dynamics

ONE = "family,model,params,hellaswag\nElm,elm-160m,160M,30.1\nElm,elm-1.4b,1.4B,52.4\n"
TWO = "model,TruthfulQA (MC2)\nacme/ELM-160M,0.442\nacme/elm-1.4b-hf,0.388\n"


def write(folder, **files):
    paths = []
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def test_the_same_model_in_two_sources_is_one_row(tmp_path):
    table = dynamics.read_scores(write(tmp_path, one=ONE, two=TWO))
    assert table.name == "one.csv + two.csv"
    assert table.frame["hellaswag"].tolist() == [0.301, 0.524]
    assert table.frame["truthfulqa_mc2"].tolist() == [0.442, 0.388]
    assert table.unit == "percent, fraction"
    assert not table.warnings
    assert (table.account.rows_seen, table.account.rows_used) == (4, 4)


def test_paths_may_be_arguments_of_their_own_or_frames(tmp_path):
    one, two = write(tmp_path, one=ONE, two=TWO)
    frame = pd.read_csv(two)
    for table in (
        dynamics.read_scores(one, two),
        dynamics.read_scores([one, two]),
        dynamics.read_scores(one, frame),
        dynamics.read_scores([str(one), frame]),
    ):
        assert table.frame["truthfulqa_mc2"].tolist() == [0.442, 0.388]


def test_a_conflict_between_sources_is_said_and_the_first_is_used(tmp_path):
    two = "family,model,params,hellaswag,mmlu\nelm,elm-160m,160M,31.5,25.1\n"
    table = dynamics.read_scores(write(tmp_path, one=ONE, two=two))
    (warning,) = [w for w in table.warnings if w.code == "conflicting_duplicate"]
    assert "two.csv" in warning.message
    assert "(hellaswag)" in warning.message
    assert table.frame["hellaswag"].tolist() == [0.301, 0.524]
    assert table.frame["mmlu"].tolist()[0] == 0.251
    assert table.families == ("Elm",)


def test_traps_run_on_the_whole(tmp_path):
    chat = "family,model,params,hellaswag\nElm,elm-1.4b-chat,1.4B,54.0\n"
    table = dynamics.read_scores(write(tmp_path, one=ONE, two=chat))
    assert table.left_out["model"].tolist() == ["elm-1.4b-chat"]
    (row,) = table.account.rows_left_out
    assert row.reason == "instruction-tuned or merged (in two.csv)"
    assert [(f.used, f.left_out) for f in table.account.files] == [(2, 0), (0, 1)]


def test_a_source_without_scores_describes_the_models_of_others(tmp_path):
    sizes = "model,family,params\nfirst,Oak,1B\nsecond,Oak,3B\n"
    scores = "model,hellaswag\nfirst,40\nsecond,55\n"
    table = dynamics.read_scores(write(tmp_path, sizes=sizes, scores=scores))
    assert table.families == ("Oak",)
    assert table.frame["params"].tolist() == [1e9, 3e9]


def test_the_sheets_of_a_workbook_are_one_table(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"notes": ["written by hand", "in March"]}).to_excel(book, sheet_name="about")
        for name, column in (("HellaSwag", [30.1, 52.4]), ("TruthfulQA MC2", [44.2, 38.8])):
            frame = pd.DataFrame({"model": ["elm-160m", "elm-1.4b"], name: column})
            frame.to_excel(book, sheet_name=name, index=False)
    table = dynamics.read_scores(path)
    assert table.benchmarks == ("hellaswag", "truthfulqa_mc2")
    assert len(table.frame) == 2


def test_all_problems_of_a_file_are_said_at_once(tmp_path):
    text = (
        "family,model,params,hellaswag,mmlu,mmlu\n"
        "Elm,a,1B,104,30,30\nElm,b,few,50,30,30\nElm,,3B,high,30,30\n"
    )
    with pytest.raises(dynamics.TableError) as caught:
        dynamics.read_scores(write(tmp_path, t=text.replace(",mmlu,mmlu", ",mmlu,arc")))
    said = str(caught.value)
    assert "\n" not in said
    for words in ("4 problems", "hellaswag is 104", "'few'", "'high'", "no model"):
        assert words in said
    assert caught.value.row == 3  # of the first problem: sizes are read before scores


def test_all_models_without_a_size_are_named(tmp_path):
    text = "family,model,params,hellaswag\nElm,a,1B,40\nElm,b,,50\nElm,c,,60\n"
    with pytest.raises(dynamics.TableError, match="no size is known for 'b', 'c'"):
        dynamics.read_scores(write(tmp_path, t=text))


def test_the_account_names_every_column_and_row(tmp_path):
    text = (
        "Results of March\n"
        "rank,family,model,params,hellaswag,Average,tree,Hub ❤️,note\n"
        "1,Elm,elm-160m,160M,30.1,1,oak,7,x\n"
        "2,Elm,elm-1.4b,1.4B,52.4,2,oak,3,y\n"
        "3,Elm,elm-1.4b,1.4B,52.4,2,oak,3,y\n"
        ",Total,,,99,,,,\n"
        "Source: us\n"
    )
    account = dynamics.read_scores(write(tmp_path, t=text)).account
    used = {column.name: column.used_as for column in account.columns}
    assert used == {
        **{name: name for name in ("family", "model", "params", "hellaswag")},
        **dict.fromkeys(("rank", "Average", "tree", "Hub ❤️", "note"), ""),
    }
    assert all(column.used_as or column.reason for column in account.columns)
    assert {row.row for row in account.rows_left_out} == {1, 5, 6, 7}
    assert account.rows_seen == account.rows_used + len(account.rows_left_out) == 6


def test_what_was_written_reads_as_the_same(tmp_path, capsys):
    from nullcline.experiments.cli import main

    paths = [str(path) for path in write(tmp_path, one=ONE, two=TWO)]
    out = tmp_path / "table.csv"
    assert main(["read", *paths, "-o", str(out)]) == 0
    page = capsys.readouterr().out
    assert all(len(line) <= 80 or str(tmp_path) in line for line in page.splitlines())
    assert "TruthfulQA (MC2)" in page
    table, again = dynamics.read_scores(paths), dynamics.read_scores(out)
    scored = ["model", "params", *table.benchmarks]
    pd.testing.assert_frame_equal(table.frame[scored], again.frame[scored])
    assert main(["read", *paths, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["account"]["rows"] == {"seen": 4, "used": 4, "left_out": []}
    assert [file["used"] for file in found["account"]["files"]] == [2, 2]
    assert {c["used_as"] for c in found["account"]["columns"]} >= {"truthfulqa_mc2", "hellaswag"}


def test_a_printed_table_of_the_harness_is_one_model(tmp_path):
    text = """hf (pretrained=acme/elm-{}), limit: None
|  Tasks  |Version|Filter|n-shot| Metric |   |Value |   |Stderr|
|---------|-------|------|------|--------|---|-----:|---|-----:|
|hellaswag|      1|none  |    10|acc     |↑  |0.4514|±  |0.0050|
|         |       |none  |      |acc_norm|↑  |{}|±  |0.0049|
"""
    paths = []
    for size, score in (("1b", 0.5), ("7b", 0.7)):
        paths.append(tmp_path / f"{size}.md")
        paths[-1].write_text(text.format(size, score), encoding="utf-8")
    table = dynamics.read_scores(paths)
    assert table.frame["model"].tolist() == ["acme/elm-1b", "acme/elm-7b"]
    assert table.frame["hellaswag"].tolist() == [0.5, 0.7]
    assert table.stderr("hellaswag").tolist() == [0.0049, 0.0049]
    with pytest.raises(dynamics.TableError, match="one model has no family to compare"):
        dynamics.read_scores(paths[0])
