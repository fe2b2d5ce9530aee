"""Steering: parity with a raw hook on every architecture, files, guard, baking, exports."""

import dataclasses
import json

import pytest
import torch
from narrow import not_none
from tiny_models import ARCHITECTURES, byte_tokenizer, save_tiny, tiny_network
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._steering.hook_point import module_name

PROMPT = "the city of paris is in"


def model_of(kind="gpt2"):
    return interp.build_model(tiny_network(kind), byte_tokenizer(), name=kind)


@pytest.fixture(scope="module")
def model():
    return model_of()


@pytest.fixture(scope="module")
def vector(model):
    return vector_for(model)


def logits(model, text=PROMPT):
    with torch.no_grad():
        return model.network(torch.tensor([model.encode(text)]), use_cache=False).logits


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_steered_logits_are_those_of_a_raw_hook(kind):
    model = model_of(kind)
    vector = vector_for(model)
    block = model.parts.layers[1].block

    def add(module, inputs, output):
        if isinstance(output, tuple):
            return (output[0] + vector.addition(), *output[1:])
        return output + vector.addition()

    handle = block.register_forward_hook(add)
    raw = logits(model)
    handle.remove()
    with interp.steer(model, vector):
        steered = logits(model)
    # The same float32 sum in the same place.
    torch.testing.assert_close(steered, raw, atol=1e-6, rtol=0)
    assert float((steered - logits(model)).abs().max()) > 1e-3


def test_after_attention_the_vector_reaches_the_mlp(model):
    vector = vector_for(model, site="attention")
    seen = []
    handle = model.network.transformer.h[1].ln_2.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0])
    )
    logits(model)
    with interp.steer(model, vector):
        logits(model)
    handle.remove()
    torch.testing.assert_close(
        seen[1] - seen[0], vector.addition().expand_as(seen[0]), atol=1e-6, rtol=0
    )


def test_strength_zero_gives_the_unsteered_logits_and_tokens_bit_for_bit(model, vector):
    with interp.steer(model, vector, strength=0.0):
        assert torch.equal(logits(model), logits(model))
        nothing = interp.generate(model, PROMPT, max_new_tokens=8)
        hooked = logits(model)
    assert torch.equal(hooked, logits(model))
    assert nothing == interp.generate(model, PROMPT, max_new_tokens=8)


def test_ablation_leaves_nothing_of_the_direction(model, vector):
    caught = []
    with interp.steer(model, vector, ablate=True):
        handle = model.network.transformer.h[2].register_forward_pre_hook(
            lambda module, inputs: caught.append(inputs[0])
        )
        logits(model)
        handle.remove()
    # float32 rounding of a projection of a stream of norm about ten.
    assert float((caught[0] @ vector.direction).abs().max()) < 1e-5


def test_only_positions_that_fulfil_a_condition_are_steered(model, vector):
    hidden = []
    handle = model.parts.layers[1].block.register_forward_hook(
        lambda module, inputs, output: hidden.append(
            output[0] if isinstance(output, tuple) else output
        )
    )
    logits(model)
    weight = torch.randn(model.d_model, generator=torch.Generator().manual_seed(1))
    threshold = float((hidden[0] @ weight).median())
    gated = dataclasses.replace(vector, condition=interp.Condition(weight, threshold, 1.0))
    handle.remove()
    with interp.steer(model, gated):
        handle = model.network.transformer.h[2].register_forward_pre_hook(
            lambda module, inputs: hidden.append(inputs[0])
        )
        logits(model)
        handle.remove()
    moved = (hidden[1] - hidden[0]).norm(dim=-1) > 1e-6
    assert torch.equal(moved, hidden[0] @ weight > threshold)
    assert 0 < int(moved.sum()) < moved.numel()


