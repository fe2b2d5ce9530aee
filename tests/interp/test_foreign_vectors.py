"""Vectors of other tools: each file is written by its own format's rules, and steering with it is
a plain hook that adds its numbers at the block that the format means."""

import dataclasses
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_models import byte_tokenizer, tiny_network
from tiny_vectors import vector_for

from nullcline import interp

PROMPT = "the city of paris is in"


@pytest.fixture(scope="module")
def model():
    return interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny")


@pytest.fixture(scope="module")
def rows(model):
    """A vector for each block of the model; their lengths differ."""
    drawn = torch.randn(model.n_layers, model.d_model, generator=torch.Generator().manual_seed(5))
    return drawn * torch.arange(1, model.n_layers + 1)[:, None]


def logits(model):
    with torch.no_grad():
        return model.network(torch.tensor([model.encode(PROMPT)]), use_cache=False).logits


def hooked(model, module, addition):
    """Logits where a plain hook adds to a module's output."""

    def add(module, inputs, output):
        if isinstance(output, tuple):
            return (output[0] + addition, *output[1:])
        return output + addition

    handle = module.register_forward_hook(add)
    try:
        return logits(model)
    finally:
        handle.remove()


def steered(model, path, *, layer=None, strength=None):
    vector = interp.place_vector(model, interp.read_vector(path), layer=layer)
    with interp.steer(model, vector, strength=strength):
        return vector, logits(model)


def same(found, expected):
    # A vector is kept as its length times a unit direction: float32 rounding of that product.
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def write_gguf(path, directions, *, architecture="controlvector", hint="gpt2"):
    """As `ControlVector.export_gguf` of repeng and EasySteer, and llama.cpp's generator do."""
    gguf = pytest.importorskip("gguf", reason="llama.cpp's package gguf is not installed")
    writer = gguf.GGUFWriter(path, architecture)
    if hint:
        writer.add_string(f"{architecture}.model_hint", hint)
    writer.add_uint32(f"{architecture}.layer_count", len(directions))
    for name, values in directions.items():
        writer.add_tensor(f"direction.{name}", np.asarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_lm_eval(path, hookpoint, vector, coefficient=1.0, changes=None):
    entry = {
        "steering_vector": vector,
        "steering_coefficient": coefficient,
        "action": "add",
        "bias": None,
        "head_index": None,
    }
    torch.save({hookpoint: entry | (changes or {})}, path)
    return path


@pytest.fixture
def steering_vectors(monkeypatch):
    """The class of steering-vectors, under the name that it is pickled by."""

    @dataclasses.dataclass
    class SteeringVector:
        layer_activations: dict[int, torch.Tensor]
        layer_type: str = "decoder_block"

    package, module = types.ModuleType("steering_vectors"), types.ModuleType("")
    SteeringVector.__module__ = "steering_vectors.steering_vector"
    SteeringVector.__qualname__ = "SteeringVector"
    module.SteeringVector = SteeringVector  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "steering_vectors", package)
    monkeypatch.setitem(sys.modules, "steering_vectors.steering_vector", module)
    return SteeringVector


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_direction_n_of_a_control_vector_is_added_after_block_n_from_0(
    model, rows, layer, tmp_path
):
    # repeng and EasySteer may write 0; llama.cpp knows 1 and more, with the same meaning.
    path = write_gguf(tmp_path / "all.gguf", dict(enumerate(rows.numpy())))
    vector, found = steered(model, path, layer=layer)
    assert (vector.hook_point, vector.strength) == (interp.HookPoint(layer), 1.0)
    assert vector.norm == pytest.approx(float(rows[layer].norm()))
    same(found, hooked(model, model.network.transformer.h[layer], rows[layer]))
    one = write_gguf(tmp_path / "one.gguf", {layer: rows[layer].numpy()})
    assert torch.equal(steered(model, one)[1], found)


