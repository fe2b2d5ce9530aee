"""Training that can be killed, and the files it leaves."""

import csv
import dataclasses
import errno
import hashlib
import io
import json
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

from nullcline import organisms
from nullcline.organisms._training.export import tensors_of
from nullcline.organisms._training.saving import saving
from nullcline.organisms._world.vocabulary import VOCABULARY_SIZE, encode

RECIPE = organisms.Recipe(
    name="mini",
    description="A miniature for tests.",
    widths=(8, 12),
    steps=150,
    batch=8,
    learning_rate=0.02,
    corpus=organisms.CorpusSettings(adjectives=2, nouns=8),
)


class Killed(Exception):
    """Stands for a signal in the middle of a run."""


def weights(trained):
    return tensors_of(trained.model, trained.shape)


@pytest.fixture(scope="module")
def unbroken():
    return organisms.train_model(RECIPE, width=8, seed=2)


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    return folder, organisms.train(RECIPE, seeds=(2,), folder=folder)


def kill_after(stretches):
    calls = []

    def on_progress(*at):
        calls.append(at)
        if len(calls) == stretches:
            raise Killed

    return on_progress


def test_training_learns(unbroken):
    uniform = np.log(VOCABULARY_SIZE)
    assert unbroken.losses[0] < uniform
    assert unbroken.losses[-1] < unbroken.losses[0] - 0.5
    assert abs(unbroken.loss - unbroken.losses[-1]) < 0.3
    assert 0 < unbroken.loss_stderr < 0.05


@pytest.mark.slow(reason="trains whole runs and interrupted ones")
@pytest.mark.parametrize("stretches", [1, 2])
def test_a_killed_run_ends_with_the_same_weights(stretches, unbroken, tmp_path):
    path = tmp_path / "run.npz"
    settings = {"width": 8, "seed": 2, "checkpoint": path, "save_every": 0.0}
    with pytest.raises(Killed):
        organisms.train_model(RECIPE, on_progress=kill_after(stretches), **settings)
    seen = []
    again = organisms.train_model(RECIPE, on_progress=lambda *at: seen.append(at), **settings)
    assert seen[0] == ("mini-8-seed2", 50 * (stretches + 1), RECIPE.steps)
    assert seen[-1] == ("mini-8-seed2", RECIPE.steps, RECIPE.steps)
    assert (again.losses == unbroken.losses).all()
    for name, tensor in weights(unbroken).items():
        assert (tensor == weights(again)[name]).all(), name