def test_last_positions_are_those_where_the_answer_is_predicted(model, vector):
    last = dataclasses.replace(vector, positions="last")
    plain = logits(model)
    with interp.steer(model, last):
        steered = logits(model)
    assert torch.equal(steered[:, :-1], plain[:, :-1])
    assert not torch.equal(steered[:, -1], plain[:, -1])
    with interp.steer(model, last) as applied:
        not_none(applied).start_at(torch.tensor([2]))
        later = logits(model)
    assert torch.equal(later[:, :2], plain[:, :2])
    assert not torch.equal(later[:, 2], plain[:, 2])


def test_hooks_are_gone_after_any_exception(model, vector):
    before = logits(model)
    gated = dataclasses.replace(
        vector,
        hook_point=interp.HookPoint(1, "attention"),
        condition=interp.Condition(torch.ones(model.d_model), 0.0, 1.0),
    )
    for chosen in (vector, gated):
        for ablate in (False, True):
            with (
                pytest.raises(RuntimeError, match="stop"),
                interp.steer(model, chosen, ablate=ablate),
            ):
                raise RuntimeError("stop")
    assert torch.equal(logits(model), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks
                   for module in model.network.modules())  # fmt: skip


def test_steered_generation_is_greedy_decoding_of_steered_logits(model, vector):
    tokens = model.encode(PROMPT)
    made = interp.generate(model, PROMPT, max_new_tokens=6)
    with interp.steer(model, vector):
        steered = interp.generate(model, PROMPT, max_new_tokens=6)
        expected = list(tokens)
        for _ in range(len(steered.tokens)):
            with torch.no_grad():
                expected.append(int(model.network(torch.tensor([expected])).logits[0, -1].argmax()))
    assert list(steered.tokens) == expected[len(tokens) :]
    assert steered.tokens != made.tokens


def test_streamed_pieces_are_the_text(model, vector):
    pieces = []
    with interp.steer(model, vector):
        made = interp.generate(model, PROMPT, max_new_tokens=12, on_text=pieces.append)
    assert "".join(pieces) == made.text
    assert len(pieces) > 1


def test_a_sampled_text_depends_on_its_seed_alone(model):
    def text(seed):
        return interp.generate(model, PROMPT, max_new_tokens=12, temperature=1.0, seed=seed).tokens

    torch.manual_seed(5)
    first = text(0)
    assert text(0) == first
    assert text(1) != first


def test_the_guard_spends_no_more_than_its_budget(model, vector):
    strong = dataclasses.replace(vector, strength=2.0)
    plain = interp.generate(model, PROMPT, max_new_tokens=8)
    with interp.steer(model, strong):
        steered = interp.generate(model, PROMPT, max_new_tokens=8)
    free = interp.generate_guarded(model, strong, PROMPT, budget=1e9, max_new_tokens=8)
    assert (free.generated.tokens, free.backed_off) == (steered.tokens, 0)
    closed = interp.generate_guarded(model, strong, PROMPT, budget=0.0, max_new_tokens=8)
    assert closed.generated.tokens == plain.tokens
    assert (closed.spent, closed.backed_off) == (0.0, 8)
    half = interp.generate_guarded(model, strong, PROMPT, budget=free.spent / 2, max_new_tokens=8)
    assert 0 < half.spent <= half.budget
    assert 0 < half.backed_off <= 8
    assert set(half.strengths) <= {0.0, 0.5, 1.0, 1.5, 2.0}


def test_the_first_guarded_cost_is_the_divergence_of_the_two_distributions(model, vector):
    one = interp.generate_guarded(model, vector, PROMPT, budget=1e9, max_new_tokens=1)
    plain = logits(model)[0, -1].double().log_softmax(-1)
    with interp.steer(model, vector):
        steered = logits(model)[0, -1].double().log_softmax(-1)
    # float32 in the loop, float64 here.
    assert one.spent == pytest.approx(float((steered.exp() * (steered - plain)).sum()), rel=1e-3)