def test_strength_is_times_the_vector_as_its_file_holds_it(model, rows, tmp_path):
    np.save(tmp_path / "v.npy", rows[1].numpy())
    block = model.network.transformer.h[1]
    for strength in (2.0, -0.5):
        _, found = steered(model, tmp_path / "v.npy", layer=1, strength=strength)
        same(found, hooked(model, block, strength * rows[1]))
    vector, found = steered(model, tmp_path / "v.npy", layer=1, strength=0.0)
    assert torch.equal(found, logits(model))
    assert vector.strength_unit == interp.FILE_UNIT
    interp.save_vector(vector, tmp_path / "kept.safetensors")
    assert interp.load_vector(tmp_path / "kept.safetensors").strength_unit == interp.FILE_UNIT


def test_half_precision_control_vectors_are_read(model, rows, tmp_path):
    half = rows[1].half()
    vector, _ = steered(model, write_gguf(tmp_path / "h.gguf", {1: half.numpy()}))
    torch.testing.assert_close(vector.addition(), half.float())


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_key_of_lm_evaluation_harness_is_the_module_that_is_added_to(kind, rows, tmp_path):
    model = interp.build_model(tiny_network(kind), byte_tokenizer(), name=kind)
    row = rows[1, : model.d_model]
    name = {"gpt2": "h.1", "llama": "layers.1"}[kind]
    path = write_lm_eval(tmp_path / "v.pt", name, row, -1.5)
    vector, found = steered(model, path)
    assert vector.hook_point == interp.HookPoint(1)
    same(found, hooked(model, model.parts.layers[1].block, -1.5 * row))
    harness = pytest.importorskip("lm_eval.models.hf_steered", reason="no lm-evaluation-harness")
    theirs = harness.SteeredModel(
        pretrained=model.network, tokenizer=model.tokenizer, steer_path=str(path), device="cpu"
    )
    with torch.no_grad():
        same(found, theirs._model_call(torch.tensor([model.encode(PROMPT)])))


@pytest.mark.parametrize("key", [1, -2])
def test_a_layer_of_steering_vectors_is_the_block_of_that_number_from_0(
    model, rows, key, steering_vectors, tmp_path
):
    torch.save(steering_vectors({key: rows[1]}), tmp_path / "v.pt")
    vector, found = steered(model, tmp_path / "v.pt")
    assert vector.hook_point == interp.HookPoint(1)
    same(found, hooked(model, model.network.transformer.h[1], rows[1]))


def test_a_plain_tensor_takes_the_layer_that_is_given(model, rows, tmp_path):
    save_file({"anything": rows[2]}, tmp_path / "v.safetensors", metadata={"format": "pt"})
    save_file({"anything": rows[2][None]}, tmp_path / "row.safetensors")
    np.save(tmp_path / "v.npy", rows[2].double().numpy())
    torch.save(rows[2], tmp_path / "v.pt")  # as EasySteer's pt_direction
    expected = hooked(model, model.network.transformer.h[2], rows[2])
    for name in ("v.safetensors", "row.safetensors", "v.npy", "v.pt"):
        same(steered(model, tmp_path / name, layer=2)[1], expected)
        with pytest.raises(interp.InterpError, match=r"does not say after which layer.*0 to 2"):
            steered(model, tmp_path / name)


@pytest.mark.parametrize("suffix", [".gguf", ".pt", ".json"])
def test_our_own_exports_are_read_back_to_equal_vectors(model, suffix, tmp_path):
    if suffix == ".gguf":
        pytest.importorskip("gguf", reason="llama.cpp's package gguf is not installed")
    vector = vector_for(
        model, strength=-0.5, seen=frozenset({"ab", "cd"}), report={"rows": [1, None]},
        frame="plain", dtype="float32", data="d1", revision="main",
    )  # fmt: skip
    if suffix == ".json":
        condition = interp.Condition(torch.linspace(-1, 1, model.d_model), -0.25, 0.9)
        vector = dataclasses.replace(vector, condition=condition, positions="last")
    path = tmp_path / f"v{suffix}"
    interp.export_vector(model, vector, path)
    back = interp.read_vector(path)
    assert isinstance(back, interp.TruthVector)
    for field in dataclasses.fields(vector):
        if field.name not in ("direction", "condition"):
            assert getattr(back, field.name) == getattr(vector, field.name)
    # The addition is what is exported: a float32 product and its quotient.
    torch.testing.assert_close(back.direction, vector.direction, atol=1e-7, rtol=1e-6)
    if vector.condition is not None:
        assert back.condition is not None
        assert torch.equal(back.condition.weight, vector.condition.weight)
        assert back.condition.threshold == vector.condition.threshold
    assert interp.place_vector(model, back) is back
    assert interp.fit_note(model, back) == ""
    with pytest.raises(interp.InterpError, match="found on tiny"):
        interp.check_fits(
            interp.build_model(tiny_network("gpt2", seed=1), byte_tokenizer(), name="other"), back
        )


