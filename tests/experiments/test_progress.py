"""One renderer of progress: lines where stderr is a file, bars where it is a terminal."""

import io
import sys

import pytest

from nullcline import dynamics
from nullcline.common.progress import Progress, silent, stepped
from nullcline.experiments import progress
from nullcline.experiments.cli import main
from nullcline.experiments.progress import Reporter, count_text, duration, seconds_left


class Clock:
    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def on_terminal(monkeypatch):
    """Puts a terminal in the place of stderr, from inside the test: pytest has its own before."""

    def on_terminal():
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return on_terminal


def test_both_ends_speak_the_same_protocol():
    assert isinstance(Reporter("test"), Progress)
    assert isinstance(silent, Progress)


def test_parts_are_named_with_the_seconds_unless_they_follow_at_once(clock, capsys):
    report = Reporter("truth")
    report("reading")
    clock.now = 0.4
    report("too soon")
    clock.now = 2.0
    report("choosing")
    assert capsys.readouterr().err.splitlines() == [
        "truth   0.0 s  reading",
        "truth   2.0 s  choosing",
    ]


def test_a_counted_part_is_told_of_now_and_then_with_the_time_left(clock, capsys):
    report = Reporter("ode", every=10.0)
    for done in range(21):
        clock.now = 2.0 * done
        report("folds", done, 20)
    assert capsys.readouterr().err.splitlines() == [
        "ode   0.0 s  folds",
        "ode  10.0 s  folds: 5 of 20, 0:30 left",
        "ode  20.0 s  folds: 10 of 20, 0:20 left",
        "ode  30.0 s  folds: 15 of 20, 0:10 left",
    ]


def test_the_time_left_counts_from_the_step_that_was_first_seen(clock, capsys):
    report = Reporter("train", every=10.0)
    report("web-4", 900, 1000)  # it went on from a checkpoint
    clock.now = 20.0
    report.note("web-4", "loss 1.632")
    report("web-4", 950, 1000)
    assert capsys.readouterr().err.splitlines()[1] == (
        "train  20.0 s  web-4: 950 of 1000, loss 1.632, 0:20 left"
    )


def test_lines_go_where_they_are_wanted(clock, capsys):
    lines = []
    report = Reporter("train", say=lines.append)
    report("web-4", 1, 2)
    report.line("done")
    assert lines == ["train   0.0 s  web-4", "done"]
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_and_gets_its_cursor_back(on_terminal, capsys):
    terminal = on_terminal()
    with Reporter("truth") as report:
        report("random directions", 1, 4)
        report("random directions", 2, 4)
        report.line("a line above")
        print("and one of a warning", file=sys.stderr)
        print("a result")
    drawn = terminal.getvalue()
    assert "random directions" in drawn
    assert "2/4" in drawn
    assert "a line above" in drawn
    assert "and one of a warning" in drawn
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")
    assert sys.stderr is terminal
    assert capsys.readouterr().out == "a result\n"


def test_a_bar_is_taken_away_when_its_part_is_done_or_another_begins(on_terminal):
    terminal = on_terminal()
    report = Reporter("truth")
    report("a", 1, 2)
    assert sys.stderr is not terminal  # what is printed meanwhile stands above the bar
    report("a", 2, 2)
    assert sys.stderr is terminal
    report("b", 1, 2)
    report("choosing")
    assert sys.stderr is terminal
    assert "choosing" in terminal.getvalue()


def test_bars_of_several_threads_stand_side_by_side(on_terminal):
    terminal = on_terminal()
    with Reporter("train") as report:
        report("web-4", 1, 2)
        report("web-8", 1, 2)
        report("web-4", 2, 2)
        assert sys.stderr is not terminal
    assert "web-8" in terminal.getvalue()


def test_words_of_time():
    assert seconds_left(10.0, 5, 10) == 20.0
    assert seconds_left(10.0, 0, 10) is None
    assert duration(65.2) == "1:05"
    assert duration(7384) == "2:03:04"
    assert count_text("folds", 3, 20, None) == "folds: 3 of 20"


def test_long_commands_count_their_steps():
    """So that whoever waits sees a bar with the time left, and not a name alone."""
    seen: dict[str, list[tuple[int, int]]] = {}

    def heard(part, done=0, total=0, /):
        seen.setdefault(part, []).append((done, total))

    assert list(stepped(heard, "letters", "ab")) == ["a", "b"]
    assert seen.pop("letters") == [(0, 2), (1, 2), (2, 2)]
    table = dynamics.load_table("uniform").select(["Pythia", "OPT"])
    dynamics.diagnose(table, n_boot=200, on_progress=heard)
    dynamics.plan_measurements(table, budget=1e13, draws=20, on_progress=heard)
    assert seen["families"] == [(0, 2), (1, 2), (2, 2)]
    assert seen["simulated families"][-1] == (2, 2)
    spent = seen["percent of the budget"]
    assert spent == sorted(spent)
    assert spent[-1] == (100, 100)


@pytest.mark.slow(reason="runs the commands that take long")
def test_no_command_waits_in_silence(monkeypatch):
    """Commands of more than two seconds count what they do: a bar needs a total."""
    commands = {
        "predictions": {"predictions on frontier", "predictions on frontier_one_harness"},
        "card --model mine hellaswag=78.2 truthfulqa_mc2=43.1 params=7B": {
            "models near it, the next size, the next measurement"
        },
        "ode fit --family Pythia OPT Llama Qwen2 --benchmarks hellaswag truthfulqa_mc2 "
        "--members 100": {"fit, resamples, families left out", "baselines"},
        "ode predict --holdout Llama-2": {"candidate dynamics"},
        "heads organism:deep-10 --count 20 --top 2": {
            "published count and its controls",
            "heads taken out",
        },
    }
    for command, parts in commands.items():
        seen: dict[str, tuple[int, int]] = {}

        def heard(part, done=0, total=0, /, seen=seen):
            seen[part] = (done, total)

        monkeypatch.setattr(progress, "report_parts", lambda _, heard=heard: heard)
        assert main(command.split()) == 0
        assert {part for part in parts if seen[part][0] == seen[part][1] > 1} == parts, command
