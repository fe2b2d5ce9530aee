"""The published comparisons of states: what they read, and their numbers by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from narrow import not_none
from planted_heads import PAIRS, REASONING
from scipy import stats
from tiny_models import tiny_model, tiny_network, word_tokenizer

from nullcline import interp
from nullcline.interp._heads.projection import _random_cosines, _spectrum
from nullcline.interp._heads.published import _align, shuffled_weights
from nullcline.interp._heads.states import last_states

TRUTH, OTHER = ([pair.prompt for pair in side] for side in (PAIRS, REASONING))
NEUTRAL = ["the birds fly south in winter", "when it is cold", "a feather is light"]


@pytest.fixture(scope="module")
def model():
    return interp.build_model(tiny_network("gpt_neox"), word_tokenizer(), name="tiny")


@pytest.fixture(scope="module")
def states(model):
    return interp.read_states(model, TRUTH, OTHER, neutral=NEUTRAL)


def cosine(first, second):
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_states_are_those_of_transformers_at_the_last_position(model, states):
    for of, prompts in (("truth", TRUTH), ("reasoning", OTHER), ("neutral", NEUTRAL)):
        found = getattr(states, of)
        assert found.streams.shape == (3, len(prompts), 32)
        for number, prompt in enumerate(prompts):
            with torch.no_grad():
                tokens = torch.tensor([model.encode(prompt)])
                theirs = model.network(tokens, output_hidden_states=True).hidden_states
            # The last of theirs is after the final norm.
            for layer in (0, 1):
                np.testing.assert_allclose(
                    found.streams[layer, number], theirs[layer + 1][0, -1].numpy(), atol=1e-5
                )
            np.testing.assert_allclose(found.finals[number], theirs[-1][0, -1].numpy(), atol=1e-5)
    assert interp.read_states(model, TRUTH, OTHER).neutral is None
    tokens = last_states(model, [model.encode(TRUTH[0])])
    np.testing.assert_allclose(tokens[1][0], states.truth.finals[0], atol=1e-6)


def test_a_prompt_is_read_up_to_the_context(model):
    long = [3 + number % 20 for number in range(model.context + 30)]
    _, finals = last_states(model, [long, long[: model.context]])
    np.testing.assert_allclose(finals[0], finals[1], atol=1e-6)


def test_states_of_nothing_are_refused(model):
    with pytest.raises(interp.InterpError, match="there are no prompts to read"):
        interp.read_states(model, [], OTHER)
    with pytest.raises(interp.InterpError, match="a prompt has no tokens"):
        interp.read_states(model, TRUTH, ["the city", []])


def test_a_layer_competes_below_the_cosine_on_more_than_half_of_the_pairs():
    first = np.zeros((4, 4, 2))
    first[..., 0] = 2.0
    degrees = np.array(
        [
            [150, 150, 150, 0],  # three of four lie below
            [150, 150, 0, 0],  # half: not more
            [119, 119, 119, 119],  # cosine -0.48: not below
            [121, 121, 121, 0],  # cosine -0.52
        ]
    )
    second = 3.0 * np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=-1)
    found = _align(first, second)
    assert found.competing_layers == 2
    assert found.pairs == 4
    np.testing.assert_allclose(found.mean_cosine, np.cos(np.radians(degrees)).mean(axis=1))
    assert _align(0 * first, second).mean_cosine == (0.0,) * 4  # no state, no division by zero


def test_the_published_count_and_its_controls_are_cosines_of_the_states(model, states):
    found = interp.published_competition(model, TRUTH, OTHER, neutral_prompts=NEUTRAL, seed=5)
    truth, other = states.truth.streams, states.reasoning.streams
    by_hand = [[cosine(truth[i, n], other[i, n]) for n in range(4)] for i in range(3)]
    np.testing.assert_allclose(found.published.mean_cosine, np.mean(by_hand, axis=1), atol=1e-6)
    mean = states.neutral.streams.mean(axis=1)
    by_hand = [
        [cosine(truth[i, n] - mean[i], other[i, n] - mean[i]) for n in range(4)] for i in range(3)
    ]
    centred = not_none(found.centred)
    np.testing.assert_allclose(centred.mean_cosine, np.mean(by_hand, axis=1), atol=1e-6)
    # Whatever the order, each of the eight texts stands in one pair.
    both = np.concatenate([truth, other], axis=1)
    order = np.random.default_rng(5).permutation(8)
    by_hand = [
        [cosine(both[i, order[n]], both[i, order[4 + n]]) for n in range(4)] for i in range(3)
    ]
    controls = found.random_prompt_pairs.mean_cosine
    np.testing.assert_allclose(controls, np.mean(by_hand, axis=1), atol=1e-6)
    with shuffled_weights(model, seed=5):
        truth, other = last_states(model, TRUTH)[0], last_states(model, OTHER)[0]
    by_hand = [[cosine(truth[i, n], other[i, n]) for n in range(4)] for i in range(3)]
    controls = found.shuffled_weights.mean_cosine
    np.testing.assert_allclose(controls, np.mean(by_hand, axis=1), atol=1e-5)
    known = interp.published_competition(model, TRUTH, OTHER, states=states, seed=5)
    for field in dataclasses.fields(known):
        ours, theirs = getattr(known, field.name), getattr(found, field.name)
        np.testing.assert_allclose(ours.mean_cosine, theirs.mean_cosine, atol=1e-6)
    assert interp.published_competition(model, TRUTH[:3], OTHER).published.pairs == 3
    assert interp.published_competition(model, TRUTH, OTHER).centred is None


def test_shuffled_weights_are_the_same_numbers_elsewhere_and_come_back_bit_for_bit(monkeypatch):
    network = tiny_network("gpt_neox")
    model = interp.build_model(network, word_tokenizer())
    # One whose memory is not in the order of its entries, as after a transposition.
    weight = next(p for p in network.parameters() if p.ndim == 2)
    weight.data = weight.data.T.contiguous().T
    assert not weight.data.is_contiguous()
    stretch = 1000  # fewer than the largest weights have, and no divisor of their numbers
    monkeypatch.setattr("nullcline.interp._heads.published.STRETCH", stretch)
    before = [parameter.detach().clone() for parameter in network.parameters()]

    def look_and_stop():
        with shuffled_weights(model, seed=0):
            look()
            raise KeyboardInterrupt

    def look():
        for was, now in zip(before, network.parameters(), strict=True):
            for a, b in zip(
                was.reshape(-1).split(stretch), now.reshape(-1).split(stretch), strict=True
            ):
                assert torch.equal(a.sort().values, b.sort().values)
                assert len(a) < 8 or not torch.equal(a, b)

    with pytest.raises(KeyboardInterrupt):
        look_and_stop()
    for was, now in zip(before, network.parameters(), strict=True):
        assert torch.equal(was, now)


def test_the_mean_of_independent_text_is_taken_off_both_sides(model, states):
    found = interp.output_projection(model, TRUTH, OTHER, states=states, draws=50)
    mean = states.neutral.finals.mean(axis=0)
    truth, other = states.truth.finals.mean(0) - mean, states.reasoning.finals.mean(0) - mean
    assert found.centred_hidden == pytest.approx(cosine(truth, other))
    weight = model.network.get_output_embeddings().weight.detach().double().numpy()
    assert found.centred_logits == pytest.approx(cosine(weight @ truth, weight @ other))
    without = interp.output_projection(model, TRUTH, OTHER, draws=50)
    assert without.centred_hidden is without.centred_logits is None


def test_the_null_is_two_random_directions_at_the_same_angle(model, states):
    found = interp.output_projection(model, TRUTH, OTHER, draws=400, seed=2)
    truth, other = states.truth.finals.mean(0), states.reasoning.finals.mean(0)
    hidden = cosine(truth, other)
    weight = model.network.get_output_embeddings().weight.detach().double().numpy()
    rng = np.random.default_rng(7)
    null = []
    for _ in range(4000):
        plane = np.linalg.qr(rng.standard_normal((32, 2)))[0]
        angle = np.arccos(hidden)
        turned = np.cos(angle) * plane[:, 0] + np.sin(angle) * plane[:, 1]
        null.append(cosine(weight @ plane[:, 0], weight @ turned))
    null, spread = np.array(null), float(np.std(null))
    assert found.hidden == pytest.approx(hidden)
    # Four standard errors of a mean, and as wide for quantiles, of 400 draws.
    assert found.null_mean == pytest.approx(np.mean(null), abs=4 * spread / 20)
    for end, share in ((found.null_low, 0.025), (found.null_high, 0.975)):
        assert end == pytest.approx(np.quantile(null, share), abs=12 * spread / 20)
    far = np.abs(null - np.mean(null)) >= abs(found.logits - np.mean(null))
    assert found.p == pytest.approx(far.mean(), abs=4 * np.sqrt(0.25 / 400))
    values = np.linalg.svd(weight, compute_uv=False) ** 2
    assert found.effective_rank == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_random_directions_keep_their_angle_where_the_map_is_a_rotation():
    rng = np.random.default_rng(0)
    for hidden in (-1.0, -0.3, 0.0, 0.8, 1.0):
        found = _random_cosines(np.eye(6), hidden, draws=20, rng=rng)
        np.testing.assert_allclose(found, hidden, atol=1e-12)
        np.testing.assert_allclose(
            _random_cosines(4.0 * np.eye(6), hidden, draws=20, rng=rng), hidden, atol=1e-12
        )


def test_a_wider_map_and_a_gelu_are_those_of_torch_and_of_many_random_maps(model, states):
    found = interp.output_projection(model, TRUTH, OTHER, states=states, draws=50, seed=4)
    truth, other = states.truth.finals.mean(0), states.reasoning.finals.mean(0)

    def gelu(x):
        return torch.nn.functional.gelu(torch.from_numpy(x)).numpy()

    assert found.plain_gelu == pytest.approx(cosine(gelu(truth), gelu(other)))
    maps = np.random.default_rng(1).standard_normal((400, 128, 32)) / np.sqrt(32)
    drawn = [cosine(gelu(m @ truth), gelu(m @ other)) for m in maps]
    assert abs(found.wider - np.mean(drawn)) < 4 * np.std(drawn)
    same = interp.output_projection(model, TRUTH, TRUTH, draws=50)
    assert same.wider == pytest.approx(same.plain_gelu) == pytest.approx(1.0)


def test_the_spectrum_is_the_share_in_the_first_and_the_last_tenth():
    vectors = stats.ortho_group.rvs(25, random_state=0)
    # Two of 25 are a tenth, rounded.
    direction = vectors @ np.array([3.0, 4.0, *[0.0] * 20, 1.0, 2.0, 6.0])
    found = _spectrum(direction, vectors)
    assert found.leading == pytest.approx((9 + 16) / 66)
    assert found.trailing == pytest.approx((4 + 36) / 66)
    assert found.expected == 2 / 25
    assert _spectrum(np.array([1.0, 1.0]), np.eye(2)).expected == 0.5  # at least one


def test_the_projection_of_a_model_knows_its_leading_directions():
    network = tiny_network("gpt_neox")
    model = interp.build_model(network, word_tokenizer())
    finals = last_states(model, TRUTH)[1].mean(axis=0)
    axis = torch.from_numpy(finals / np.linalg.norm(finals)).float()
    with torch.no_grad():
        weight = not_none(network.get_output_embeddings()).weight
        weight += 20.0 * torch.randn(320, 1) * axis  # far the largest singular value
    found = interp.output_projection(model, TRUTH, OTHER, draws=50)
    assert found.truth.leading > 0.99
    assert found.truth.trailing < 0.01
    assert tiny_model("gpt_neox").d_model == 32
    assert found.truth.expected == 3 / 32
    assert found.effective_rank < 1.1
