"""The tool that changes the core: which tests it takes, what it counts, and what it lists."""

import json

import pytest
from scripts import ROOT, load_script

tool = load_script("benchmarks/mutation.py")
reach = load_script("benchmarks/_mutation/reach.py")

CODE = """def f(a, b=2):
    if a > 1:
        return g(
            a,
            b,
        )
    return 0
"""


@pytest.fixture
def measured(tmp_path):
    """A checkout of one file, of which five tests in three files execute this and that."""
    (tmp_path / "interp").mkdir()
    (tmp_path / "interp" / "f.py").write_text(CODE)
    lines = {"head": [2], "inside": [2, 3, 5], "rest": [2, 7]}
    key = f"interp/f.py@{reach._hash(tmp_path / 'interp' / 'f.py')}"
    tests = {
        name: {"passed": True, "seconds": 1.0, "lines": {key: executed}}
        for name, executed in lines.items()
    }
    tests["fails"] = tests["inside"] | {"passed": False}
    tests["long"] = tests["inside"] | {"seconds": 50.0}
    kept = {
        f"tests/test_{name}.py": {
            "hash": "", "slow": True, "tests": {f"tests/test_{name}.py::test": test},
        }
        for name, test in tests.items()
    }  # fmt: skip
    looks = {"passed": True, "seconds": 0.1, "lines": {}}
    name = "tests/test_architecture.py"
    kept[name] = {"hash": "", "slow": True, "tests": {f"{name}::test": looks}}
    kept["tests/test_cli.py"] = {
        "hash": "", "slow": True,
        "tests": {"tests/test_cli.py::test": looks | {"processes": True}},
    }  # fmt: skip
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    return reach.Reach(tmp_path, tmp_path / "kept.json")


def files(tests):
    return [test.removeprefix("tests/test_").removesuffix(".py::test") for test in tests]


@pytest.mark.parametrize(
    ("line", "lines"), [(1, [1]), (2, [2]), (3, [3, 4, 5, 6]), (5, [3, 4, 5, 6]), (7, [7])]
)
def test_a_line_belongs_to_its_statement_and_a_head_to_itself(line, lines):
    assert list(reach.statement(CODE, line)) == lines


@pytest.mark.parametrize(
    ("line", "first", "second"),
    [
        (4, ["inside"], ["architecture", "head", "rest", "cli"]),  # an argument of the call
        (7, ["rest"], ["architecture", "head", "inside", "cli"]),
        (1, ["architecture"], ["head", "rest", "inside", "cli"]),  # executed on import alone
    ],
)
def test_who_executes_the_line_comes_first_and_who_fails_or_is_long_never(
    measured, line, first, second
):
    found = tool.stages(measured, "interp/f.py", line)
    assert [stage.name for stage in found] == ["first", "second"]
    assert [files(stage.tests) for stage in found] == [first, second]
    assert found[0].seconds == pytest.approx(0.1 if first == ["architecture"] else 1.0)


def test_lines_of_a_file_that_has_changed_count_for_the_file(measured):
    path = measured.root / "interp" / "f.py"
    path.write_text("\n" + CODE)
    again = reach.Reach(measured.root, measured.keep)
    reach._hash.cache_clear()
    assert again.of_line("interp/f.py", 3) == {}
    assert len(again.of_file("interp/f.py")) == 4


def test_shares_count_what_changes_a_result():
    def result(outcome, stage="", number=0):
        return {
            "group": "interp/_heads", "outcome": outcome, "stage": stage, "file": "f.py",
            "line": 3, "operator": "Number", "before": "a", "after": f"b{number}",
            "reason": "the same" if outcome == "equivalent" else "",
        }  # fmt: skip

    results = [result("seen", "first")] * 2 + [result("seen", "second"), result("not seen")]
    lines = tool.summary([*results, result("equivalent")]).splitlines()
    assert lines[1].split() == ["interp/_heads", "3", "4", "0.75", "[0.30,", "0.95]", "2", "1", "1"]
    assert lines[2].split()[1:3] == ["3", "4"]
    assert "not seen: f.py:3  Number" in lines
    assert lines[-1] == "  the same"
    assert max(map(len, lines)) <= 80
    (_, row, *_) = tool.summary([result("equivalent")]).splitlines()
    assert row.split() == ["interp/_heads", "0", "0", "0", "0", "1"]


def test_only_whole_rounds_count():
    drawn = [
        {"group": group, "file": f"{group}.py", "before": "a", "after": str(n), "round": n}
        for n in range(3)
        for group in tool.CORE[:2]
    ]
    for tried, whole in ((6, 6), (5, 4), (4, 4), (1, 0)):
        assert len(tool.whole_rounds(drawn[:tried], drawn)) == whole


def test_what_changes_no_result_is_listed_with_a_reason_and_its_line_is_there():
    listed = tool.equivalent(ROOT)
    assert listed
    for (file, before, after), reason in listed.items():
        assert before != after
        assert reason.endswith(".")
        assert file.startswith(tuple(tool.CORE))


def test_a_listed_line_that_is_gone_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "EQUIVALENT", tmp_path / "list.toml")
    (tmp_path / "f.py").write_text("a = 1\n")
    entry = '[[change]]\nfile = "f.py"\nbefore = "{}"\nafter = "a = 2"\nreason = "None."\n'
    tool.EQUIVALENT.write_text(entry.format("a = 1"))
    assert tool.equivalent(tmp_path) == {("f.py", "a = 1", "a = 2"): "None."}
    tool.EQUIVALENT.write_text(entry.format("a = 3"))
    with pytest.raises(SystemExit, match=r"f\.py has no line 'a = 3'"):
        tool.equivalent(tmp_path)
