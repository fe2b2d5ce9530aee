"""A terminal that cannot say γ gets the result in letters that it can; JSON stays JSON."""

import json
import os
import subprocess
import sys

import pytest

from nullcline.experiments.cli import main


def printed(encoding, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "nullcline", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
def test_a_page_is_not_lost_for_a_sign(encoding):
    status, out, err = printed(encoding, "explain", "coupling")
    assert (status, err) == (0, "")
    assert out.startswith("coupling (gamma, gamma)")


def test_a_page_in_utf8_keeps_its_signs():
    assert "γ" in printed("utf-8", "explain", "coupling")[1]


def test_an_error_names_a_file_that_the_terminal_cannot_spell():
    status, _, err = printed("ascii", "read", "Ω.csv")
    assert status == 2
    assert err.startswith("nullcline: ")
    assert "?.csv" in err


def test_json_is_escaped_and_not_changed():
    _, plain, _ = printed("ascii", "explain", "coupling", "--json")
    _, whole, _ = printed("utf-8", "explain", "coupling", "--json")
    assert json.loads(plain) == json.loads(whole)
    assert "γ" in whole
    assert "\\u03b3" in plain


def test_the_example_is_read_and_diagnosed(tmp_path, capsys):
    assert main(["example"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("family,model,params,hellaswag,truthfulqa_mc2")
    path = tmp_path / "my_scores.csv"
    path.write_text(text)
    assert main(["diagnose", str(path), "--json", "--n-boot", "200"]) == 0
    found = json.loads(capsys.readouterr().out)
    phases = {family["family"]: family["phase"] for family in found["by_family"]}
    assert phases["Pythia"] == "tax"
    assert phases["Qwen2"] == "bonus"
    assert found["warnings"] == []
