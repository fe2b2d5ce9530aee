"""Answers as trees, passes from a later block on, and a search that goes on: nothing changes."""

import dataclasses

import numpy as np
import pytest
import torch
from planted_truth import planted_truth
from tiny_models import ARCHITECTURES, byte_tokenizer, tiny_model, tiny_network
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._models.blocks import blocks_from, blocks_until
from nullcline.interp._questions import tokens
from nullcline.interp._questions.passes import abilities
from nullcline.interp._questions.scoring import passes_over, score_passes
from nullcline.interp._questions.trees import Growing
from nullcline.interp._steering.effects import Intervention, answer, measure_baseline, neutral_cost
from nullcline.interp._truth.states import states_at

QUESTIONS = [
    interp.Question("the city of", ("paris is in", "paris flies", "cold"), (True, False, False), 0),
    interp.Question(
        "a metal is", ("heavy and a feather", "heavy", "light"), (True, True, False), 0
    ),
]


def by_hand(model, question):
    """Sums of log-probabilities, every option read alone."""
    start, found = len(model.encode(question.prompt)), []
    for option in question.options:
        tokens = model.encode(f"{question.prompt} {option}")
        with torch.no_grad():
            said = model.network(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
        found.append(sum(float(said[at - 1, tokens[at]]) for at in range(start, len(tokens))))
    return np.array(found)


def test_answers_that_begin_alike_share_that_beginning():
    growing = Growing([7, 8])
    nodes = [growing.add(answer) for answer in ([1, 2, 3], [1, 2, 4], [1, 5], [6])]
    tree = growing.tree()
    assert tree.tokens == (7, 8, 1, 2)
    assert nodes == [(1, 2, 3), (1, 2, 3), (1, 2), (1,)]
    assert not tree.branches
    growing.add([9, 1, 1])
    tree = growing.tree()
    assert tree.branches
    assert tree.tokens == (7, 8, 1, 2, 9, 1)
    assert tree.places.tolist() == [0, 1, 2, 3, 2, 3]
    # The second answer's tokens see the stem and themselves, and nothing of the first answer.
    assert tree.sees[5].tolist() == [True, True, False, False, True, True]


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("steered", [False, True])
def test_a_row_with_all_options_scores_like_options_read_alone(kind, steered):
    model = tiny_model(kind)
    vector = vector_for(model, hook_point=interp.HookPoint(1, "block"))
    with interp.steer(model, vector, strength=1.0 if steered else 0.0):
        found = interp.score_questions(model, QUESTIONS).log_probabilities
        for question, values in zip(QUESTIONS, found, strict=True):
            np.testing.assert_allclose(values, by_hand(model, question), atol=2e-4)


def test_most_architectures_read_trees_and_the_others_read_rows():
    able = {kind: abilities(tiny_model(kind)) for kind in ("gpt2", "llama", "gpt_neox", "bloom")}
    assert all(able[kind].trees and able[kind].resumes for kind in ("gpt2", "llama", "gpt_neox"))
    # BLOOM takes distances from a mask of its own making.
    assert not able["bloom"].trees


@pytest.mark.slow(reason="every architecture, each site and kind of position")
@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("site", ["attention", "block"])
@pytest.mark.parametrize("positions", ["all", "last"])
def test_a_pass_from_the_steered_layer_on_says_what_a_whole_pass_says(kind, site, positions):
    model = tiny_model(kind)
    vector = vector_for(model, hook_point=interp.HookPoint(2, site), positions=positions)
    steering = Intervention(model, vector.additions(1.0), positions=positions)
    baseline = measure_baseline(model, QUESTIONS, neutral=["the river runs to the sea", "it is"])
    later = np.concatenate(answer(baseline.questions, steering).log_probabilities)
    with steering.applied() as applied:
        whole = score_passes(
            baseline.questions.encoded, baseline.questions.passes, on_batch=applied.start_at
        )
    np.testing.assert_allclose(later, np.concatenate(whole.log_probabilities), atol=1e-4)
    assert abs(later - np.concatenate(baseline.plain.questions.log_probabilities)).max() > 1e-3
    kl, ratio = neutral_cost(baseline, steering)
    assert len(kl) == sum(
        len(model.encode(line)) for line in ("the river runs to the sea", "it is")
    )
    assert kl.min() >= 0
    assert kl.max() > 1e-6
    assert ratio != 1.0


@pytest.mark.parametrize("site", ["attention", "block"])
def test_a_condition_reads_the_stream_of_a_pass_that_begins_later(site):
    model = interp.build_model(tiny_network("gpt_neox"), byte_tokenizer())
    point = interp.HookPoint(2, site)
    vector = vector_for(model, hook_point=point)
    baseline = measure_baseline(model, QUESTIONS, neutral=["it is"])
    states = states_at(model, [tree.tokens for tree in baseline.questions.encoded.trees], [point])
    weight = torch.from_numpy(states[0].mean(axis=0))
    threshold = float(np.median(states[0] @ weight.numpy()))
    condition = interp.Condition(weight=weight, threshold=threshold, accuracy=1.0)
    steering = Intervention(model, vector.additions(5.0), condition)
    later = np.concatenate(answer(baseline.questions, steering).log_probabilities)
    with steering.applied():
        whole = score_passes(baseline.questions.encoded, baseline.questions.passes)
    np.testing.assert_allclose(later, np.concatenate(whole.log_probabilities), atol=1e-4)
    assert abs(later - np.concatenate(baseline.plain.questions.log_probabilities)).max() > 1e-3


def test_blocks_below_are_not_run_again():
    model = interp.build_model(tiny_network("llama"), byte_tokenizer())
    ran = []
    handles = [
        layer.head_projection.register_forward_hook(lambda *_, number=number: ran.append(number))
        for number, layer in enumerate(model.parts.layers)
    ]
    encoded = interp.encode_questions(model, QUESTIONS)
    passes = passes_over(model, encoded)
    passes.streams(2)
    ran.clear()
    score_passes(encoded, passes, entering=2)
    assert set(ran) == {2}
    ran.clear()
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad(), blocks_until(model, 1) as entered:
        model.network.base_model(ids, use_cache=False)
    assert ran == [0]
    assert entered[0].shape == (1, 3, model.d_model)
    with torch.no_grad(), blocks_from(model, 1, entered[0]):
        later = model.network(ids, use_cache=False).logits
    with torch.no_grad():
        assert torch.equal(later, model.network(ids, use_cache=False).logits)
    for handle in handles:
        handle.remove()


def test_a_window_of_attention_is_not_widened():
    model = interp.build_model(tiny_network("mistral"), byte_tokenizer())  # sees 16 tokens back
    long = "the city of paris is in france . the river runs to the sea and the birds fly"
    question = interp.Question(long, ("south in winter", "when it is"), (True, False), 0)
    assert len(model.encode(long)) > 16
    found = interp.score_questions(model, [question]).log_probabilities[0]
    np.testing.assert_allclose(found, by_hand(model, question), atol=2e-4)


def test_a_stopped_search_goes_on_where_it_was(tmp_path):
    model, sets = planted_truth()
    options = {"methods": ("mass-mean", "gradient"), "where": "best", "seed": 1}
    whole = interp.find_truth_vector(model, sets, **options)

    class Stopped(Exception):
        pass

    def stop(part, done=0, total=0):
        if part.startswith("directions at") and done == 3:
            raise Stopped

    keep = tmp_path / "search.jsonl"
    with pytest.raises(Stopped):
        interp.find_truth_vector(model, sets, keep=keep, on_progress=stop, **options)
    with keep.open("a") as file:  # as if the machine had stopped while it wrote
        file.write('\n{"name": "corrected mass')
    size = keep.stat().st_size
    said = []
    again = interp.find_truth_vector(
        model, sets, keep=keep, on_progress=lambda part, *_: said.append(part), **options
    )
    assert said[0].startswith("going on after")
    assert keep.stat().st_size > size
    assert torch.equal(again.vector.direction, whole.vector.direction)
    assert [dataclasses.astuple(c)[1:3] for c in again.candidates] == [
        dataclasses.astuple(c)[1:3] for c in whole.candidates
    ]
    with pytest.raises(interp.InterpError, match="keeps another search"):
        interp.find_truth_vector(model, sets, keep=keep, **{**options, "seed": 2})


def test_a_pass_takes_fewer_tokens_where_each_needs_more_memory(monkeypatch):
    model = interp.build_model(tiny_network("llama"), byte_tokenizer())
    assert tokens.token_budget(model) == tokens.MOST_TOKENS["cpu"]
    size = 4 * (12 * 32 + 3 * 64) + 8 * model.d_vocab
    monkeypatch.setitem(tokens.BYTES_PER_BATCH, "cpu", 100 * size)
    assert tokens.token_budget(model) == 100
    few = interp.score_questions(model, QUESTIONS).log_probabilities
    monkeypatch.setitem(tokens.BYTES_PER_BATCH, "cpu", 0)
    assert tokens.token_budget(model) == tokens.FEWEST_TOKENS
    for one, other in zip(
        few, interp.score_questions(model, QUESTIONS).log_probabilities, strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)
