"""Steering at chosen tokens is a plain hook that adds at those positions only, in every way that a
text is read: whole, with a key-value cache, in a padded batch, as answers to one prompt.
"""

import contextlib
import dataclasses

import numpy as np
import pytest
import torch
from tiny_models import ARCHITECTURES, TEXT, tiny_model
from tiny_vectors import vector_for

from nullcline import interp

PROMPT = "the river runs to the sea . Answer: seven is larger than"
MARKER = "Answer:"
CHOICES = [interp.Span(3, 7), interp.Span(5), interp.Span(0, 1), interp.After(MARKER)]


@pytest.fixture(scope="module")
def model() -> interp.Model:
    return tiny_model("llama")


def chosen_by_hand(model: interp.Model, tokens: list[int], positions: object) -> list[bool]:
    """Which positions are meant, from the whole text."""
    if isinstance(positions, interp.Span):
        stop = len(tokens) if positions.stop is None else positions.stop
        return [positions.start <= place < stop for place in range(len(tokens))]
    assert isinstance(positions, interp.After)
    return [
        positions.marker in model.tokenizer.decode(tokens[: place + 1])
        for place in range(len(tokens))
    ]


@contextlib.contextmanager
def plain_hook(model: interp.Model, vector: interp.TruthVector, chosen: list[list[bool]]):
    """Adds a vector after its block at some positions of a pass that reads everything."""
    mask = torch.tensor(chosen)[..., None]

    def add(module, inputs, output):
        added = mask * vector.addition()
        return (output[0] + added, *output[1:]) if isinstance(output, tuple) else output + added

    block = model.parts.layers[vector.hook_point.layer].block
    handle = block.register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def logits_of(model: interp.Model, tokens: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model.network(torch.tensor([tokens]), use_cache=False).logits[0]


def by_hand(model, vector, tokens: list[int]) -> torch.Tensor:
    """Logits of one text, read whole under a plain hook."""
    with plain_hook(model, vector, [chosen_by_hand(model, tokens, vector.positions)]):
        return logits_of(model, tokens)


@pytest.mark.parametrize("positions", CHOICES, ids=str)
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_text_that_is_read_whole(kind, positions):
    model = tiny_model(kind)
    vector = vector_for(model, positions=positions)
    tokens = model.encode(PROMPT)
    expected = by_hand(model, vector, tokens)
    with interp.steer(model, vector):
        found = logits_of(model, tokens)
    # The same float32 sum in the same place.
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert float((found - logits_of(model, tokens)).abs().max()) > 1e-3
    everywhere = dataclasses.replace(vector, positions="all")
    with interp.steer(model, everywhere):
        assert float((found - logits_of(model, tokens)).abs().max()) > 1e-3


@pytest.mark.parametrize("positions", [*CHOICES, interp.Span(20, 24)], ids=str)
@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox", "opt", "bloom", "gemma3"])
def test_generation_with_a_cache_is_that_of_whole_passes_without(kind, positions):
    model = tiny_model(kind)
    vector = vector_for(model, positions=positions, strength=2.0)
    with interp.steer(model, vector):
        written = list(interp.generate(model, PROMPT, max_new_tokens=12).tokens)
    tokens = model.encode(PROMPT)
    assert len(tokens) > 16
    for token in written:
        assert int(by_hand(model, vector, tokens)[-1].argmax()) == token
        tokens.append(token)


def test_a_marker_that_is_generated_is_found_in_what_is_generated(model):
    free = interp.generate(model, PROMPT, max_new_tokens=16)
    words = free.text[4:10]  # lies over the ends of tokens
    assert words not in PROMPT
    vector = vector_for(model, positions=interp.After(words), strength=3.0)
    with interp.steer(model, vector):
        steered = interp.generate(model, PROMPT, max_new_tokens=16)
    assert steered.tokens != free.tokens
    tokens = model.encode(PROMPT)
    for token in steered.tokens:
        assert int(by_hand(model, vector, tokens)[-1].argmax()) == token
        tokens.append(token)
    guarded = interp.generate_guarded(model, vector, PROMPT, budget=1e6, max_new_tokens=16)
    assert guarded.generated.tokens == steered.tokens


@pytest.mark.parametrize("positions", CHOICES, ids=str)
@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt", "bloom"])
def test_a_batch_with_padding_is_each_text_alone(kind, positions):
    model = tiny_model(kind)
    vector = vector_for(model, positions=positions, strength=2.0)
    texts = [model.encode(PROMPT), model.encode(f"a metal is heavy . {PROMPT}")]
    longest = max(map(len, texts))
    ids = torch.tensor([[0] * (longest - len(text)) + text for text in texts])
    real = torch.tensor([[0] * (longest - len(text)) + [1] * len(text) for text in texts])
    with interp.steer(model, vector), torch.no_grad():
        written = model.network.generate(
            ids, attention_mask=real, max_new_tokens=8, do_sample=False, eos_token_id=None,
            pad_token_id=0,
        )[:, longest:]  # fmt: skip
    for text, found in zip(texts, written.tolist(), strict=True):
        tokens = list(text)
        for token in found:
            assert int(by_hand(model, vector, tokens)[-1].argmax()) == token
            tokens.append(token)


FEW = [
    interp.Question(f"{TEXT[:150]}{ask}", (" is heavy", " is cold and", " flies", f" is{more}"),
                    (True, False, False, False), 0)
    for ask, more in (("copper Answer: it", " a"), ("a feather", " Answer: light and"),
                      ("the river that", " not Answer:"))
]  # fmt: skip


@pytest.mark.slow(reason="every architecture, each place and kind of position")
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    "positions",
    [interp.Span(3, 20), interp.Span(30), interp.After("the sea"), interp.After(MARKER)],
    ids=str,
)
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_answers_that_share_a_beginning_are_each_one_alone(kind, positions, shared):
    model = tiny_model(kind)
    vector = vector_for(model, positions=positions)
    encoded = interp.encode_questions(model, FEW)
    assert encoded.shared >= 32
    if not shared:
        encoded = dataclasses.replace(encoded, shared=0)
    with interp.steer(model, vector) as applied:
        assert applied is not None
        scored = interp.score_questions(model, encoded, on_batch=applied.start_at)
    plain = interp.score_questions(model, encoded)
    found = np.concatenate(scored.log_probabilities)
    for value, (_, number, _, answer) in zip(found, encoded.reads, strict=True):
        tree = encoded.trees[number]
        tokens = [*tree.tokens[: tree.stem], *answer]
        logs = by_hand(model, vector, tokens[:-1]).log_softmax(dim=-1)
        expected = sum(
            float(logs[place - 1, tokens[place]]) for place in range(tree.stem, len(tokens))
        )
        # The same float32 products in passes of another shape.
        assert value == pytest.approx(expected, abs=1e-4), model.decode(tokens[-12:])
    moved = np.concatenate(scored.log_probabilities) - np.concatenate(plain.log_probabilities)
    # Windows of 16 tokens do not reach from an answer to its twentieth position.
    hidden = kind in ("mistral", "gemma2", "gemma3") and positions == interp.Span(3, 20)
    assert hidden or np.abs(moved).max() > 1e-3