def test_a_vector_of_this_project_stays_what_it_is(model, tmp_path):
    vector = vector_for(model)
    interp.save_vector(vector, tmp_path / "v.safetensors")
    back = interp.read_vector(tmp_path / "v.safetensors")
    assert isinstance(back, interp.TruthVector)
    assert back.sha256 == vector.sha256
    with pytest.raises(interp.InterpError, match=r"says that it is added at layer 1.*leave layer"):
        interp.place_vector(model, back, layer=1)


def test_what_is_known_of_a_foreign_vector_is_noted(model, rows, tmp_path):
    path = write_gguf(tmp_path / "v.gguf", {1: rows[1].numpy()}, hint="llama")
    vector, _ = steered(model, path)
    assert vector.seen == frozenset()
    note = interp.fit_note(model, vector)
    assert "a llama model that v.gguf does not name" in note
    assert "only its width" in note


def refused(model, path, said, **chosen):
    with pytest.raises(interp.InterpError, match=said) as caught:
        steered(model, path, **chosen)
    assert "\n" not in str(caught.value)


def hooked_at(model, additions):
    """Logits where a plain hook at each block adds its own vector."""
    (number, addition), *others = additions.items()

    def inner():
        return hooked_at(model, dict(others)) if others else logits(model)

    block = model.network.transformer.h[number]
    handle = block.register_forward_hook(
        lambda module, inputs, output: (
            (output[0] + addition, *output[1:]) if isinstance(output, tuple) else output + addition
        )
    )
    try:
        return inner()
    finally:
        handle.remove()


def test_several_layers_are_each_added_at_their_own(model, rows, steering_vectors, tmp_path):
    expected = hooked_at(model, {0: rows[0], 2: rows[2]})
    gguf = write_gguf(tmp_path / "v.gguf", {2: rows[2].numpy(), 0: rows[0].numpy()})
    torch.save(steering_vectors({0: rows[0], 1: 0 * rows[1], -1: rows[2]}), tmp_path / "v.pt")
    both = {
        f"h.{n}": {"steering_vector": 2 * rows[n], "steering_coefficient": 0.5, "action": "add"}
        for n in (0, 2)
    }
    torch.save(both, tmp_path / "harness.pt")
    once = {f"h.{n}": {"steering_vector": rows[n], "action": "add"} for n in (0, 2)}
    torch.save(once, tmp_path / "once.pt")  # without a coefficient it is added as it is
    for path in (gguf, *(tmp_path / f"{name}.pt" for name in ("v", "harness", "once"))):
        vector, found = steered(model, path)
        same(found, expected)
        assert "layers 0, 2, after the block" in repr(vector)
        half = hooked_at(model, {0: rows[0] / 2, 2: rows[2] / 2})
        same(steered(model, path, strength=0.5)[1], half)
        one, found = steered(model, path, layer=2)
        same(found, hooked(model, model.network.transformer.h[2], rows[2]))
        assert not one.also
    refused(model, gguf, "no vector for layer 1; it holds 0, 2", layer=1)
    torch.save(steering_vectors({2: rows[2], -1: rows[2]}), tmp_path / "v.pt")
    refused(model, tmp_path / "v.pt", "names layer 2 twice")
    deep = write_gguf(tmp_path / "deep.gguf", {7: rows[1].numpy()})
    refused(model, deep, "has no layer 7; its layers")


