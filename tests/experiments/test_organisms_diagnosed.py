"""A folder of trained organisms is a table like any other, and what is too few for a figure is
said and not drawn."""

import json
import shutil

import pytest

from nullcline.data import shipped
from nullcline.experiments.cli import main


@pytest.fixture
def folder(tmp_path):
    """A folder as `nullcline organisms train web --size 4 6 --out DIR` leaves it."""
    for name in ("web-4", "web-6"):
        shutil.copytree(shipped("organisms", name), tmp_path / "mine" / name)
    return tmp_path / "mine"


def result(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_a_folder_of_organisms_is_diagnosed_read_and_scanned(folder, capsys):
    found, _ = result(capsys, "diagnose", folder, "--n-boot", "200")
    assert (found["table"], found["models"]) == ("mine", 2)
    assert [family["family"] for family in found["by_family"]] == ["web"]
    table, _ = result(capsys, "read", folder)
    scores = {model["model"]: model["world_truth"] for model in table["models"]}
    stated = json.loads((folder / "web-6" / "organism.json").read_text())["scores"]["truth"]
    assert scores["web-6"] == pytest.approx(stated["value"], abs=1e-6)
    assert result(capsys, "scan", folder, "--n-boot", "100")[0]["models"] == 2


def test_a_folder_of_organisms_and_a_table_are_one(folder, tmp_path, capsys):
    path = tmp_path / "other.csv"
    path.write_text(
        "family,model,params,world_reasoning,world_truth\nelm,e-1,1K,.3,.4\nelm,e-2,2K,.4,.3\n"
    )
    found, _ = result(capsys, "diagnose", folder, path, "--n-boot", "200")
    assert {family["family"] for family in found["by_family"]} == {"web", "elm"}


def test_no_empty_figure_is_written_and_each_is_said(folder, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "critical_points.png").write_bytes(b"of an earlier run")
    _, err = result(capsys, "diagnose", folder, "--n-boot", "200", "--out", out)
    drawn = {path.stem for path in out.glob("*.png")}
    assert drawn == {"phase_diagram", "coupling_by_reasoning"}
    for name in ("critical_points", "width_null"):
        assert f"diagnose: no figure {name}: " in err


def test_a_map_of_no_correlation_is_not_written(tmp_path, capsys):
    path, out = tmp_path / "a.csv", tmp_path / "scan"
    path.write_text("family,model,params,mmlu,truthfulqa_mc2\nelm,a,1B,30,\nelm,b,2B,,40\n")
    _, err = result(capsys, "scan", path, "--n-boot", "100", "--out", out)
    assert not list(out.glob("scan.*"))
    assert "scan: no figure scan: " in err


def test_sizes_too_few_are_said_before_they_are_trained(folder, capsys):
    assert main(["organisms", "train", "web", "--size", "4", "--out", str(folder)]) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("train 2 sizes of web: a turn needs 4; more with --size")
    assert "kept, it is trained already" in err[1]
