"""Checkpoints in a table of one's own: the last step of a model counts, whatever its row is."""

import random

import pytest

from nullcline import dynamics

STEPS = (0, 1000, 143000)


def read(tmp_path, header, rows):
    path = tmp_path / "mine.csv"
    random.Random(0).shuffle(rows)
    path.write_text("\n".join([header, *rows]))
    return dynamics.read_scores(path)


def scores(size, step):
    return f"{30 + size + 5 * (step > 0) + 5 * (step > 1000)},{45 - size}"


def test_the_last_step_of_a_column_counts(tmp_path):
    rows = [
        f"elm-{n}b,{step},{2_000_000 * step},{scores(n, step)}" for n in (1, 3) for step in STEPS
    ]
    table = read(tmp_path, "model,step,tokens,hellaswag,truthfulqa_mc2", rows)
    assert table.frame["step"].tolist() == [143000, 143000]
    assert sorted(table.frame["hellaswag"]) == [0.41, 0.43]
    assert table.left_out["reason"].tolist() == ["checkpoint"] * 4
    (said,) = [w.message for w in table.warnings if w.code == "checkpoints"]
    assert said.startswith("4 checkpoints of 2 models stay apart")


@pytest.mark.parametrize("name", ["-step{}", "_step_{}", "@step{}", " (step {})", "-ckpt{}"])
def test_steps_are_read_from_names(tmp_path, name):
    rows = [
        f"elm-{n}b{name.format(step)},{n}B,{scores(n, step)}" for n in (1, 3) for step in STEPS[:2]
    ]
    rows += [f"elm-{n}b-main,{n}B,{scores(n, 143000)}" for n in (1, 3)]
    table = read(tmp_path, "model,params,hellaswag,truthfulqa_mc2", rows)
    assert sorted(table.frame["model"]) == ["elm-1b-main", "elm-3b-main"]
    assert table.left_out["reason"].tolist() == ["checkpoint"] * 4


def test_models_that_were_trained_for_different_steps_are_no_checkpoints(tmp_path):
    rows = [f"elm-{n}b,{1000 * n},{scores(n, 1)}" for n in (1, 3, 7)]
    table = read(tmp_path, "model,step,hellaswag,truthfulqa_mc2", rows)
    assert len(table.frame) == 3
    assert not any(w.code == "checkpoints" for w in table.warnings)


def test_runs_of_other_shots_or_seeds_are_no_checkpoints_of_each_other(tmp_path):
    rows = [
        f"elm-{n}b,{seed},{step},{scores(n, step)}"
        for n in (1, 3)
        for seed, step in ((0, 1000), (1, 143000))
    ]
    table = read(tmp_path, "model,seed,step,hellaswag,truthfulqa_mc2", rows)
    assert len(table.frame) == 4
