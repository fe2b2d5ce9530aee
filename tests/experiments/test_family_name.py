"""`--family` filters a table and `--name` names the family of one's own models; neither does the
other's work in silence."""

import json

import pytest
import result_files

from nullcline import dynamics
from nullcline.experiments.cli import main


@pytest.fixture(params=["acme/elm-{}", "./checkpoints/{}"])
def results(request, tmp_path):
    """A folder of results whose names tell a family, or none."""
    for size in result_files.SIZES:
        folder = tmp_path / "lm_eval_output" / size
        folder.mkdir(parents=True)
        content = result_files.lm_eval(size, name=request.param.format(size))
        (folder / "results_2026-01-01T00-00-00.json").write_text(json.dumps(content))
    return tmp_path / "lm_eval_output"


def complaint(capsys, *arguments):
    assert main([str(one) for one in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


def test_a_name_is_that_of_the_family_of_a_results_folder(results, capsys):
    arguments = ["diagnose", str(results), "--name", "mine", "--json", "--n-boot", "200"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(f["family"], f["phase"]) for f in found["by_family"]] == [("mine", "tax")]
    assert main([*arguments, "--family", "mine"]) == 0  # which is there now


def test_the_filter_names_nothing_and_says_what_does(results, capsys):
    (results / "models.csv").write_text(
        "model,family,params\n"
        + "".join(f"{size},elm,{size}\n" for size in result_files.SIZES)
        + "".join(f"acme/elm-{size},elm,{size}\n" for size in result_files.SIZES)
    )
    said = complaint(capsys, "diagnose", results, "--family", "mine")
    assert said == (
        "nullcline: --family mine: no such family in lm_eval_output; --name mine names your own; "
        "there are elm"
    )


def test_a_family_that_is_stated_keeps_its_name(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("family,model,params,hellaswag,truthfulqa_mc2\noak,a,1B,40,49\noak,b,3B,5,43\n")
    said = complaint(capsys, "read", path, "--name", "mine")
    assert "every model's family is stated, so that none can be called 'mine'" in said
    path.write_text("model,params,hellaswag,truthfulqa_mc2\nelm-1B,1B,40,49\nelm-3B,3B,50,43\n")
    assert main(["read", str(path), "--json", "--name", "mine"]) == 0
    assert json.loads(capsys.readouterr().out)["families"] == ["mine"]
    assert main(["read", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["families"] == ["elm"]


def test_what_no_name_tells_can_be_named(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("model,params,hellaswag,truthfulqa_mc2\n7,1B,40,49\n8,3B,50,43\n")
    assert "or name it (--name NAME)" in complaint(capsys, "diagnose", path)
    assert dynamics.read_scores(path, family="mine").families == ("mine",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "mine"], "--name mine: names the family of your own models; give PATH"),
        (["--family", "Pythia", __file__], "if it is a table, put it before --family"),
        (["--family", "Pithia"], "no such family in uniform; nearest: Pythia; there are"),
    ],
)
def test_a_mistaken_use_says_the_mend(arguments, said, capsys):
    assert said in complaint(capsys, "diagnose", *arguments)
