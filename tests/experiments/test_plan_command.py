"""`nullcline plan`: a page that fits, JSON, and a budget that is kept."""

import json

import pytest

from nullcline.experiments.cli import main

QUICK = ["--family", "Pythia", "OPT", "MPT", "--draws", "30"]


def plan(capsys, *typed):
    assert main(["plan", *QUICK, *typed]) == 0
    return capsys.readouterr().out


def test_the_page_fits_and_names_measurements_and_who_is_left_out(capsys):
    text = plan(capsys, "--budget", "10T")
    assert max(map(len, text.splitlines())) <= 80
    assert "decades on average" in text
    assert "817 questions" in text
    assert "no curve to simulate: MPT." in text


def test_json_keeps_the_budget_and_more_buys_more(capsys):
    small, large = (json.loads(plan(capsys, "--budget", b, "--json")) for b in ("1e13", "1e15"))
    for found in (small, large):
        assert found["spent"] == pytest.approx(sum(step["cost"] for step in found["plan"]))
        assert found["spent"] <= found["budget"]
        assert found["left_out"] == ["MPT"]
    assert large["after"] < small["after"] < small["before"]
    sizes = [step for step in small["plan"] if step["kind"] == "size"]
    assert all(step["cost"] == pytest.approx(817 * step["params"]) for step in sizes)


def test_the_margin_bounds_the_sizes(capsys):
    found = json.loads(plan(capsys, "--budget", "1e15", "--margin", "0", "--json"))
    sizes = [s["params"] for s in found["plan"] if s["kind"] == "size" and s["family"] == "Pythia"]
    assert all(0.999 * 70e6 <= params <= 1.001 * 12e9 for params in sizes)


def test_nothing_affordable_is_an_answer(capsys):
    assert plan(capsys, "--budget", "1000").startswith(
        "No plan: nothing within the budget of 1e+03"
    )


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--budget", "much"], "--budget: 'much': give questions times parameters"),
        (["--budget", "1e14", "--truth", "nope"], "no benchmark 'nope'"),
        (["--margin", "9"], "margin is 9; give decades from 0 to 3"),
    ],
)
def test_what_cannot_be_is_said(typed, words, capsys):
    try:
        code = main(["plan", *QUICK, *typed])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert words in capsys.readouterr().err
