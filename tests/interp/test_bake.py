"""A vector as a bias: the checkpoint does what the hook does, or says why it cannot."""

import dataclasses

import pytest
import torch
from tiny_models import byte_tokenizer, save_tiny, tiny_network
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._steering import bake as module

TOKENS = torch.tensor([[5, 9, 13, 40, 7]])


def logits(model):
    with torch.no_grad():
        return model.network(TOKENS, use_cache=False).logits


@pytest.mark.parametrize(
    ("kind", "site"), [("gpt2", "block"), ("gpt2", "attention"), ("llama", "block")]
)
def test_a_baked_folder_is_steered_and_the_model_stays_as_it_is(kind, site, tmp_path):
    model = interp.load_model(str(save_tiny(kind, tmp_path / "plain")))
    vector = vector_for(model, site=site)
    before = logits(model)
    folder = interp.bake(model, vector, tmp_path / "baked", strength=1.5)
    assert torch.equal(logits(model), before)
    with interp.steer(model, vector, strength=1.5):
        hooked = logits(model)
    # A bias is added before other float32 sums, a hook after them.
    torch.testing.assert_close(logits(interp.load_model(str(folder))), hooked, atol=2e-4, rtol=1e-5)
    assert float((hooked - before).abs().max()) > 1e-2
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"# {model.name}, steered" in card
    assert f"fingerprint {model.fingerprint[:16]})" in card
    assert f"hook point: {vector.hook_point}\n" in card
    assert "strength: 1.5 (" in card
    assert "norm 4\n" in card


def test_a_norm_behind_the_map_and_a_map_without_bias_are_refused(tmp_path):
    for kind, says in (("gemma2", "normalises after that map"), ("mistral", "has no bias at")):
        model = interp.build_model(tiny_network(kind), byte_tokenizer())
        for site in ("block", "attention"):
            with pytest.raises(interp.InterpError, match=f"{says}.*steer with the hook instead"):
                interp.bake(model, vector_for(model, site=site), tmp_path / "baked")
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_do_what_the_hook_does_is_not_written(tmp_path, monkeypatch):
    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer())
    monkeypatch.setattr(module, "_with_bias", lambda model, vector, addition: tiny_network("gpt2"))
    with pytest.raises(interp.InterpError, match=r"with the vector as a bias differs by .* from"):
        interp.bake(model, vector_for(model), tmp_path / "baked")
    # No strength, no difference.
    interp.bake(model, vector_for(model), tmp_path / "plain", strength=0.0)
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer())
    (tmp_path / "file").write_text("")
    with pytest.raises(interp.InterpError, match=r"file/baked cannot be written: "):
        interp.bake(model, vector_for(model), tmp_path / "file" / "baked")
    with pytest.raises(interp.InterpError, match="strength inf is no number"):
        interp.bake(model, vector_for(model), tmp_path / "baked", strength=float("inf"))
    two = dataclasses.replace(vector_for(model), also={interp.HookPoint(0): torch.ones(32)})
    with pytest.raises(interp.InterpError, match="layers 0, 1, after the block, and one layer"):
        interp.bake(model, two, tmp_path / "baked")
