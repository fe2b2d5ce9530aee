"""Files of questions and statements as they come: framed, and used as far as they can be."""

import json

import pytest
from tiny_models import TEXT, byte_tokenizer, save_tiny, word_tokenizer

from nullcline.experiments.cli import main

TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A tiny model with a chat template, whose positions hold TruthfulQA's examples."""
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = TEMPLATE
    return str(save_tiny("bloom", tmp_path_factory.mktemp("tuned"), tokenizer=tokenizer))


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A model that cannot say a number."""
    folder = tmp_path_factory.mktemp("words")
    return str(save_tiny("gpt2", folder, tokenizer=word_tokenizer()))


def question(text, right, *wrong):
    targets = {right: 1, **dict.fromkeys(wrong, 0)}
    return {"question": text, "mc1_targets": targets, "mc2_targets": targets}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Questions in the layout of TruthfulQA, some of which answer alike for a while."""
    path = tmp_path_factory.mktemp("asked") / "truthfulqa_ours.json"
    entries = [
        question(f"Is {word} heavy?", f"{word} is heavy", f"{word} is light", f"{word} is cold")
        for word in ("copper", "iron", "a metal", "a feather", "the river", "the city", "the sea")
    ]
    entries.append(question("What is it?", "it is", "it is cold"))
    path.write_text(json.dumps(entries))
    return str(path)


def printed(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_answers_that_begin_alike_are_read_where_they_part_and_the_rest_is_named(
    tuned, asked, capsys
):
    found = printed(capsys, "heads", tuned, "--pairs", asked, "--frame", "plain")
    pairs = found["pairs"]
    assert (pairs["truth_count"], pairs["truth_available"], pairs["frame"]) == (7, 8, "plain")
    (line,) = pairs["left_out"]
    assert "entry 8" in line
    assert "beginning of the other" in line
    assert found["completeness"]["residual"] < found["completeness"]["tolerance"]
    assert main(["heads", tuned, "--pairs", asked, "--full"]) == 0
    said = capsys.readouterr().out
    assert "7 of 8 truth pairs (truthfulqa_ours.json, put in the frame chat)" in said
    assert "left out, 1: " in said


def test_statements_without_a_partner_are_named(tuned, tmp_path, capsys):
    path = tmp_path / "things.csv"
    rows = [f"{w} is {end} .,{label}" for w in ("copper", "iron", "winter", "the sea")
            for end, label in (("heavy", 1), ("light", 0))]  # fmt: skip
    path.write_text("\n".join(["statement,label", *rows, "nothing is like this one .,1"]) + "\n")
    pairs = printed(capsys, "heads", tuned, "--pairs", str(path))["pairs"]
    assert pairs["truth_count"] == 4
    (line,) = pairs["left_out"]
    assert "row 10" in line
    assert "no statement of the other label" in line


def test_sums_that_nobody_asked_for_are_left_out_where_they_cannot_be_said(words, tmp_path, capsys):
    path = tmp_path / "mine.csv"
    rows = ["a metal is,heavy,light", "a feather is,light,heavy", "paris is in,france,winter",
            "the city is,cold,larger"]  # fmt: skip
    path.write_text("\n".join(["prompt,true,false", *rows]) + "\n")
    found = printed(capsys, "heads", words, "--pairs", str(path))
    assert found["pairs"]["truth_count"] == 4
    assert (found["pairs"]["reasoning"], found["pairs"]["reasoning_count"]) == (None, 0)
    assert "reasoning pairs (arithmetic)" in found["pairs"]["left_out"][-1]
    assert found["competing"] is found["published"] is found["projection"] is None
    assert all(head["reasoning"] is None for head in found["heads"])
    assert main(["heads", words, "--pairs", str(path), "--full"]) == 0
    assert "no head can be called competing" in capsys.readouterr().out
    # Asked for, they are refused: one line.
    arguments = ["heads", words, "--pairs", str(path), "--reasoning-pairs", str(path)]
    assert main(arguments) == 0
    assert main(["heads", words, "--set", "arithmetic"]) == 2


def test_a_vector_says_in_which_frame_it_was_chosen(tuned, asked, tmp_path, capsys):
    vector = str(tmp_path / "v.safetensors")
    statements = tmp_path / "s.csv"
    rows = [f"{w} is {end} .,{int(end == 'heavy')}" for w in TEXT.split()[:24] if w.isalpha()
            for end in ("heavy", "light")]  # fmt: skip
    statements.write_text("\n".join(["statement,label", *dict.fromkeys(rows)]) + "\n")
    common = [tuned, "--questions", asked, "--statements", str(statements), "--count", "6"]
    fast = ["--method", "mass-mean", "--layers", "1", "--where", "everywhere", "--site", "block"]
    found = printed(capsys, "truth", *common, *fast, "-o", vector)
    assert found["sets"]["frame"] == found["vector"]["frame"] == "chat"
    assert main(["evaluate", *common, "--vector", vector, "--frame", "plain"]) == 0
    said = capsys.readouterr().out
    assert "note: chosen in the frame chat, judged in plain" in said


def test_a_typed_prompt_is_put_as_a_turn_of_a_tuned_model(tuned, asked, tmp_path, capsys):
    from tiny_vectors import vector_for

    from nullcline import interp

    model = interp.load_model(tuned)
    vector = vector_for(model, strength=0.0)
    path = str(tmp_path / "v.safetensors")
    interp.save_vector(vector, path)
    base = ["steer", tuned, "--vector", path, "--prompt", "is iron a metal"]
    turn = printed(capsys, *base)
    plain = printed(capsys, *base, "--frame", "plain")
    assert (turn["frame"], plain["frame"]) == ("chat", "plain")
    assert plain["prompt_tokens"] == len(model.encode("is iron a metal")) < turn["prompt_tokens"]
