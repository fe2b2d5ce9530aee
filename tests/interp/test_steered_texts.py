"""What steering costs and what the guard allows, each beside the same computed token by token."""

import dataclasses
import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from narrow import not_none
from tiny_models import byte_tokenizer, tiny_model, tiny_network, word_tokenizer
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._steering.effects import Intervention, measure, measure_baseline
from nullcline.interp._steering.generate import Pieces, finished, room_for
from nullcline.interp._steering.guard import RUNGS, _highest
from nullcline.interp._steering.sampling import nucleus

PROMPT = "the city of paris is in"
QUESTIONS = [
    interp.Question("the city of", ("paris is in", "paris flies", "cold"), (True, False, False), 0),
    interp.Question("a metal is", ("heavy and", "heavy", "light"), (True, True, False), 0),
]
NEUTRAL = ("the river runs to the sea", "it is", "a")


@pytest.fixture(scope="module")
def model():
    return interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny")


def log_probabilities(model, tokens):
    with torch.no_grad():
        return model.network(torch.tensor([tokens])).logits[0].double().log_softmax(-1)


@pytest.mark.parametrize("positions", ["all", "last"])
@pytest.mark.parametrize("layer", [0, 2])
def test_what_steering_costs_on_neutral_text(model, layer, positions):
    # Neutral text has no answer: a vector for where one begins is added from its first position on.
    vector = vector_for(model, layer=layer)
    steering = Intervention(model, vector.additions(2.0), positions=positions)
    baseline = measure_baseline(model, QUESTIONS, neutral=NEUTRAL, retain=QUESTIONS[:1])
    found = measure(baseline, steering)
    costs, gains = [], []
    for line in NEUTRAL:
        tokens = model.encode(line)
        plain = log_probabilities(model, tokens)
        with interp.steer(model, vector, strength=2.0):
            steered = log_probabilities(model, tokens)
        costs += (steered.exp() * (steered - plain)).sum(-1).tolist()
        gains += [
            float(plain[at, token] - steered[at, token]) for at, token in enumerate(tokens[1:])
        ]
    # float32 there, float64 here; batches are sorted by length.
    np.testing.assert_allclose(np.sort(found.kl), np.sort(costs), atol=1e-4)
    assert found.perplexity_ratio == pytest.approx(math.exp(np.mean(gains)), rel=1e-4)
    assert found.reasoning is None
    both, alone = found.questions.log_probabilities[0], not_none(found.retain)
    np.testing.assert_allclose(both, alone.log_probabilities[0], atol=1e-4)
    assert baseline.plain.kl.tolist() == [0.0] * len(costs)
    assert baseline.plain.perplexity_ratio == 1.0
    assert steering.layer == layer


def test_the_highest_rung_that_fits_is_taken():
    generator = torch.Generator().manual_seed(0)
    logs = torch.randn(4, 7, generator=generator).log_softmax(-1)
    costs = [float((row.exp() * (row - logs[-1])).sum()) for row in logs[:-1]]
    for left in (0.0, *costs, *(cost + 1e-6 for cost in costs), *(cost - 1e-6 for cost in costs)):
        rung, cost = _highest(logs, left)
        fits = [number for number, own in enumerate(costs) if own <= left + 1e-7]
        assert rung == (fits[0] if fits else 3)
        assert cost == pytest.approx(costs[rung] if rung < 3 else 0.0, abs=1e-6)
    # A token that one of the two can never say is no number in the sum, and adds nothing to it.
    impossible = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]]).log()
    rung, cost = _highest(impossible, 9.0)
    assert rung == 0
    assert cost == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))


