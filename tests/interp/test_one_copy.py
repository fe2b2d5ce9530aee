"""One copy of the weights, and one vector for one model in two number formats."""

import dataclasses

import pytest
import torch
from tiny_models import byte_tokenizer, save_tiny, tiny_network
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._heads.published import shuffled_weights
from nullcline.interp._steering.bake import _with_bias


def model_of(kind):
    return interp.build_model(tiny_network(kind), byte_tokenizer(), name=kind)


def weights_of(model):
    return [parameter.detach().clone() for parameter in model.network.parameters()]


class Stop(Exception):
    pass


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_weights_are_shuffled_in_place_and_come_back_bit_for_bit(kind, interrupted):
    model = model_of(kind)
    before = weights_of(model)
    places = [parameter.data_ptr() for parameter in model.network.parameters()]
    try:
        with shuffled_weights(model, seed=4):
            for old, now in zip(before, model.network.parameters(), strict=True):
                assert torch.equal(old.flatten().sort().values, now.flatten().sort().values)
            moved = [
                not torch.equal(a, b)
                for a, b in zip(before, model.network.parameters(), strict=True)
            ]
            assert all(moved)
            if interrupted:
                raise Stop
    except Stop:
        pass
    for old, now in zip(before, model.network.parameters(), strict=True):
        assert torch.equal(old, now)
    assert places == [parameter.data_ptr() for parameter in model.network.parameters()]


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_baked_network_shares_all_weights_but_its_new_biases(kind):
    model = model_of(kind)
    before, vector = weights_of(model), vector_for(model)
    baked = _with_bias(model, vector, vector.addition())
    own = {p.data_ptr() for p in model.network.parameters()}
    new = [name for name, p in baked.named_parameters() if p.data_ptr() not in own]
    assert new
    assert all(name.endswith(".bias") for name in new)
    for old, now in zip(before, model.network.parameters(), strict=True):
        assert torch.equal(old, now)


def test_a_vector_found_in_float32_steers_the_same_model_in_bfloat16(tmp_path):
    folder = str(save_tiny("llama", tmp_path / "llama"))
    exact, half = (interp.load_model(folder, dtype=d) for d in ("float32", "bfloat16"))
    assert exact.fingerprint != half.fingerprint
    vector = vector_for(exact, rounded_fingerprint=exact.rounded_fingerprint, dtype="float32")
    interp.save_vector(vector, tmp_path / "v.safetensors")
    read = interp.load_vector(tmp_path / "v.safetensors")
    assert interp.fit_note(exact, read) == ""
    assert interp.fit_note(half, read) == ("found on the same weights in float32, used in bfloat16")
    with interp.steer(half, read):
        assert interp.generate(half, "the city", max_new_tokens=2).tokens
    other = interp.build_model(tiny_network("llama", seed=1), byte_tokenizer())
    with pytest.raises(interp.InterpError, match="found on llama"):
        interp.check_fits(other, dataclasses.replace(read, model="llama"))
    # A file from before, which knows one number format only.
    old = dataclasses.replace(read, rounded_fingerprint="", dtype="")
    with pytest.raises(interp.InterpError, match="fingerprint"):
        interp.check_fits(half, old)