def test_a_checkpoint_of_another_run_is_refused(tmp_path):

    path = tmp_path / "run.npz"
    with pytest.raises(Killed):
        organisms.train_model(
            RECIPE, width=8, seed=2, checkpoint=path, save_every=0.0, on_progress=kill_after(1)
        )
    other = dataclasses.replace(RECIPE, learning_rate=0.5)
    with pytest.raises(organisms.OrganismError, match="another recipe"):
        organisms.train_model(other, width=8, seed=2, checkpoint=path)
    with pytest.raises(organisms.OrganismError, match="another seed"):
        organisms.train_model(RECIPE, width=8, seed=3, corpus_seed=2, checkpoint=path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(organisms.OrganismError, match="not a readable checkpoint"):
        organisms.train_model(RECIPE, width=8, seed=2, checkpoint=path)


def test_a_full_disk_keeps_the_earlier_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    with pytest.raises(Killed):
        organisms.train_model(
            RECIPE, width=8, seed=2, checkpoint=path, save_every=0.0, on_progress=kill_after(1)
        )
    before = path.read_bytes()

    def full(stream, **arrays):
        stream.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(organisms.OrganismError, match=r"No space left .* untouched"):
        organisms.train_model(RECIPE, width=8, seed=2, checkpoint=path, save_every=0.0)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_negative_seeds_are_refused(tmp_path):
    with pytest.raises(organisms.OrganismError, match="seed=-1 is negative"):
        organisms.train(RECIPE, seeds=[0, -1], folder=tmp_path)
    with pytest.raises(organisms.OrganismError, match="corpus_seed=-2 is negative"):
        organisms.train_model(RECIPE, width=8, seed=0, corpus_seed=-2)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing_where_nothing_was(tmp_path):
    def fill():
        with saving(tmp_path / "file") as path:
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(organisms.OrganismError, match="nothing was written"):
        fill()
    assert not list(tmp_path.iterdir())


def test_a_family_is_exported_and_listed(family):
    folder, trained = family
    assert [organism.name for organism in trained] == ["mini-8-seed2", "mini-12-seed2"]
    assert organisms.list_organisms(folder) == trained
    assert organisms.organism_path("mini-8-seed2", folder) == folder / "mini-8-seed2"
    assert not list(folder.glob("*.npz"))
    assert not list(folder.glob(".*"))
    for organism in trained:
        assert organism.layers == 2
        assert organism.tokens == 150 * 8 * 32
        assert 0 <= organism.truth <= 1
        assert organism.reasoning_items == 1200


def test_training_again_keeps_what_is_done(family):
    folder, trained = family
    calls = []

    def count(*at):
        calls.append(at)

    assert organisms.train(RECIPE, seeds=(2,), folder=folder, on_progress=count) == trained
    assert not calls

    other = dataclasses.replace(RECIPE, steps=200)
    with pytest.raises(organisms.OrganismError, match="another recipe"):
        organisms.train(other, seeds=(2,), folder=folder)


def test_workers_change_nothing_but_time(family, tmp_path):
    folder, trained = family
    together = organisms.train(RECIPE, seeds=(2,), folder=tmp_path, workers=2)
    assert [o.name for o in together] == [o.name for o in trained]
    for organism in trained:
        ours = (tmp_path / organism.name / "model.safetensors").read_bytes()
        assert ours == (folder / organism.name / "model.safetensors").read_bytes()


def test_a_killed_family_stops_all_workers_and_goes_on(family, tmp_path):
    folder, _ = family
    with pytest.raises(Killed):
        organisms.train(RECIPE, seeds=(2,), folder=tmp_path, workers=2, on_progress=kill_after(2))
    assert not organisms.list_organisms(tmp_path)
    organisms.train(RECIPE, seeds=(2,), folder=tmp_path)
    for path in folder.glob("*/model.safetensors"):
        assert (tmp_path / path.parent.name / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(organisms.OrganismError, match="workers"):
        organisms.train(RECIPE, seeds=(2,), folder=tmp_path, workers=0)


def test_the_folder_equals_the_network_and_its_scores(family, unbroken):
    folder, trained = family
    again = organisms.load_model(folder / "mini-8-seed2")
    rows = jnp.asarray(np.arange(64, dtype=np.int32).reshape(2, 32))
    assert (np.asarray(again(rows)) == np.asarray(unbroken.model(rows))).all()
    scores = organisms.evaluate("mini-8-seed2", folder)
    assert scores.truth.value == trained[0].truth
    assert scores.reasoning.value == trained[0].reasoning


def test_ground_truth_lies_beside_the_weights(family):
    folder, _ = family
    path = folder / "mini-12-seed2"
    world = organisms.make_corpus(RECIPE.corpus, seed=2).world
    with (path / "pairs.csv").open(newline="") as stream:
        pairs = list(csv.DictReader(stream))
    assert len(pairs) == len(world.question_facts)
    assert set(pairs[0]) == {"prompt", "true", "false"}
    questions = json.loads((path / "questions.json").read_text())
    neutral = [q for q in questions if q["register"] == "question"]
    for pair, question in zip(pairs, neutral, strict=True):
        assert question["question"] == pair["prompt"]
        assert question["mc1_targets"][pair["true"]] == 1
        assert question["mc1_targets"][pair["false"]] == 0
        assert sum(question["mc2_targets"].values()) == 1
    with (path / "statements.csv").open(newline="") as stream:
        header = next(csv.reader(stream))
    assert header == ["statement", "label", "topic", "register"]
    assert (path / "neutral.txt").read_text().count("\n") == 200
    assert "mini-12-seed2" in (path / "README.md").read_text()


def test_scores_by_hand(family):
    """Option scores against log-probabilities by hand, and the share against a count."""
    folder, trained = family
    model = organisms.load_model(folder / "mini-12-seed2")
    world = organisms.make_corpus(RECIPE.corpus, seed=2).world
    questions = organisms.truth_questions(world, register="question")

    right = 0
    for question, scores in zip(questions, organisms.option_scores(model, questions), strict=True):
        prompt = encode(question.question)
        by_hand = []
        for option in question.options:
            logits = np.asarray(model(jnp.asarray([prompt + encode(option)])), np.float64)[0]
            log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            by_hand.append(log_p[len(prompt) - 1, encode(option)[0]])
        # float32 logits, once filled up to another length.
        np.testing.assert_allclose(scores, by_hand, atol=1e-5)
        right += int(np.argmax(by_hand)) == 0
    assert trained[1].truth == pytest.approx(right / len(questions), abs=1e-12)


def test_equal_options_are_no_right_answer():
    model = organisms.make_model(organisms.ModelShape(VOCABULARY_SIZE, 8, 1, 1, 8), seed=0)
    model.unembedding.kernel[...] = jnp.zeros_like(model.unembedding.kernel[...])
    questions = organisms.reasoning_questions(each=5)
    assert (organisms.answers(model, questions) == 3).all()


def test_score_table(family):
    _, trained = family
    rows = list(csv.DictReader(io.StringIO(organisms.score_table(trained))))
    assert [row["model"] for row in rows] == ["mini-8-seed2", "mini-12-seed2"]
    for row, organism in zip(rows, trained, strict=True):
        assert int(row["params"]) == organism.params
        assert float(row["flops"]) == pytest.approx(6 * organism.params * organism.tokens, rel=1e-5)
        assert float(row["world_truth"]) == pytest.approx(organism.truth, abs=1e-6)
        assert float(row["world_reasoning_stderr"]) > 0


def test_score_table_is_read_like_any_other(family, tmp_path):
    from nullcline import dynamics

    _, trained = family
    path = tmp_path / "scores.csv"
    organisms.write_score_table(trained, path)
    table = dynamics.read_scores(path)
    assert "world_truth" in table.benchmarks
    assert table.families == ("mini",)


def test_tables_with_their_origin(family, tmp_path):
    _, trained = family
    written = organisms.write_tables(trained, tmp_path)
    # No experiment has a control here, so there are no shifts and no contrasts.
    names = ["organisms", "organism_loss", "organism_probe"]
    assert [path.stem for path in written] == names
    for path in written:
        origin = json.loads(path.with_suffix(".json").read_text())
        assert origin["table"] == path.name
        assert origin["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert origin["rows"] == len(list(csv.DictReader(path.read_text().splitlines()))) > 0
    with pytest.raises(organisms.OrganismError, match="no organisms"):
        organisms.write_tables([], tmp_path)


def test_tables_of_an_experiment(family, tmp_path):
    _, trained = family
    both = [
        dataclasses.replace(organism, family=name, params=params, truth=truth, path=organism.path)
        for name, lift in (("web", 0.0), ("curated", 0.2))
        for organism in trained[:1]
        for params, truth in ((1000, 0.4), (2000, 0.1), (4000, 0.6))
        for truth in (truth + lift,)
    ]
    written = {path.stem: path for path in organisms.write_tables(both, tmp_path)}
    with written["organism_contrasts"].open(newline="") as stream:
        contrasts = [row for row in csv.DictReader(stream) if row["score"] == "truth"]
    assert [float(row["mean"]) for row in contrasts] == pytest.approx([0.2] * 3)
    with written["organism_experiments"].open(newline="") as stream:
        shifts = {row["quantity"]: row for row in csv.DictReader(stream)}
    assert float(shifts["log10_critical"]["mean"]) == pytest.approx(0.0, abs=1e-9)
    assert shifts["depth"]["experiment"] == "curation"


def test_unknown_names_are_refused_with_what_there_is(family):
    folder, _ = family
    with pytest.raises(organisms.OrganismError, match="mini-12-seed2"):
        organisms.organism_path("mini-99", folder)
    with pytest.raises(organisms.OrganismError, match="no organism"):
        organisms.organism_path("../family", folder)
    with pytest.raises(organisms.OrganismError, match=r"widths \[8, 12\], not 16"):
        organisms.train_model(RECIPE, width=16, seed=0)
    with pytest.raises(organisms.OrganismError, match="no seeds"):
        organisms.train(RECIPE, seeds=(), folder=folder)


def test_an_export_that_was_ended_before_it_was_whole_is_not_listed(family, tmp_path):
    folder, _ = family
    shutil.copytree(folder / "mini-8-seed2", tmp_path / ".mini-8-seed2.123")
    assert organisms.list_organisms(tmp_path) == ()