def test_each_token_is_chosen_at_the_strongest_rung_that_the_budget_allows(model):
    vector = vector_for(model, strength=2.0)
    free = interp.generate_guarded(model, vector, PROMPT, budget=1e9, max_new_tokens=6)
    budget = 0.7 * free.spent
    found = interp.generate_guarded(model, vector, PROMPT, budget=budget, max_new_tokens=6)
    tokens, left = model.encode(PROMPT), budget
    for token, strength in zip(found.generated.tokens, found.strengths, strict=True):
        plain = log_probabilities(model, tokens)[-1]
        for rung in RUNGS:
            with interp.steer(model, vector, strength=2.0 * rung):
                steered = log_probabilities(model, tokens)[-1]
            cost = float((steered.exp() * (steered - plain)).sum())
            if cost <= left + 1e-6:
                break
        assert strength == 2.0 * rung
        assert token == int(steered.argmax())
        tokens, left = [*tokens, token], left - cost
    assert found.spent == pytest.approx(budget - left, abs=1e-4)
    assert found.budget == budget
    assert found.backed_off == sum(strength != 2.0 for strength in found.strengths) > 0
    weaker = interp.generate_guarded(
        model, vector, PROMPT, budget=1e9, max_new_tokens=2, strength=0.5
    )
    assert weaker.strengths == (0.5, 0.5)
    assert RUNGS[0] == 1.0
    assert RUNGS[-1] == 0.0
    assert list(RUNGS) == sorted(RUNGS, reverse=True)


@pytest.mark.parametrize("budget", [-0.1, math.nan, math.inf])
def test_what_is_no_budget_is_refused(model, budget):
    with pytest.raises(interp.InterpError, match=r"is none; give nats, 0 or more"):
        interp.generate_guarded(model, vector_for(model), PROMPT, budget=budget)


def ending(model, tokens):
    """The model with a token for the end of texts that it would write third."""
    network = tiny_network("gpt2")
    network.generation_config.eos_token_id = tokens[2]
    network.config.eos_token_id = tokens[2]
    return interp.build_model(network, byte_tokenizer(), name="ending")


def test_a_text_ends_where_the_model_ends_it_guarded_or_not(model):
    free = interp.generate(model, PROMPT, max_new_tokens=8).tokens
    where = free.index(free[2])
    other = ending(model, free)
    said = []
    found = interp.generate(other, PROMPT, max_new_tokens=8, on_text=said.append)
    assert found.finish == "stop"
    assert found.tokens == free[:where]
    assert "".join(said) == found.text == model.decode(list(free[:where]))
    said.clear()
    guarded = interp.generate_guarded(
        other, vector_for(other), PROMPT, budget=0.0, max_new_tokens=8, on_text=said.append
    )
    assert guarded.generated == found
    assert "".join(said) == found.text
    assert len(guarded.strengths) == where + 1  # the token that ended it was paid for
    assert found.prompt_tokens == len(model.encode(PROMPT))


def test_what_ends_a_text_is_said_once(model):
    stop = model.tokenizer.eos_token_id
    for written, halted, expected in (
        ([3, 4], False, ((3, 4), "length")),
        ([3, 4], True, ((3, 4), "halted")),
        ([3, stop], True, ((3,), "stop")),
        ([stop], False, ((), "stop")),
        ([], True, ((), "halted")),
    ):
        found = finished(model, written, prompt_tokens=7, halted=halted)
        assert (found.tokens, found.finish) == expected
        assert found.text == model.decode(list(expected[0]))


def test_there_is_room_up_to_the_context(model):
    for tokens, wanted, room in ((1, 5, 5), (127, 5, 1), (120, 8, 8), (120, 9, 8)):
        assert room_for(model, [1] * tokens, wanted) == room
    for tokens in (128, 129):
        with pytest.raises(interp.InterpError, match=rf"has {tokens} tokens, and tiny reads 128;"):
            room_for(model, [1] * tokens, 1)
    with pytest.raises(interp.InterpError, match="0 new tokens are none"):
        room_for(model, [1], 0)
    with pytest.raises(interp.InterpError, match=r"tiny has no token 320; its tokens are 0 to 319"):
        interp.generate(model, [3, model.d_vocab])


def test_a_word_that_the_tokenizer_cannot_say_is_named():
    words = interp.build_model(tiny_network("gpt2"), word_tokenizer(), name="words")
    with pytest.raises(interp.InterpError, match=r"words has no token for 'zorvia' in 'the z"):
        interp.encode_prompt(words, "the zorvia")


