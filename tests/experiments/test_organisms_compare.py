"""`nullcline organisms compare`: the shipped experiments, a folder, a folder joined to a table."""

import json
import shutil

import pytest
from organisms_command import complaint, nullcline

from nullcline import organisms

#: A trained model, copied under other names and scores.
ONE = organisms.organism_path("web-4")


def test_compare_shows_the_shipped_experiments(capsys):
    assert nullcline("compare", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    shift = next(
        row
        for row in found["experiments"]
        if (row["treated"], row["quantity"]) == ("forum-00", "depth")
    )
    assert shift["control"] == "web"
    assert shift["seeds"] == 5
    assert shift["low"] < shift["mean"] < shift["high"] < 0
    missing = [row["mean"] for row in found["experiments"] if row["status"] != "ok"]
    assert missing == [None] * len(missing)
    assert nullcline("compare", "--full") == 0
    page = capsys.readouterr().out
    line = next(line for line in page.splitlines() if line.startswith("curation     forum-00 "))
    assert f"{shift['mean']:.2f} [{shift['low']:.2f}, {shift['high']:.2f}]" in line
    assert line.count("no fall") == 2
    assert "Intervals of 95 % over seeds" in page


def test_compare_reads_ones_own_families(tmp_path, capsys):
    """Web and a treatment of known difference, cut out of one trained model."""
    for name, lift in (("web", 0.0), ("curated", 0.2)):
        for params, truth in ((1000, 0.4), (2000, 0.1), (4000, 0.6)):
            copy = tmp_path / f"{name}-{params}"
            shutil.copytree(ONE, copy)
            record = json.loads((copy / "organism.json").read_text())
            record |= {"name": copy.name, "family": name, "params": params}
            record["scores"]["truth"]["value"] = truth + lift * (params > 1000)
            (copy / "organism.json").write_text(json.dumps(record))
    capsys.readouterr()
    assert nullcline("compare", tmp_path, "--out", tmp_path / "tables", "--json") == 0
    out, err = capsys.readouterr()
    depth = [row for row in json.loads(out)["experiments"] if row["quantity"] == "depth"]
    assert [row["experiment"] for row in depth] == ["curation"]
    # Two of the three sizes about the turn are lifted.
    assert depth[0]["mean"] == pytest.approx(-0.2 * 2 / 3, abs=1e-6)
    assert "6 organisms" in err
    assert (tmp_path / "tables" / "organism_experiments.csv").is_file()
    assert not list(tmp_path.glob("*.csv"))


def test_compare_shows_one_family(capsys):
    capsys.readouterr()
    assert nullcline("compare", "--family", "curated", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["treated"] for row in found["experiments"] + found["contrasts"]} == {"curated"}
    assert {row["family"] for row in found["families"] + found["by_size"]} == {"curated"}
    assert len(found["by_size"]) == 8
    assert nullcline("compare", "--family", "curated") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 90
    assert lines[0].startswith("curated, mean over seeds")
    smallest, shift = found["by_size"][0], found["experiments"][0]
    row = next(line for line in lines if line.strip().startswith(f"{smallest['params']:,} "))
    assert f"{smallest['truth']:.2f} ± {smallest['truth_stderr']:.2f}" in row
    line = next(line for line in lines if line.startswith("depth  "))
    depth = next(row for row in found["experiments"] if row["quantity"] == "depth")
    assert f"{depth['mean']:.2f} [{depth['low']:.2f}, {depth['high']:.2f}]" in line
    assert line.endswith(f"{depth['exact_p']:.4f}")
    assert shift["control"] == "web"
    assert "no family 'nobody' to compare; there are bottleneck" in complaint(
        capsys, "compare", "--family", "nobody"
    )


def test_compare_joins_a_folder_to_an_earlier_table(tmp_path, capsys):
    """Three sizes of one family, of which two are only left in a table."""
    for params, truth in ((1000, 0.4), (2000, 0.1), (4000, 0.6)):
        copy = tmp_path / "all" / f"web-{params}"
        shutil.copytree(ONE, copy)
        record = json.loads((copy / "organism.json").read_text())
        record |= {"name": copy.name, "family": "web", "params": params}
        record["scores"]["truth"]["value"] = truth
        (copy / "organism.json").write_text(json.dumps(record))
    whole, earlier = tmp_path / "whole", tmp_path / "earlier"
    capsys.readouterr()
    assert nullcline("compare", tmp_path / "all", "--out", whole, "--json") == 0
    expected = json.loads(capsys.readouterr().out)
    shutil.copytree(whole, earlier)
    for name in ("organisms.csv", "organism_probe.csv"):
        lines = (earlier / name).read_text().splitlines(keepends=True)
        (earlier / name).write_text("".join(lines[:-1]))
    shutil.rmtree(tmp_path / "all" / "web-1000")
    shutil.rmtree(tmp_path / "all" / "web-2000")
    table = earlier / "organisms.csv"
    assert nullcline("compare", tmp_path / "all", "--join", table, "--out", earlier, "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == expected
    assert f"1 organisms, joined to {table}" in err
    for path in whole.iterdir():
        assert (earlier / path.name).read_bytes() == path.read_bytes(), path.name
    # The tables are made again from the score table and the probes alone.
    again = tmp_path / "again"
    assert nullcline("compare", "--join", table, "--out", again, "--json") == 0
    assert json.loads(capsys.readouterr().out) == expected
    assert {path.name for path in again.iterdir()} == {path.name for path in whole.iterdir()}


def test_compare_without_a_whole_family_says_what_is_missing(tmp_path, capsys):
    family = tmp_path / "family"
    shutil.copytree(ONE, family / "web-4")
    for arguments, word in (
        ((family, "--out", tmp_path), "three sizes"),
        ((tmp_path / "nowhere",), "no folder"),
        (("--out", tmp_path), "needs a FOLDER"),
        (("--join", tmp_path / "x.csv"), "--join without a FOLDER needs --out DIR"),
        (("--join", tmp_path / "x.csv", "--out", tmp_path), "no readable score table"),
    ):
        capsys.readouterr()
        assert nullcline("compare", *arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert word in err.splitlines()[-1]