def test_a_vector_file_gives_back_the_vector(model, vector, tmp_path):
    condition = interp.Condition(torch.arange(32.0), -0.25, 0.9)
    whole = dataclasses.replace(
        vector, condition=condition, seen=frozenset({"ab", "cd"}), report={"rows": [1, None]}
    )
    path = tmp_path / "deep" / "truth.safetensors"
    interp.save_vector(whole, path)
    back = interp.load_vector(path)
    for field in dataclasses.fields(whole):
        if field.name not in ("direction", "condition"):
            assert getattr(back, field.name) == getattr(whole, field.name)
    assert torch.equal(back.direction, whole.direction)
    assert back.condition is not None
    assert torch.equal(back.condition.weight, condition.weight)
    assert back.condition.threshold == condition.threshold
    assert back.sha256 == whole.sha256 != vector.sha256
    assert [p.name for p in path.parent.iterdir()] == ["truth.safetensors"]


def test_files_that_are_no_vector_are_refused(model, vector, tmp_path):
    path = tmp_path / "truth.safetensors"
    with pytest.raises(interp.InterpError, match="no vector file"):
        interp.load_vector(path)
    interp.save_vector(vector, path)
    whole = path.read_bytes()
    for content in (whole[:-8], whole[:100], b"", b"not safetensors at all"):
        path.write_bytes(content)
        with pytest.raises(interp.InterpError, match="no whole safetensors file"):
            interp.load_vector(path)
    from safetensors.torch import save_file

    save_file({"direction": torch.ones(3)}, path)
    with pytest.raises(interp.InterpError, match="no truth vector of this version"):
        interp.load_vector(path)
    broken = torch.full_like(vector.direction, float("nan"))
    interp.save_vector(dataclasses.replace(vector, direction=broken), path)
    with pytest.raises(interp.InterpError, match="no numbers"):
        interp.load_vector(path)
    with pytest.raises(interp.InterpError, match="cannot be written"):
        interp.save_vector(vector, path / "below" / "a.safetensors")


def test_a_vector_of_another_model_is_refused_unless_forced(model, vector):
    other = interp.build_model(tiny_network("gpt2", seed=1), byte_tokenizer(), name="other")
    with pytest.raises(interp.InterpError, match="found on gpt2"), interp.steer(other, vector):
        pass
    with interp.steer(other, vector, force=True):
        forced = logits(other)
    assert not torch.equal(forced, logits(other))
    wide = dataclasses.replace(vector, direction=torch.ones(48))
    with (
        pytest.raises(interp.InterpError, match="width 48"),
        interp.steer(model, wide, force=True),
    ):
        pass
    deep = dataclasses.replace(vector, hook_point=interp.HookPoint(9, "block"))
    with pytest.raises(interp.InterpError, match="no layer 9"), interp.steer(model, deep):
        pass
    with (
        pytest.raises(interp.InterpError, match="nan is no number"),
        interp.steer(model, vector, strength=float("nan")),
    ):
        pass


def test_negative_seeds_are_refused(model, vector):
    with pytest.raises(interp.InterpError, match="seed=-1 is negative"):
        interp.generate(model, PROMPT, seed=-1)
    with pytest.raises(interp.InterpError, match="seed=-1 is negative"):
        interp.generate_guarded(model, vector, PROMPT, budget=1.0, seed=-1)
    with pytest.raises(interp.InterpError, match="seed=-1 is negative"):
        interp.make_pairs("cities", seed=-1)


def test_prompts_that_leave_no_room_are_refused(model):
    with pytest.raises(interp.InterpError, match="shorten it"):
        interp.generate(model, "winter " * 400)
    with pytest.raises(interp.InterpError, match="the prompt is empty"):
        interp.generate(model, "")
    with pytest.raises(interp.InterpError, match="0 new tokens"):
        interp.generate(model, PROMPT, max_new_tokens=0)
    with pytest.raises(interp.InterpError, match="temperature"):
        interp.generate(model, PROMPT, temperature=-1.0)
    long = interp.generate(model, "winter " * 30, max_new_tokens=10_000)
    assert long.prompt_tokens + len(long.tokens) <= model.context


BAKEABLE = ("gpt2", "gpt_neox", "gpt_neo", "opt", "bloom", "llama", "phi", "falcon")