def pieces_of(decoded):
    """What is said, token by token and at the end, of a model that decodes to these texts."""
    said = []
    fake = SimpleNamespace(decode=lambda tokens: decoded[len(tokens) - 1])
    pieces = Pieces(cast(Any, fake), said.append)
    counts = []
    for token in range(len(decoded)):
        pieces.add(token)
        counts.append(len(said))
    pieces.end()
    return said, counts


def test_pieces_are_whole_characters_and_all_that_is_decoded():
    assert pieces_of(["a", "a b", "a bc"]) == (["a", " b", "c"], [1, 2, 3])
    # Half a character waits for its other half; one that never comes is said at the end.
    assert pieces_of(["a", "a\ufffd", "aü"]) == (["a", "ü"], [1, 1, 2])
    assert pieces_of(["a", "a\ufffd"]) == (["a", "\ufffd"], [1, 1])
    # What was said stays said: a text that changes in front waits until it is longer.
    assert pieces_of(["a", "b"]) == (["a"], [1, 1])


def test_a_nucleus_is_kept_as_it_is_and_the_rest_is_nothing():
    weights = torch.tensor([0.1, 0.4, 0.3, 0.2])
    assert nucleus(weights, 1.0) is weights
    assert nucleus(weights, 0.4).tolist() == pytest.approx([0, 0.4, 0, 0])
    assert nucleus(weights, 0.41).tolist() == pytest.approx([0, 0.4, 0.3, 0])
    assert nucleus(weights, 0.0).tolist() == pytest.approx([0, 0.4, 0, 0])


@pytest.mark.parametrize(
    ("temperature", "fits"),
    [(0, True), (1, True), (100, True), (-0.1, False), (101, False), (math.nan, False)],
)
def test_a_temperature_is_from_0_to_100(model, temperature, fits):
    options: dict[str, Any] = {"max_new_tokens": 1, "temperature": temperature}
    vector = vector_for(model)
    if fits:
        assert interp.generate(model, PROMPT, **options).tokens
        assert interp.generate_guarded(model, vector, PROMPT, budget=1.0, **options).strengths
        return
    with pytest.raises(interp.InterpError, match="is none; give 0"):
        interp.generate(model, PROMPT, **options)
    with pytest.raises(interp.InterpError, match="is none; give 0"):
        interp.generate_guarded(model, vector, PROMPT, budget=1.0, **options)


def test_settings_of_the_model_s_own_are_named_and_neither_used_nor_lost():
    network = tiny_network("gpt2")
    network.generation_config.repetition_penalty = 5.0
    model = interp.build_model(network, byte_tokenizer())
    assert interp.own_settings(model) == {"repetition_penalty": 5.0}
    plain = tiny_model("gpt2")
    assert interp.own_settings(plain) == {}
    options: dict[str, Any] = {"max_new_tokens": 12}
    assert (
        interp.generate(model, PROMPT, **options).tokens
        == interp.generate(plain, PROMPT, **options).tokens
    )
    assert network.generation_config.repetition_penalty == 5.0


def test_a_marker_is_looked_for_in_what_was_read_and_in_what_was_written(model):
    after = vector_for(model, positions=interp.After("paris"))
    tokens = model.encode("the city of")
    assert interp.marker_comes(model, after, model.encode(PROMPT))
    assert not interp.marker_comes(model, after, tokens)
    assert interp.marker_comes(model, after, tokens, written=" paris")
    assert interp.marker_comes(model, vector_for(model), tokens)  # waits for none


def test_a_marker_needs_tokens_and_a_span_does_not(model):
    embedded = model.network.get_input_embeddings()(torch.tensor([model.encode(PROMPT)]))
    plain = model.network(inputs_embeds=embedded, use_cache=False).logits
    after = vector_for(model, positions=interp.After("paris"))
    with (
        pytest.raises(interp.InterpError, match="a marker is found in tokens"),
        interp.steer(model, after),
    ):
        model.network(inputs_embeds=embedded, use_cache=False)
    with interp.steer(model, vector_for(model, positions=interp.Span(2, 4))):
        steered = model.network(inputs_embeds=embedded, use_cache=False).logits
    moved = (steered - plain).abs().amax(-1)[0] > 0
    assert moved.tolist() == [False, False] + [True] * (embedded.shape[1] - 2)


