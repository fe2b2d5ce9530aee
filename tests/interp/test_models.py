"""Loading open-weight models: every architecture of the list, and what cannot be loaded."""

import json
import shutil
import warnings
from typing import Any, cast

import numpy as np
import pytest
import torch
from narrow import not_none
from safetensors.torch import load_file, save_file
from tiny_models import ARCHITECTURES, byte_tokenizer, save_tiny, tiny_network

from nullcline import interp


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One saved checkpoint per architecture, made when it is first asked for."""
    root = tmp_path_factory.mktemp("tiny")

    def folder(kind):
        path = root / kind
        return path if path.is_dir() else save_tiny(kind, path)

    return folder


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_loads_with_parity_and_its_sums_are_complete(folders, kind):
    model = interp.load_model(str(folders(kind)))
    # Both run the same float32 weights; only the order of sums differs.
    assert model.parity < 5e-5
    assert (model.n_layers, model.n_heads, model.d_model) == (3, 4, 32)
    pairs = [
        interp.Pair("the city of paris is in", "france", "winter"),
        interp.Pair("copper has the symbol", "cu and iron", "fe"),
        interp.Pair("a metal is", "heavy", "light , and it flies"),
    ]
    found = interp.attribute_heads(model, pairs)
    residual, tolerance = found.completeness
    # Rounding of one float32 pass: far below what is called an error.
    assert residual < 1e-5 < tolerance
    assert np.abs(found.truth.shares.logit_difference).max() > 0.1
    # The sum is not complete by leaving everything in one part.
    assert np.abs(found.truth.shares.heads).max() > 1e-3
    assert np.abs(found.truth.mlps).max() > 1e-3


@pytest.mark.parametrize("kind", ["gpt2", "gemma2"])
def test_the_difference_is_that_of_the_networks_own_logits(folders, kind):
    model = interp.load_model(str(folders(kind)))
    pair = interp.Pair("the river runs to the", "sea", "winter is cold")
    found = interp.attribute_heads(model, [pair, pair])

    def logit_sum(text):
        # The defining sum, by one plain forward pass and nothing of the code under test.
        prompt = model.tokenizer(pair.prompt).input_ids
        whole = model.tokenizer(f"{pair.prompt} {text}").input_ids
        logits = model.network(torch.tensor([whole])).logits[0].double()
        cap = getattr(model.network.config, "final_logit_softcapping", None)
        logits = cap * torch.atanh(logits / cap) if cap else logits
        return sum(float(logits[i - 1, whole[i]]) for i in range(len(prompt), len(whole)))

    expected = logit_sum(pair.true) - logit_sum(pair.false)
    assert found.truth.logit_difference == pytest.approx(expected, abs=1e-4)


def test_the_bridge_shares_the_weights_and_leaves_the_network_alone(folders):
    model = interp.load_model(str(folders("gpt_neox")))
    shared = {p.data_ptr() for p in model.bridge.original_model.parameters()}
    assert {p.data_ptr() for p in model.network.parameters()} <= shared
    assert type(model.network.gpt_neox.layers[0].mlp).__module__.startswith("transformers")


def test_a_fingerprint_tells_checkpoints_apart_and_is_stable(folders):
    first = interp.load_model(str(folders("llama")))
    again = interp.load_model(str(folders("llama")))
    other = interp.build_model(tiny_network("llama", seed=1), byte_tokenizer())
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_organisms_load_by_name():
    model = interp.load_model("organism:web-8")
    assert (model.n_layers, model.d_model) == (2, 8)
    assert not_none(interp.organism_file(model, "pairs.csv")).is_file()
    assert interp.organism_file(model, "nothing.csv") is None


def test_half_precision_is_loaded_as_asked(folders):
    model = interp.load_model(str(folders("llama")), dtype="bfloat16")
    assert model.dtype == torch.bfloat16


def test_a_bridge_that_differs_is_warned_of(folders, monkeypatch):
    monkeypatch.setattr("nullcline.interp._models.model.PARITY_TOLERANCE", -1.0)
    with pytest.warns(UserWarning, match="likely cause"):
        interp.load_model(str(folders("llama")))


def broken(folder, name, content):
    (folder / name).write_bytes(content)


def spoil(folder, what):
    """Make one thing wrong with a good checkpoint."""
    if what == "no config":
        (folder / "config.json").unlink()
    elif what == "config not JSON":
        broken(folder, "config.json", b"{")
    elif what == "no tokenizer":
        for path in folder.glob("tokenizer*"):
            path.unlink()
    elif what == "cut weights":
        content = (folder / "model.safetensors").read_bytes()
        broken(folder, "model.safetensors", content[: len(content) // 2])
    elif what == "garbage weights":
        broken(folder, "model.safetensors", b"not safetensors at all")
    elif what in ("NaN", "infinity"):
        weights = load_file(folder / "model.safetensors")
        last = sorted(weights)[-1]
        weights[last].view(-1)[-1] = torch.nan if what == "NaN" else -torch.inf
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    elif what == "pickle only":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    elif what in ("encoder", "encoder-decoder"):
        config = json.loads((folder / "config.json").read_text())
        config["architectures"] = ["BertForMaskedLM"]
        config["is_encoder_decoder"] = what == "encoder-decoder"
        (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("no config", "no config.json"),
        ("config not JSON", "not readable JSON"),
        ("no tokenizer", "no tokenizer"),
        ("cut weights", "no whole safetensors"),
        ("garbage weights", "no whole safetensors"),
        ("NaN", "holds NaN or infinity"),
        ("infinity", "holds NaN or infinity"),
        ("pickle only", "pickle"),
        ("encoder", "predicts no next token"),
        ("encoder-decoder", "has an encoder"),
    ],
)
def test_a_bad_folder_is_one_line_that_names_it(folders, tmp_path, what, says):
    folder = shutil.copytree(folders("gpt2"), tmp_path / "model")
    spoil(folder, what)
    with pytest.raises(interp.InterpError, match=says) as caught:
        interp.load_model(str(folder))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_says_what_would_help(monkeypatch):
    with pytest.raises(interp.InterpError, match="organisms list lists all"):
        interp.load_model("organism:nope")
    with pytest.raises(interp.InterpError, match="no model folder"):
        interp.load_model("./nope")
    with pytest.raises(interp.InterpError, match="HF_HOME"):
        interp.load_model("some/model", offline=True)
    monkeypatch.setattr("nullcline.interp._models.plain.hub_answers", lambda: False)
    with pytest.raises(interp.InterpError, match="does not answer"):
        interp.load_model("some/model")


def test_organism_names_are_no_paths():
    with pytest.raises(interp.InterpError, match="no organism"):
        interp.load_model("organism:../organisms/web-8")


def test_what_cannot_fit_is_refused_with_the_number(folders, monkeypatch):
    class Full:
        available = 1000

    monkeypatch.setattr("nullcline.interp._models.weights.psutil.virtual_memory", Full)
    with pytest.raises(interp.InterpError, match=r"needs .* GiB in float32.*bfloat16"):
        interp.load_model(str(folders("gpt2")))


def test_unknown_formats_and_devices_are_refused(folders):
    with pytest.raises(interp.InterpError, match="dtype"):
        interp.load_model(str(folders("gpt2")), dtype=cast(Any, "int3"))
    with pytest.raises(interp.InterpError, match="device"):
        interp.load_model(str(folders("gpt2")), device="abacus")


def test_pickle_needs_a_flag_and_warns(folders, tmp_path):
    folder = shutil.copytree(folders("gpt2"), tmp_path / "model")
    network = tiny_network("gpt2")
    (folder / "model.safetensors").unlink()
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    with pytest.warns(UserWarning, match="run code"):
        model = interp.load_model(str(folder), allow_pickle=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokens = torch.tensor([[5, 6, 7]])
        assert torch.equal(model.network(tokens).logits, network(tokens).logits)


def test_an_architecture_that_transformer_lens_does_not_know_is_named():
    from transformers import CTRLConfig, CTRLLMHeadModel

    network = CTRLLMHeadModel(CTRLConfig(vocab_size=320, n_embd=32, n_layer=2, n_head=4, dff=64))
    with pytest.raises(interp.InterpError, match="TransformerLens does not read CTRLLMHeadModel"):
        interp.build_model(network, byte_tokenizer())


def test_hooks_are_removed_after_any_exception():
    network = tiny_network("gpt2")
    module = network.get_submodule("transformer.h.0")

    def fail(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), interp.hooked(after=[(module, fail)]):
        network(torch.tensor([[1, 2]]))
    assert not module._forward_hooks
    assert not module._forward_pre_hooks