def test_a_marker_in_a_beginning_acts_on_every_batch_behind_it(model):
    # Many prompts: several batches stand behind one beginning, of different numbers of rows.
    words = TEXT.split()
    many = [
        interp.Question(f"{TEXT[:150]} {' '.join(words[number : number + 1 + number % 7])}",
                        (" is heavy", " flies"), (True, False), 0)
        for number in range(24)
    ]  # fmt: skip
    encoded = interp.encode_questions(model, many)
    assert encoded.shared >= 32
    for marker in ("the sea", "symbol"):
        vector = vector_for(model, positions=interp.After(marker))
        with interp.steer(model, vector):
            together = interp.score_questions(model, encoded).log_probabilities
        with interp.steer(model, vector):
            alone = [interp.score_questions(model, [q]).log_probabilities[0] for q in many]
        np.testing.assert_allclose(np.concatenate(together), np.concatenate(alone), atol=1e-4)


def test_several_layers_and_a_condition_are_steered_at_the_same_positions(model):
    tokens = model.encode(PROMPT)
    also = {interp.HookPoint(0): -0.7 * vector_for(model).direction}
    vector = vector_for(model, positions=interp.After(MARKER), also=also)
    chosen = chosen_by_hand(model, tokens, vector.positions)
    other = dataclasses.replace(
        vector, hook_point=interp.HookPoint(0), direction=also[interp.HookPoint(0)], also={}
    )
    with plain_hook(model, vector, [chosen]), plain_hook(model, other, [chosen]):
        expected = logits_of(model, tokens)
    with interp.steer(model, vector):
        torch.testing.assert_close(logits_of(model, tokens), expected, atol=1e-6, rtol=0)
    # A condition that holds everywhere leaves the positions, one that holds nowhere leaves none.
    for threshold, single in ((-1e9, True), (1e9, False)):
        condition = interp.Condition(torch.ones(model.d_model), threshold, 1.0)
        where = vector_for(model, positions=interp.Span(3, 7), condition=condition)
        with interp.steer(model, where):
            found = logits_of(model, tokens)
        wanted = by_hand(model, where, tokens) if single else logits_of(model, tokens)
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("positions", CHOICES, ids=str)
def test_one_addition_alone_and_scaled_is_at_the_same_positions(model, positions):
    tokens = model.encode(PROMPT)
    vector = vector_for(model, positions=positions)
    twice = dataclasses.replace(vector, strength=2 * vector.strength)
    expected = by_hand(model, twice, tokens)
    point, added = vector.hook_point, vector.addition()
    with interp.adding(model, point, added, positions=positions) as applied:
        applied.scale(torch.tensor(2.0))
        torch.testing.assert_close(logits_of(model, tokens), expected, atol=1e-6, rtol=0)
    assert not model.network.base_model._forward_pre_hooks