def test_a_vector_is_stronger_by_its_strength_at_each_of_its_places(model):
    unit = vector_for(model).direction
    further = {interp.HookPoint(0): 0.5 * unit, interp.HookPoint(2, "attention"): -2.0 * unit}
    vector = vector_for(model, also=further)  # strength 0.5 of a norm of 4
    for strength, share in ((None, 2.0), (0.25, 1.0), (-1.0, -4.0), (0.0, 0.0)):
        torch.testing.assert_close(vector.addition(strength), share * unit)
        found = vector.additions(strength)
        assert list(found) == [vector.hook_point, *further]
        torch.testing.assert_close(found[interp.HookPoint(0)], 0.5 * share * unit)
        torch.testing.assert_close(found[interp.HookPoint(2, "attention")], -2.0 * share * unit)


def test_where_a_vector_is_added_is_said_in_words(model):
    unit = vector_for(model).direction
    block, attention = interp.HookPoint(0), interp.HookPoint(2, "attention")
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "layer 1, after the block"),
        ({"site": "attention"}, "layer 1, after attention"),
        ({"also": {interp.HookPoint(2): unit, block: unit}}, "layers 0, 1, 2, after the block"),
        (
            {"also": {attention: unit}},
            "layer 1, after the block; layer 2, after attention",
        ),
        (
            {"site": "attention", "heads": {(1, 0): unit[:8]}},
            "1 head in 1 layer, after attention",
        ),
        (
            {
                "site": "attention",
                "also": {attention: unit},
                "heads": {(1, 0): unit[:8], (1, 3): unit[:8], (2, 2): unit[:8]},
            },
            "3 heads in 2 layers, after attention",
        ),
    ]
    for changes, words in cases:
        vector = vector_for(model, **changes)
        assert vector.places == words
        assert repr(vector) == (
            f"TruthVector(mass-mean, {words}, strength 0.5 of the norm 4, all positions, for tiny)"
        )
    gated = dataclasses.replace(
        vector_for(model, strength_unit="the vector's own norm, as in its file"),
        condition=interp.Condition(unit, 0.0, 1.0),
        positions=interp.After("paris"),
    )
    assert "positions from 'paris' on, where a condition holds, for tiny" in repr(gated)


def test_every_part_of_what_is_added_changes_the_digest(model):
    unit = vector_for(model).direction
    whole = vector_for(
        model, also={interp.HookPoint(0): unit}, condition=interp.Condition(unit, 0.5, 0.9)
    )
    changed = [
        dataclasses.replace(whole, **change)
        for change in (
            {"strength": 0.25},
            {"norm": 5.0},
            {"positions": "last"},
            {"hook_point": interp.HookPoint(2)},
            {"direction": -unit},
            {"also": {}},
            {"also": {interp.HookPoint(0): -unit}},
            {"also": {interp.HookPoint(2): unit}},
            {"condition": None},
            {"condition": interp.Condition(-unit, 0.5, 0.9)},
            {"condition": interp.Condition(unit, 0.25, 0.9)},
            {"fingerprint": "another"},
        )
    ]
    assert len({vector.sha256 for vector in (whole, *changed)}) == 1 + len(changed)
    # What it was found by changes nothing of what is added.
    assert dataclasses.replace(whole, report={"a": 1}, data="x").sha256 == whole.sha256


