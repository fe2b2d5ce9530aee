"""`python -m benchmarks`: its registry, its results file, its page."""

import argparse
import dataclasses
import json
import runpy
import sys
from pathlib import Path

import jax
import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
try:
    from _side_by_side import main as command  # pyright: ignore[reportMissingImports]
    from _side_by_side import (  # pyright: ignore[reportMissingImports]
        page,
        peers,
        registry,
        rows,
        verdicts,
    )
finally:
    sys.path.remove(str(BENCHMARKS))

Row, Growth = rows.Row, rows.Growth
PAGE = "A.\n\n<!-- benchmarks: summary -->\nold\n<!-- end of benchmarks -->\n\n" + "".join(
    f"<!-- benchmarks: {name} -->\n<!-- end of benchmarks -->\n"
    for name in (*registry.AREAS, "left out")
)
MEASURES = """
import argparse, json, sys
sys.path.insert(0, {benchmarks!r})
from _side_by_side.rows import Row, add_rows_option, write_rows
parser = argparse.ArgumentParser()
add_rows_option(parser)
options = parser.parse_args()
rows = [Row("adding", "seconds", "a loop", (2.0, 2.2), (1.0, 1.0)),
        Row("adding", "seconds", "a snail", (2.0, 2.0), (8.0, 8.0))]
write_rows(options, rows)
"""


class Parsed(Exception):
    """A command line was understood."""


@pytest.fixture
def parse_only(monkeypatch):
    """Scripts stop after their command line; JAX's settings stay."""
    parse = argparse.ArgumentParser.parse_args

    def stop(self, *given):
        parse(self, *given)
        raise Parsed

    before = jax.config.read("jax_enable_x64")
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("one", registry.REGISTRY, ids=lambda one: one.name)
@pytest.mark.parametrize("size", ["arguments", "quick"])
def test_every_command_is_one(one, size, parse_only, monkeypatch):
    words = list(getattr(one, size))
    assert ("DATA" in words) == (one.data is not None)
    if one.peer:
        assert one.peer in peers.ENVIRONMENTS
        words += ["--peer-python", "python"]
    script = BENCHMARKS / one.script
    monkeypatch.setattr(sys, "argv", [str(script), *words, "--rows", "rows.json"])
    with pytest.raises(Parsed):
        runpy.run_path(str(script), run_name="__main__")