def test_hooks_are_gone_afterwards_and_texts_begin_anew(model):
    tokens = model.encode(PROMPT)
    plain = logits_of(model, tokens)
    vector = vector_for(model, positions=interp.After(MARKER))
    without = model.encode("the birds fly south in winter")
    with interp.steer(model, vector):
        logits_of(model, tokens)
        # The marker of the text before is not this one's.
        assert torch.equal(logits_of(model, without), by_hand(model, vector, without))
    assert torch.equal(logits_of(model, tokens), plain)
    assert not model.network.base_model._forward_pre_hooks
    assert not model.network._forward_pre_hooks


def test_a_text_that_began_outside_is_refused(model):
    tokens = torch.tensor([model.encode(PROMPT)])
    with torch.no_grad():
        cache = model.network(tokens[:, :4], use_cache=True).past_key_values
        with (
            interp.steer(model, vector_for(model, positions=interp.After(MARKER))),
            pytest.raises(interp.InterpError, match="began before it was steered"),
        ):
            model.network(tokens[:, 4:], past_key_values=cache, use_cache=True)


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("all", "all"), ("last", "last"), ("3:7", interp.Span(3, 7)), ("3:", interp.Span(3)),
        (":7", interp.Span(0, 7)), ("after:A: b\n", interp.After("A: b\n")),
        ("after:3:7", interp.After("3:7")),
    ],
)  # fmt: skip
def test_positions_as_text(text, positions, model, tmp_path):
    assert interp.parse_positions(text) == positions
    assert interp.parse_positions(str(positions)) == positions
    vector = vector_for(model, positions=positions)
    interp.save_vector(vector, tmp_path / "v.safetensors")
    read = interp.load_vector(tmp_path / "v.safetensors")
    assert read.positions == positions
    assert read.sha256 == vector.sha256
    assert (read.sha256 == vector_for(model).sha256) == (positions == "all")
    assert interp.said_positions(positions) in repr(read)
    interp.export_vector(model, vector, tmp_path / "v.json")
    exported = interp.read_vector(tmp_path / "v.json")
    assert isinstance(exported, interp.TruthVector)
    assert exported.sha256 == vector.sha256


@pytest.mark.parametrize(
    "text", ["", ":", "7:3", "3:3", "-1:3", "3", "3:7:9", "a:b", "some", "after:", "3 : 7", "٣:٧"]
)
def test_what_is_no_choice_of_positions_is_refused(text):
    with pytest.raises(interp.InterpError):
        interp.parse_positions(text)


def test_other_tools_and_searches_know_no_single_positions(model, tmp_path):
    vector = vector_for(model, positions=interp.Span(3, 7))
    for name in ("v.gguf", "v.pt"):
        with pytest.raises(interp.InterpError, match="adds a vector at all positions"):
            interp.export_vector(model, vector, tmp_path / name)
    with pytest.raises(interp.InterpError, match="cannot be baked"):
        interp.bake(model, vector, tmp_path / "baked")
