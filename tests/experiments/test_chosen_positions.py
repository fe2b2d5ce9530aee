"""Chosen positions as a user meets them: `steer`, `evaluate`, the card and the server."""

import dataclasses
import json

import numpy as np
import pytest
import serving_app as served
import torch

from nullcline import interp
from nullcline.experiments.cli import main

MODEL = "organism:web-16"


@pytest.fixture(scope="module")
def model() -> interp.Model:
    return interp.load_model(MODEL)


@pytest.fixture(scope="module")
def path(model, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("positions") / "v.npy"
    np.save(file, 4 * np.linspace(-3, 3, model.d_model))
    return str(file)


def of_file(model: interp.Model, path: str, positions: interp.Positions) -> interp.TruthVector:
    placed = interp.place_vector(model, interp.read_vector(path), layer=1)
    return dataclasses.replace(placed, positions=positions)


def steered(capsys, path: str, *arguments: str) -> dict:
    use = ("--prompt", "red fox eats", "--max-new-tokens", "4", "--json")
    assert main(["steer", MODEL, "--vector", path, "--layer", "1", *use, *arguments]) == 0
    seen = capsys.readouterr()
    return json.loads(seen.out) | {"said": seen.err}


@pytest.mark.parametrize(
    ("arguments", "positions", "words"),
    [
        (("--positions", "1:3"), interp.Span(1, 3), "positions 1:3"),
        (("--positions", "last"), "last", "last positions"),
        (("--after", "fox"), interp.After("fox"), "positions from 'fox' on"),
    ],
)
def test_steer_adds_where_it_is_told(model, path, capsys, arguments, positions, words):
    found = steered(capsys, path, *arguments)
    with interp.steer(model, of_file(model, path, positions)):
        expected = interp.generate(model, "red fox eats", max_new_tokens=4)
    assert found["text"] == expected.text
    assert (found["positions"], found["marker_came"]) == (str(positions), True)
    assert words in found["said"]


def test_a_marker_that_does_not_come_is_said(model, path, capsys):
    found = steered(capsys, path, "--after", "nowhere")
    assert found["text"] == interp.generate(model, "red fox eats", max_new_tokens=4).text
    assert not found["marker_came"]
    assert "it did not come: nothing was added" in found["said"]


def refused(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Traceback" not in seen.err
    return seen.err.strip().splitlines()[-1]


def test_what_cannot_be_meant_costs_one_line(path, capsys):
    mine = (MODEL, "--vector", path, "--layer", "1")
    prompt = ("--prompt", "red fox eats")
    both = ("--positions", "1:3", "--after", "fox")
    assert "two choices of positions" in refused(capsys, "steer", *mine, *prompt, *both)
    assert "two choices of positions" in refused(capsys, "evaluate", *mine, *both)
    for text in ("3:1", "some", "-1:2"):
        assert "position" in refused(capsys, "steer", *mine, *prompt, f"--positions={text}")
        assert "position" in refused(capsys, "evaluate", *mine, f"--positions={text}")
    assert "--ablate acts on all" in refused(
        capsys, "steer", *mine, *prompt, "--ablate", "--positions", "1:3"
    )
    assert "comes in none of the 50 test prompts" in refused(
        capsys, "evaluate", *mine, "--after", "nowhere"
    )
    assert "--vector FILE" in refused(capsys, "evaluate", MODEL, "--after", "fox")
    assert "--vector FILE" in refused(capsys, "serve", MODEL, "--positions", "1:3", "--port", "0")
    assert "no positions '1:3'" in refused(capsys, "evaluate", MODEL, "--positions", "1:3")


@pytest.mark.slow(reason="judges a vector of a shipped model")
def test_evaluate_judges_at_the_positions_that_are_chosen(model, path, capsys, tmp_path):
    mine = ["evaluate", MODEL, "--vector", path, "--layer", "1", "--json"]
    sets = interp.default_sets(model)
    questions = sets.part("questions", "test")
    word = questions[0].prompt.split()[1]
    tables = {}
    for arguments, positions in (
        (("--positions", "1:2"), interp.Span(1, 2)),
        (("--after", word), interp.After(word)),
    ):
        assert main([*mine, *arguments, "--card", str(tmp_path / "card")]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["vector"]["positions"] == str(positions)
        assert f"`{positions}`" in (tmp_path / "card.md").read_text()
        with interp.steer(model, of_file(model, path, positions)) as applied:
            assert applied is not None
            scored = interp.score_questions(model, questions, on_batch=applied.start_at)
        assert found["rows"][0]["mc1"] == scored.mc1.mean()
        tables[str(positions)] = found
    held = sum(word in question.prompt for question in questions)
    assert 0 < held < len(questions)
    behind = tables[f"after:{word}"]
    assert behind["without_marker"] == len(questions) - held
    assert tables["1:2"]["without_marker"] == 0
    # Neutral text holds no marker: its cost is that of all positions.
    assert main(mine) == 0
    everywhere = json.loads(capsys.readouterr().out)
    assert behind["rows"][0]["kl"] == everywhere["rows"][0]["kl"] > 0
    assert f"{len(questions) - held}." in (tmp_path / "card.md").read_text()


@pytest.fixture(scope="module")
def client():
    with served.make_client(served.make_vector()) as made:
        yield made


def complete(client, **steering):
    body = {"model": served.NAME, "prompt": served.PROMPT, "max_tokens": 12, "steering": steering}
    return client.post("/v1/completions", json=body)


@pytest.mark.parametrize(
    ("asked", "positions"),
    [({"positions": "2:5"}, interp.Span(2, 5)), ({"after": "paris"}, interp.After("paris")),
     ({"positions": "last"}, "last"), ({"positions": "after:paris"}, interp.After("paris"))],
)  # fmt: skip
def test_a_request_says_where_it_is_steered(client, asked, positions):
    vector = served.make_vector(positions)
    with interp.steer(served.model(), vector, strength=2.0):
        expected = interp.generate(served.model(), served.PROMPT, max_new_tokens=12).text
    answer = complete(client, strength=2.0, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["text"] == expected
    assert answer.json()["steering"] == {"strength": 2.0, "positions": str(positions)}
    guarded = complete(client, strength=2.0, budget=1e6, **asked)
    assert guarded.json()["choices"][0]["text"] == expected


def test_a_prompt_is_scored_at_chosen_positions(client):
    tokens = served.model().encode(served.PROMPT)
    asked = {"model": served.NAME, "prompt": tokens, "max_tokens": 0, "echo": True, "logprobs": 0}
    found = client.post(
        "/v1/completions", json={**asked, "steering": {"positions": "2:4", "strength": 2.0}}
    ).json()["choices"][0]["logprobs"]["token_logprobs"]
    vector = served.make_vector(interp.Span(2, 4))
    with interp.steer(served.model(), vector, strength=2.0), torch.no_grad():
        logits = served.model().network(torch.tensor([tokens])).logits[0]
    logs = logits.log_softmax(dim=-1)
    expected = [float(logs[place, token]) for place, token in enumerate(tokens[1:])]
    # One pass in float32 against another with the same sums.
    assert found[1:] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "steering",
    [
        {"positions": "some"}, {"positions": "5:2"}, {"positions": ""}, {"positions": 3},
        {"after": ""}, {"after": "a" * 201}, {"positions": "2:5", "after": "paris"},
        {"positions": "2:5", "ablate": True}, {"positions": "after:" + "a" * 300},
    ],
)  # fmt: skip
def test_positions_that_are_none_are_refused_by_their_field(client, steering):
    answer = complete(client, **steering)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith("steering.")