def test_a_vector_of_several_layers_is_saved_guarded_and_ablated(model, rows, tmp_path):
    path = write_gguf(tmp_path / "v.gguf", {1: rows[1].numpy(), 2: rows[2].numpy()})
    vector, found = steered(model, path)
    interp.save_vector(vector, tmp_path / "kept.safetensors")
    kept = interp.load_vector(tmp_path / "kept.safetensors")
    assert kept.sha256 == vector.sha256
    assert kept.sha256 != dataclasses.replace(vector, also={}).sha256
    with interp.steer(model, kept):
        assert torch.equal(logits(model), found)
        plain = interp.generate(model, PROMPT, max_new_tokens=6)
    ((point, added),) = kept.also.items()
    narrow = dataclasses.replace(kept, also={point: added[:-1]})
    with pytest.raises(interp.InterpError, match="has width 31"), interp.steer(model, narrow):
        pass
    for none in (-0.5, float("nan"), float("inf")):
        with pytest.raises(interp.InterpError, match="KL budget"):
            interp.generate_guarded(model, kept, PROMPT, budget=none)
    free = interp.generate_guarded(model, kept, PROMPT, budget=1e9, max_new_tokens=6)
    assert free.generated.tokens == plain.tokens
    closed = interp.generate_guarded(model, kept, PROMPT, budget=0.0, max_new_tokens=6)
    assert closed.generated == interp.generate(model, PROMPT, max_new_tokens=6)
    caught = []
    handle = model.network.transformer.ln_f.register_forward_pre_hook(
        lambda module, inputs: caught.append(inputs[0])
    )
    with interp.steer(model, kept, ablate=True):
        logits(model)
    handle.remove()
    # float32 rounding of a projection of a stream of norm about ten.
    assert float((caught[0] @ (rows[2] / rows[2].norm())).abs().max()) < 1e-4
    for name in ("again.gguf", "again.pt", "again.json"):
        interp.export_vector(model, kept, tmp_path / name)
        again = interp.read_vector(tmp_path / name)
        assert isinstance(again, interp.TruthVector)
        for point, addition in kept.additions().items():
            torch.testing.assert_close(again.additions()[point], addition)
    with pytest.raises(interp.InterpError, match=r"layers 1, 2, after the block, and one layer"):
        interp.bake(model, kept, tmp_path / "baked")


def test_an_array_that_python_2_wrote_is_read_without_advice(model, rows, tmp_path):
    np.save(tmp_path / "v.npy", rows[1].numpy())
    written = (tmp_path / "v.npy").read_bytes()
    (tmp_path / "old.npy").write_bytes(written.replace(b"(32,), } ", b"(32L,), }"))
    assert b"32L" in (tmp_path / "old.npy").read_bytes()
    # A warning would be an error here.
    same(
        steered(model, tmp_path / "old.npy", layer=1)[1],
        steered(model, tmp_path / "v.npy", layer=1)[1],
    )


def test_vectors_that_cannot_be_added_are_refused(model, rows, tmp_path):
    nan = rows[1].clone()
    nan[3] = float("nan")
    for values, said in (
        (rows[1, :-1], r"shape \(31,\), tiny has width 32"),
        (nan, "values that are no numbers"),
        (torch.zeros(32), "holds zeros"),
        (rows, r"shape \(3, 32\); a vector has one row"),
        (rows[1].long(), "of int64"),
    ):
        np.save(tmp_path / "v.npy", values.numpy())
        refused(model, tmp_path / "v.npy", said, layer=1)
    refused(model, tmp_path / "v.npy", "of int64", layer=1)
    np.save(tmp_path / "v.npy", rows[1].numpy())
    refused(model, tmp_path / "v.npy", "has no layer 9", layer=9)


