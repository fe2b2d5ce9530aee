"""`nullcline heads` as a user meets it."""

import json
import shutil
from pathlib import Path

import pytest

from nullcline.experiments.cli import main

SHIPPED = Path(__file__).parents[2] / "data" / "organisms"


def printed(capsys, *arguments):
    assert main(["heads", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    """The one line that a refusal prints; its exit status is 2."""
    try:
        status = main(["heads", *arguments])
    except SystemExit as exit_:  # argparse's own complaints
        status = exit_.code
    assert status == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    last = seen.err.strip().splitlines()[-1]
    assert "Traceback" not in seen.err
    return last


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """What one run prints and records."""
    folder = tmp_path_factory.mktemp("heads") / "record"
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["heads", "organism:heads-64", "--json", "--out", str(folder)]) == 0
    return json.loads(out.getvalue()), folder


def test_every_promised_key_is_there(study):
    found, _ = study
    assert found["model"].keys() >= {
        "name", "revision", "architecture", "n_layers", "n_heads", "parity"
    }  # fmt: skip
    assert found["model"]["parity"] < 5e-5
    assert len(found["heads"]) == found["model"]["n_layers"] * found["model"]["n_heads"] == 16
    for head in found["heads"]:
        assert head.keys() == {"layer", "head", "truth", "reasoning", "competing"}
        for side in ("truth", "reasoning"):
            assert head[side]["low"] <= head[side]["effect"] <= head[side]["high"]
            assert 0 < head[side]["p"] <= head[side]["q"] <= 1
    assert found["completeness"]["residual"] < found["completeness"]["tolerance"]
    competing = found["competing"]
    assert competing["count"] == sum(head["competing"] for head in found["heads"])
    assert competing["wilson_low"] <= competing["share"] <= competing["wilson_high"]
    published = found["published"]
    assert {"competing_layers", "random_prompt_pairs", "shuffled_weights"} <= published.keys()


def test_the_shares_of_heads_and_mlps_do_not_exceed_the_difference_they_explain(study):
    found, _ = study
    explained = sum(head["truth"]["effect"] for head in found["heads"]) + sum(found["mlps"])
    # What is left is embedding and biases, which this organism's text prints as small.
    assert explained == pytest.approx(found["logit_difference"]["truth"], abs=0.2)


def test_a_record_holds_what_was_printed_and_where_it_came_from(study):
    found, folder = study
    record = json.loads((folder / "record.json").read_text())
    assert record["result"] == found
    assert record["command"] == "heads"
    assert any("pairs.csv" in name for name in record["inputs"])
    assert record["settings"]["model"]["name"] == "organism:heads-64"


def test_ones_own_pairs_and_methods(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    lines = (SHIPPED / "heads-32" / "pairs.csv").read_text().splitlines()
    path.write_text("\n".join(lines[:25]) + "\n")
    found = printed(
        capsys, "organism:heads-32", "--pairs", str(path), "--method", "attribution-patching",
        "--top", "4",
    )  # fmt: skip
    assert found["pairs"]["truth"] == "mine.csv"
    assert found["pairs"]["truth_count"] == 24
    assert len(found["patching"]["exact"]) == 4
    assert -1 <= found["patching"]["correlation"] <= 1


def test_text_names_the_heads_and_says_what_is_left(capsys):
    assert main(["heads", "organism:heads-32", "--count", "24", "--top", "2", "--full"]) == 0
    seen = capsys.readouterr()
    assert "completeness" in seen.out
    assert "competing heads" in seen.out
    assert "parity" in seen.err
    assert "nan" not in seen.out


def test_edges_are_printed_with_what_they_explain_and_their_exact_effects(study, capsys):
    assert study[0]["edges"] is None  # nobody asked
    asked = ["organism:heads-32", "--count", "24", "--edges", "--edge-steps", "4", "--top", "5"]
    found = printed(capsys, *asked)["edges"]
    assert found.keys() == {
        "pairs", "left_out", "steps", "count", "clean", "corrupted", "explained", "residual",
        "top", "correlation",
    }  # fmt: skip
    assert found["steps"] == 4
    assert found["count"] > 100
    assert abs(found["explained"] - found["clean"] + found["corrupted"]) <= found["residual"]
    assert len(found["top"]) == 5
    sizes = [abs(edge["estimated"]) for edge in found["top"]]
    assert sizes == sorted(sizes, reverse=True)

    assert main(["heads", *asked, "--full"]) == 0
    section = capsys.readouterr().out.split(f"{found['count']} edges, 4 steps")[1]
    first = found["top"][0]
    assert f"{first['source']} → {first['target']}" in section
    assert f"{first['estimated']:+.3f}" in section
    assert f"{first['exact']:+.3f}" in section
    assert "completeness" in section
    assert max(len(line) for line in section.splitlines()) <= 80


def test_edges_without_a_counterfactual_are_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "pairs.csv"
    path.write_text("prompt,true,false\n" + "question black horse eats,leaves,worms\n" * 4)
    said = refused(capsys, "organism:heads-32", "--pairs", str(path), "--edges")
    assert "counterfactual" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prompt,true,false\nquestion black horse eats,leaves,worms\n", "at least 3"),
        ("prompt,true,false\n" + "question black horse eats,leaves,zebra\n" * 3, "cannot say"),
        ("prompt,true,false\n" + "question black horse eats,woods,woods snow\n" * 3, "beginning"),
        ("prompt,true\nblack horse eats,leaves\n", "give prompt,true,false"),
    ],
)
def test_pairs_that_cannot_be_asked_are_refused_in_one_line(tmp_path, capsys, text, says):
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    assert says in refused(capsys, "organism:heads-32", "--pairs", str(path))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["organism:none"], "organism"),
        (["organism:heads-32", "--set", "towns"], "cities, elements"),
        (["organism:heads-32", "--top", "0"], "--top 0"),
        (["organism:heads-32", "--edges", "--edge-steps", "0"], "--edge-steps 0"),
        (["organism:heads-32", "--count", "1"], "--count 1"),
        (["organism:heads-32", "--false-discovery-rate", "1"], "--false-discovery-rate"),
        (["organism:heads-32", "--seed", "-1"], "--seed -1"),
        (["organism:heads-32", "--pairs", "nowhere.csv"], "nowhere.csv"),
        (["organism:heads-32", "--device", "moon"], "moon"),
        (["organism:heads-32", "--dtype", "int3"], "int3"),
        (["no/such-model", "--offline"], "--offline"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(capsys, arguments, says):
    assert says in refused(capsys, *arguments)


def damaged(tmp_path, change):
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED / "heads-32", folder)
    change(folder)
    return str(folder)


def _cut(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def _untokenized(folder):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def _encoder(folder):
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "bert", "architectures": ["BertModel"]}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_cut, "model.safetensors"),
        (_untokenized, "token"),
        (_encoder, "predicts no next token"),
        (lambda folder: (folder / "config.json").write_text("{"), "JSON"),
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(tmp_path, capsys, change, says):
    assert says in refused(capsys, damaged(tmp_path, change))