@pytest.mark.slow(reason="saves and loads every architecture")
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_baked_checkpoint_is_steered_without_a_hook_or_refused(kind, tmp_path):
    model = interp.load_model(str(save_tiny(kind, tmp_path / "plain")))
    vector = vector_for(model)
    if kind not in BAKEABLE:
        with pytest.raises(interp.InterpError, match="steer with the hook instead"):
            interp.bake(model, vector, tmp_path / "baked")
        assert [p.name for p in tmp_path.iterdir()] == ["plain"]
        return
    folder = interp.bake(model, vector, tmp_path / "baked")
    baked = interp.load_model(str(folder))
    with interp.steer(model, vector):
        hooked = logits(model)
    # A bias is added before other float32 sums, a hook after them.
    torch.testing.assert_close(logits(baked), hooked, atol=2e-4, rtol=1e-5)
    assert float((hooked - logits(model)).abs().max()) > 1e-2


def test_what_cannot_be_baked_is_said(model, vector, tmp_path):
    gated = dataclasses.replace(vector, condition=interp.Condition(torch.ones(32), 0.0, 1.0))
    for chosen in (gated, dataclasses.replace(vector, positions="last")):
        with pytest.raises(interp.InterpError, match="where='everywhere'"):
            interp.bake(model, chosen, tmp_path / "baked")
    (tmp_path / "there").mkdir()
    with pytest.raises(interp.InterpError, match="exists"):
        interp.bake(model, vector, tmp_path / "there")


def test_gguf_is_read_back_by_the_gguf_package(model, vector, tmp_path):
    gguf = pytest.importorskip("gguf", reason="llama.cpp's package gguf is not installed")
    path = tmp_path / "truth.gguf"
    interp.export_vector(model, vector, path)
    reader = gguf.GGUFReader(path)
    (tensor,) = reader.tensors
    assert tensor.name == "direction.1"
    assert torch.equal(torch.from_numpy(tensor.data.copy()), vector.addition())
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "controlvector"
    assert fields["controlvector.model_hint"] == "gpt2"
    assert fields["controlvector.layer_count"] == 3


@pytest.mark.parametrize(("kind", "site"), [("gpt2", "block"), ("llama", "attention")])
def test_lm_eval_steers_as_we_do(kind, site, tmp_path):
    steered_model = pytest.importorskip(
        "lm_eval.models.hf_steered", reason="lm-evaluation-harness is not installed"
    )
    model = model_of(kind)
    vector = vector_for(model, site=site)
    path = tmp_path / "truth.pt"
    interp.export_vector(model, vector, path)
    harness = steered_model.SteeredModel(
        pretrained=model.network, tokenizer=model.tokenizer, steer_path=str(path), device="cpu"
    )
    with interp.steer(model, vector):
        ours = logits(model)
    with torch.no_grad():
        theirs = harness._model_call(torch.tensor([model.encode(PROMPT)]))
    torch.testing.assert_close(theirs, ours, atol=1e-6, rtol=0)


def test_the_json_export_says_what_to_add_and_where(model, vector, tmp_path):
    path = tmp_path / "truth.json"
    interp.export_vector(model, vector, path)
    content = json.loads(path.read_text())
    assert content["module"] == module_name(model, vector.hook_point) == "h.1"
    torch.testing.assert_close(torch.tensor(content["addition"]), vector.addition())
    assert content["strength_unit"] == interp.STRENGTH_UNIT


def test_what_another_format_cannot_say_is_refused(model, vector, tmp_path):
    first = dataclasses.replace(vector, hook_point=interp.HookPoint(0, "block"))
    inside = dataclasses.replace(vector, hook_point=interp.HookPoint(1, "attention"))
    last = dataclasses.replace(vector, positions="last")
    for chosen, name, said in (
        (first, "a.gguf", "after layer 0"),
        (inside, "a.gguf", "after a whole layer"),
        (last, "a.pt", "where='everywhere'"),
        (vector, "a.npz", "ends in none of"),
    ):
        with pytest.raises(interp.InterpError, match=said):
            interp.export_vector(model, chosen, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
