"""`nullcline card`: what it prints, its JSON, its picture, and its errors on one line."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from nullcline import dynamics
from nullcline.experiments.cli import main

WHOLE = ["--model", "Mine-7B", "hellaswag=78.2", "truthfulqa_mc2=43.1", "params=7B"]
NAMES = (
    '<script>alert(1)</script> & "q" $x_1$',
    "模型-7B",
    "a" * 500,
    "]]><!-- x -->",
    "\x1b[31mred",
)


def card(capsys, *typed):
    assert main(["card", *typed]) == 0
    return capsys.readouterr().out


def said(capsys, *typed):
    assert main(["card", *typed]) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("nullcline")]
    assert len(error) == 1
    return error[0]


def test_the_page_fits_and_begins_with_the_answer(capsys):
    text = card(capsys, *WHOLE)
    assert max(map(len, text.splitlines())) <= 80
    lines = text.splitlines()
    assert lines[0] == "Mine-7B (7B): HellaSwag 78.2 %, TruthfulQA MC2 43.1 %"
    assert lines[2] == "What follows"
    assert "8 families near it" in lines[3]
    assert "Its own coupling: undetermined." in text


def test_json_has_the_promised_keys_and_what_the_library_says(capsys):
    found = json.loads(card(capsys, *WHOLE, "--json"))
    assert {
        "model", "nearest", "neighbourhood", "residual", "residual_se", "next", "own_coupling",
        "measure_next",
    } <= set(found)  # fmt: skip
    table = dynamics.load_table()
    model = dynamics.read_model(
        "Mine-7B", {"hellaswag": 0.782, "truthfulqa_mc2": "43.1%"}, params=7e9,
        known=table.benchmarks,
    )  # fmt: skip
    library = dynamics.model_card(model)
    assert library.residual is not None
    assert found["own_coupling"] == "undetermined"
    assert found["residual"] == pytest.approx(library.residual.value)
    assert found["residual_se"] == pytest.approx(library.residual.stderr)
    near = found["neighbourhood"]
    assert (near["phase"], near["low"], near["high"]) == (
        library.neighbourhood.phase,
        pytest.approx(library.neighbourhood.low),
        pytest.approx(library.neighbourhood.high),
    )
    assert [n["model"] for n in found["nearest"]] == [n.model for n in library.nearest]
    assert found["next"]["params"] == pytest.approx(14e9)
    assert found["measure_next"][0]["kind"] == "size"
    assert found["measure_next"][0]["now"] is None  # no end


def test_a_model_of_one_benchmark_says_what_is_missing(capsys):
    text = card(capsys, "--model", "Mine", "mmlu=45")
    assert max(map(len, text.splitlines())) <= 80
    assert "Not said" in text
    assert "no size is given" in text
    found = json.loads(card(capsys, "--model", "Mine", "truthfulqa_mc2=45", "params=7B", "--json"))
    assert found["neighbourhood"]["phase"] == "undetermined"
    assert found["neighbourhood"]["low"] is None
    assert found["residual"] is None
    assert found["measure_next"][0]["benchmark"] == "hellaswag"


@pytest.mark.slow(reason="makes four cards")
def test_a_row_of_the_shipped_table_and_of_ones_own(capsys, tmp_path):
    shipped = json.loads(card(capsys, "--model", "llama-13b", "--json"))
    assert shipped["left_out"] == ["huggyllama/llama-13b"]
    assert shipped["own_family"] == "Llama"
    table = tmp_path / "mine.csv"
    table.write_text("model,hellaswag,truthfulqa_mc2\nMine-1B-chat,55.1,40.2\nMine-7B,78.2,43.1\n")
    own = json.loads(card(capsys, str(table), "--model", "mine-1b-chat", "--json"))
    assert own["tuned"]
    assert own["scores"] == pytest.approx({"hellaswag": 0.551, "truthfulqa_mc2": 0.402})
    table.write_text("model,hellaswag\nMine-1B-chat,55.1\n")  # one model is a table, too
    assert "Mine-1B-chat (1B): HellaSwag" in card(capsys, str(table), "--model", "Mine-1B-chat")
    table.write_text("model,hellaswag\nMine-1B,55.1\nMine-7B,78.2\n")
    assert "no model 'Mien-7B'; nearest: Mine-7B" in said(capsys, str(table), "--model", "Mien-7B")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["hellaswag=78"], "--model '': name the model whose scores these are"),
        (["--model", "x", "helaswag=78"], "no benchmark 'helaswag'; nearest: hellaswag"),
        (["--model", "x", "hellaswag=78", "no.csv"], "no.csv is no NAME=SCORE"),
        (["--model", "x", "no.csv"], "no.csv: there is no such file"),
        (["--model", "x", "hellaswag=780"], "hellaswag is 780, outside 0 to 100 percent"),
        (["--model", "x", "hellaswag=78", "params=7"], "params is '7', no size"),
        (["--model", "x", "hellaswag=78", "hellaswag=79"], "hellaswag is given twice"),
        (["--model", "x", "params=7B"], "x has no score; give some of hellaswag"),
        ([*WHOLE, "--next", "1B"], "--next 1B: give a size above the model's own"),
        ([*WHOLE, "--next", "big"], "--next big: is no size"),
        ([*WHOLE, "--truth", "hellaswag"], "the pair holds 'hellaswag' twice"),
        ([*WHOLE, "--neighbours", "2"], "--neighbours 2: give 3 or more"),
    ],
)
def test_what_cannot_be_is_said_on_one_line(typed, words, capsys):
    assert words in said(capsys, *typed)


@pytest.mark.slow(reason="draws the picture of each name")
@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_light_and_valid_whatever_the_name(name, tmp_path, capsys):
    file = tmp_path / "card.svg"
    card(capsys, "--model", name, "hellaswag=78.2", "truthfulqa_mc2=43.1", "--svg", str(file))
    content = file.read_bytes()
    assert len(content) < 100_000
    root = ElementTree.fromstring(content)
    assert root.tag.endswith("svg")
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image"}
    texts = " ".join("".join(element.itertext()) for element in root.iter())
    assert "families near it" in texts
    assert "TruthfulQA MC2 (%)" in texts


@pytest.mark.slow(reason="draws the picture twice")
def test_the_picture_stands_in_the_folder_and_is_the_same_twice(tmp_path, capsys):
    for folder in ("a", "b"):
        card(capsys, *WHOLE, "--out", str(tmp_path / folder))
    first, second = ((tmp_path / folder / "card.svg").read_bytes() for folder in ("a", "b"))
    assert first == second
    record = json.loads((tmp_path / "a" / "record.json").read_text())
    assert record["command"] == "card"
    assert set(record["inputs"]) >= {"uniform", "leaderboard"}


@pytest.mark.parametrize("among", ["leaderboard", "published"])
def test_it_can_be_compared_with_another_shipped_table(among, capsys):
    table = dynamics.load_table(among)
    found = json.loads(card(capsys, "--model", "Mine", "hellaswag=70", "params=3B", "--among",
                            among, "--json"))  # fmt: skip
    assert found["among"]["table"] == among
    assert found["among"]["models"] == len(table.frame)