def test_an_option_that_is_gone_is_an_error(parse_only, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["startup.py", "--no-such-option"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(BENCHMARKS / "startup.py"), run_name="__main__")


def test_names_and_peers_are_told_apart():
    names = [one.name for one in registry.REGISTRY]
    assert len(set(names)) == len(names)
    scripts = {one.script for one in registry.REGISTRY}
    using = {p.name for p in BENCHMARKS.glob("*.py") if "add_rows_option(" in p.read_text("utf-8")}
    assert scripts == using  # no comparison is forgotten


def comparison(tmp_path, name, text, **changes):
    script = tmp_path / f"{name}.py"
    script.write_text(text.format(benchmarks=str(BENCHMARKS)), "utf-8")
    about = registry.Comparison(name, "tables", "sums", str(script), 0.1)
    return dataclasses.replace(about, **changes)


def run(tmp_path, *some, words=()):
    (tmp_path / "page.md").write_text(PAGE, "utf-8")
    out = ["--out", str(tmp_path / "results"), "--page", str(tmp_path / "page.md")]
    status = command.main([*out, *words], registry=some)
    results = command.newest(tmp_path / "results")
    assert results is not None
    entries = {one["name"]: one for one in results["comparisons"]}
    return status, entries, (tmp_path / "page.md").read_text("utf-8")


def test_a_run_writes_the_results_and_the_page(tmp_path):
    status, entries, text = run(tmp_path, comparison(tmp_path, "sums", MEASURES))
    assert status == 0
    assert entries["sums"]["state"] == "measured"
    assert entries["sums"]["rows"][0]["ours"] == [2.0, 2.2]
    assert "| a loop | 2.10 | 1.00 | 2.10 [2.00, 2.20] | **slower**: takes 2.10 times" in text
    assert "4.00 times as fast" in text
    assert "- *sums*, adding, a loop (seconds): **slower**" in text
    assert text.startswith("A.\n\n")
    assert "old" not in text


def test_a_real_comparison_runs_at_a_tiny_size(tmp_path):
    """Through the script, the common options and the peers' rows."""
    one = registry.by_name()["read-table"]
    status, entries, text = run(tmp_path, one, words=["--quick"])
    assert (status, entries["read-table"]["state"]) == (0, "measured")
    assert {row["peer"] for row in entries["read-table"]["rows"]} == {
        "pandas' parser",
        "Python's csv",
    }
    assert "a table of 800 rows read" in text


def test_what_fails_is_listed_with_its_reason_and_its_status(tmp_path):
    good = comparison(tmp_path, "sums", MEASURES)
    bad = comparison(tmp_path, "bad", "raise ValueError('no such sum')")
    status, entries, text = run(tmp_path, bad, good)
    assert status == 1
    assert entries["bad"]["reason"] == "ended with status 1: ValueError: no such sum"
    assert "| bad | failed | ended with status 1: ValueError: no such sum |" in text
    assert entries["sums"]["state"] == "measured"


def test_what_cannot_be_begun_is_listed_and_keeps_older_figures(tmp_path, monkeypatch):
    data = registry.Data("facts.json", "somebody, MIT")
    one = comparison(tmp_path, "sums", MEASURES)
    needs = dataclasses.replace(one, data=data)
    status, entries, text = run(tmp_path, needs)
    assert (status, entries["sums"]["state"]) == (0, "not run")
    assert "needs facts.json (somebody, MIT)" in text
    run(tmp_path, one)
    _, entries, _ = run(tmp_path, needs)
    assert entries["sums"]["state"] == "measured"

    def broken(name):
        raise peers.PeerError("build/peers/dynamics could not be made: no disk")

    monkeypatch.setattr(peers, "python_of", broken)
    other = dataclasses.replace(one, name="other", peer="dynamics")
    _, entries, text = run(tmp_path, one, other)
    assert "| other | not run | build/peers/dynamics could not be made: no disk |" in text
    assert entries["sums"]["state"] == "measured"


def test_what_was_never_run_is_listed_with_its_time(tmp_path):
    both = comparison(tmp_path, "short", MEASURES), comparison(tmp_path, "sums", MEASURES)
    _, entries, _ = run(tmp_path, *both, words=["--only", "short"])
    assert entries["short"]["state"] == "measured"
    assert entries["sums"]["reason"] == "takes about 0.1 min; --only sums runs it"
    _, entries, _ = run(tmp_path, *both)
    assert entries["sums"]["state"] == "measured"


def test_the_page_is_what_the_newest_results_render_to():
    results = command.newest(command.RESULTS)
    assert results is not None
    assert not results["quick"]
    text = command.PAGE.read_text("utf-8")
    assert page.with_tables(text, results) == text
    changed = json.loads(json.dumps(results))
    measured = next(one for one in changed["comparisons"] if one["state"] == "measured")
    measured["load"] = 99.5
    assert page.with_tables(text, changed) != text
    assert [one["name"] for one in results["comparisons"]] == [
        one.name for one in registry.REGISTRY
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Row("w", "seconds", "p", (1.0, 1.0), (2.0, 3.0)), "2.40 times as fast"),
        (Row("w", "seconds", "p", (3.0, 3.0), (2.0, 4.0)), "no clear difference"),
        (Row("w", "seconds", "p", (3.0,), (2.0,)), "**slower**: takes 1.50 times as long"),
        (Row("w", "seconds", "p", (3.0,), (2.0,), floor=True), "costs 1.50 times as much"),
        (
            Row("w", "seconds", "p", (3.0,), (2.0,), floor=True, target=1.4),
            "costs 1.50 times as much, **over** the target of 1.40",
        ),
        (Row("w", "peak memory, MB", "p", (3.0,), (2.0,)), "**more**"),
        (Row("w", "F1", "p", (1.0, 0.9, 1.0), (0.2, 0.3, 0.1), "systems", more_is_better=True),
         "better"),
        (Row("w", "error", "p", (1.0, 0.9, 1.0), (0.2, 0.3, 0.1), "systems"), "**worse**"),
        (Row("w", "error", "p", (0.1, 0.9, 0.4), (0.2, 0.3, 0.8), "systems"),
         "no clear difference"),
        (Row("w", "MC1", "p", (0.25,), (0.25,), more_is_better=True), "the same"),
    ],
)  # fmt: skip
def test_a_row_in_words(row, words):
    assert verdicts.in_words(row) == words
    assert verdicts.is_worse(row) == ("**" in words)


def test_growth_has_exponents_and_says_what_is_against_us():
    sizes = (10, 100, 1000)
    square = Growth("sort", "rows", sizes, (0.01, 1.0, 100.0), peak_mb=(1.0, 10.0, 100.0))
    assert square.exponent(square.seconds) == pytest.approx(2)
    assert square.exponent(square.peak_mb) == pytest.approx(1)
    assert verdicts.growth_in_words(square) == "**time worse than linear**"
    late = Growth("open", "rows", sizes, (0.1, 0.2, 1.5), limit_s=1.0)
    assert verdicts.growth_in_words(late) == "**over 1.00 s**"
    assert verdicts.growth_in_words(dataclasses.replace(late, limit_s=2.0)) == "linear or better"


def test_figures_of_repeats_come_in_pairs():
    with pytest.raises(ValueError, match="2 figures and 1 peers'"):
        Row("w", "seconds", "p", (1.0, 2.0), (1.0,))