def test_on_which_weights_a_vector_was_found_is_noted(model):
    vector = vector_for(model)
    assert interp.fit_note(model, vector) == ""
    half = dataclasses.replace(
        vector, fingerprint="other", rounded_fingerprint=model.rounded_fingerprint, dtype="float16"
    )
    assert interp.fit_note(model, half) == ("found on the same weights in float16, used in float32")
    unnamed = dataclasses.replace(half, dtype="")
    assert "the same weights in another number format, used in" in interp.fit_note(model, unnamed)
    strange = dataclasses.replace(vector, fingerprint="0" * 64, model="elsewhere")
    assert interp.fit_note(model, strange) == "found on elsewhere, which has other weights"
    with (
        pytest.raises(interp.InterpError, match=r"found on elsewhere \(fingerprint 0{12}\), not"),
        interp.steer(model, strange),
    ):
        pass
    with interp.steer(model, half):
        pass
    foreign = dataclasses.replace(vector, fingerprint="")
    assert "only its width was checked" in interp.fit_note(model, foreign)
    with interp.steer(model, foreign):
        pass


def test_what_is_no_vector_of_a_model_is_refused(model):
    from nullcline.interp._steering.add import ablating, adding

    point = interp.HookPoint(1)
    nan = torch.full((32,), torch.nan)
    for context, says in (
        (adding(model, point, torch.ones(31)), r"has the shape \(31,\); tiny has width 32:"),
        (adding(model, point, torch.ones(1, 32)), r"has the shape \(1, 32\)"),
        (adding(model, point, torch.ones(33)), r"has the shape \(33,\)"),
        (adding(model, point, nan), "the vector holds values that are no numbers"),
        (adding(model, point, torch.ones(32), positions=cast(Any, "some")), "no positions 'some'"),
        (ablating(model, point, torch.zeros(32)), "no length cannot be taken out"),
        (ablating(model, point, nan), "holds values that are no numbers"),
        (ablating(model, interp.HookPoint(3), torch.ones(32)), r"has no layer 3; .* 0 to 2$"),
        (ablating(model, interp.HookPoint(1, cast(Any, "mlp")), torch.ones(32)), "no site 'mlp'"),
    ):
        with pytest.raises(interp.InterpError, match=says), context:
            pass


@pytest.mark.parametrize("site", ["block", "attention"])
def test_a_direction_of_any_length_is_taken_out_of_the_stream_at_its_site(site):
    model = tiny_model("gpt_neox")
    block = model.parts.layers[1].block
    direction = 7.0 * vector_for(model).direction
    unit = direction / direction.norm()
    streams: dict[str, torch.Tensor] = {}

    def keep(name):
        def hook(module, inputs, output):
            streams[name] = output[0] if isinstance(output, tuple) else output

        return hook

    names = {"block": block, "attention": model.parts.layers[1].head_projection}
    handle = block.register_forward_pre_hook(
        lambda module, inputs: streams.__setitem__("before", inputs[0])
    )
    from nullcline.interp._steering.add import ablating

    with torch.no_grad(), ablating(model, interp.HookPoint(1, site), direction):
        late = names[site].register_forward_hook(keep("out"))
        model.network(torch.tensor([model.encode(PROMPT)]), use_cache=False)
        late.remove()
    handle.remove()
    stream = streams["out"] + (streams["before"] if site == "attention" else 0)
    assert float((stream @ unit).abs().max()) < 1e-5
    assert float(stream.norm(dim=-1).min()) > 0.1


def test_hook_points_are_those_of_the_layers_and_sites_that_are_asked_for(model):
    every = interp.hook_points_of(model)
    assert [point.layer for point in every] == [0, 0, 1, 1, 2, 2]
    assert {point.site for point in every[2:4]} == {"attention", "block"}
    some = interp.hook_points_of(model, layers=[2, 0], sites=["block"])
    assert some == (interp.HookPoint(2), interp.HookPoint(0))
    assert str(some[0]) == "layer 2, after the block"
    assert str(interp.HookPoint(1, "attention")) == "layer 1, after attention"
    assert interp.HookPoint(0, "block") < interp.HookPoint(1, "attention")
    with pytest.raises(interp.InterpError, match=r"tiny has no layer -1; its layers are 0 to 2$"):
        interp.hook_points_of(model, layers=[-1])