def test_what_lm_evaluation_harness_can_say_and_this_cannot_is_refused(model, rows, tmp_path):
    path = tmp_path / "v.pt"
    for changes, said in (
        ({"action": "clamp"}, "does 'clamp'; only add"),
        ({"head_index": 2}, "has a head_index"),
        ({"bias": rows[1]}, "has a bias"),
        ({"steering_vector": "much"}, "no tensor times a number"),
    ):
        refused(model, write_lm_eval(path, "h.1", rows[1], changes=changes), said)
    refused(model, write_lm_eval(path, "h.1.mlp", rows[1]), "such modules are h.0")


def test_pickles_that_hold_more_than_tensors_are_refused_unread(
    model, rows, steering_vectors, tmp_path
):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    path = tmp_path / "v.pt"
    torch.save({"h.1": Evil()}, path)
    refused(model, path, r"holds more than tensors \(.*open\)")
    path.write_bytes(pickle.dumps(Evil()))
    refused(model, path, "more than tensors|no whole file")
    assert not ran.exists()
    torch.save(steering_vectors({1: rows[1]}, "mlp"), path)
    refused(model, path, "adds to 'mlp'")
    torch.save(steering_vectors({}, "decoder_block"), path)
    refused(model, path, "no layer_activations")
    torch.save(OrderedDict(weight=rows[1]), path)
    refused(model, path, "none of the .pt files that are read")


def test_files_that_are_no_vector_are_refused(model, rows, tmp_path):
    refused(model, tmp_path / "none.gguf", "no vector file")
    refused(model, tmp_path, "is a folder")
    (tmp_path / "v.txt").write_text("1 2 3")
    refused(model, tmp_path / "v.txt", "ends in none of")
    for name in ("cut.gguf", "cut.pt", "cut.npy", "cut.json", "cut.safetensors"):
        for content in (b"", b"not at all what the name says it is, in 64 bytes or somewhat more"):
            (tmp_path / name).write_bytes(content)
            refused(model, tmp_path / name, "no whole|more than tensors")
    whole = write_gguf(tmp_path / "w.gguf", {1: rows[1].numpy()}).read_bytes()
    for end in (10, 60, len(whole) - 64):
        (tmp_path / "cut.gguf").write_bytes(whole[:end])
        refused(model, tmp_path / "cut.gguf", "no whole gguf file")
    other = write_gguf(tmp_path / "o.gguf", {1: rows[1].numpy()}, architecture="llama")
    refused(model, other, "holds llama, no controlvector")
    odd = write_gguf(tmp_path / "odd.gguf", {"one": rows[1].numpy()})
    refused(model, odd, "no direction.N")
    save_file({"a": rows[1].clone(), "b": rows[2].clone()}, tmp_path / "two.safetensors")
    refused(model, tmp_path / "two.safetensors", r"2 tensors \(a, b\)")
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    refused(model, tmp_path / "o.npy", "no whole .npy file of numbers")
    (tmp_path / "old.json").write_text('{"format": "nullcline steering 1"}')
    refused(model, tmp_path / "old.json", "export it again")


@pytest.mark.parametrize("factor", [1e38, 1e-42])
def test_a_length_that_float32_does_not_hold_is_refused(model, rows, tmp_path, factor):
    """The squares of such numbers overflow, or vanish: the direction would be one of zeros."""
    whole = rows[0] / rows[0].abs().max()
    np.save(tmp_path / "v.npy", (whole * 1e30).numpy())  # far too long, but a vector
    kept = interp.place_vector(model, interp.read_vector(tmp_path / "v.npy"), layer=1)
    assert float(kept.direction.norm()) == pytest.approx(1, abs=1e-6)
    np.save(tmp_path / "v.npy", (whole.double() * factor * 3).float().numpy())
    refused(model, tmp_path / "v.npy", "which no model can be given", layer=1)


def test_a_layer_that_is_far_longer_than_another_is_refused(model, rows, tmp_path):
    """A further layer's addition is kept as a share of the first one's length."""
    path = write_gguf(tmp_path / "v.gguf", {0: 1e-30 * rows[0].numpy(), 1: 1e30 * rows[1].numpy()})
    refused(model, path, "which no model can be given")
