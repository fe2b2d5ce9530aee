"""Nucleus sampling beside a direct computation of the kept set."""

import dataclasses
import functools

import pytest
import serving_app as served
import torch
from tiny_models import byte_tokenizer, tiny_network

from nullcline import interp


@functools.cache
def model() -> interp.Model:
    """One whose tokens all have logits of their own: of tied ones no set is the smallest."""
    return interp.build_model(tiny_network("llama", seed=5), byte_tokenizer(), name="tiny")


def kept_by_hand(probabilities: list[float], top_p: float) -> set[int]:
    """The smallest set of likeliest tokens whose probabilities add up to `top_p`, by trying all
    sizes."""
    order = sorted(range(len(probabilities)), key=lambda token: -probabilities[token])
    for size in range(1, len(order) + 1):
        if sum(probabilities[token] for token in order[:size]) >= top_p:
            return set(order[:size])
    return set(order)


def first_logits() -> torch.Tensor:
    return logits_after(model().encode(served.PROMPT))


def logits_after(tokens: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model().network(torch.tensor([tokens])).logits[0, -1]


@pytest.mark.parametrize("top_p", [0.0, 0.1, 0.3, 0.7, 0.95])
def test_a_token_is_drawn_from_the_smallest_set_that_reaches_top_p(top_p):
    temperature = 0.3
    weights = (first_logits() / temperature).softmax(dim=-1)
    kept = kept_by_hand(weights.double().tolist(), top_p)
    masked = torch.full_like(weights, 0.0)
    masked[list(kept)] = weights[list(kept)]
    for seed in range(8):
        torch.manual_seed(seed)
        expected = int(torch.multinomial((masked / masked.sum())[None], 1))
        found = interp.generate(
            model(),
            served.PROMPT,
            max_new_tokens=1,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
        ).tokens
        assert found == (expected,)
        assert expected in kept


def test_small_nuclei_hold_what_they_should_and_no_more():
    # So hot that the set holds a few tokens of about one probability.
    weights = (first_logits() / 0.5).softmax(dim=-1).double().tolist()
    top_p = next(
        share for share in (0.02, 0.05, 0.1, 0.2, 0.4) if 3 <= len(kept_by_hand(weights, share)) < 9
    )
    drawn = {
        interp.generate(
            model(), served.PROMPT, max_new_tokens=1, temperature=0.5, top_p=top_p, seed=seed
        ).tokens[0]
        for seed in range(120)
    }
    assert drawn == kept_by_hand(weights, top_p)


def test_a_guarded_text_is_drawn_from_the_same_sets():
    vector = dataclasses.replace(served.make_vector(), fingerprint=model().fingerprint)

    def guarded(top_p: float, seed: int) -> tuple[int, ...]:
        return interp.generate_guarded(
            model(), vector, served.PROMPT, budget=0.0, max_new_tokens=8, temperature=0.7,
            top_p=top_p, seed=seed,
        ).generated.tokens  # fmt: skip

    for seed in (1, 2, 3):  # nothing may be spent: the sets are those of the model as it is
        tokens = model().encode(served.PROMPT)
        for token in guarded(0.3, seed):
            weights = (logits_after(tokens) / 0.7).softmax(dim=-1).double().tolist()
            assert token in kept_by_hand(weights, 0.3)
            tokens = [*tokens, token]
    assert guarded(0.3, 1) != guarded(0.3, 2)
    free = interp.generate(model(), served.PROMPT, max_new_tokens=8)
    assert guarded(0.0, 1) == free.tokens


@pytest.mark.parametrize("top_p", [-0.1, 1.5, float("nan")])
def test_what_is_no_share_is_refused(top_p):
    with pytest.raises(interp.InterpError, match="top_p"):
        interp.generate(model(), served.PROMPT, temperature=1.0, top_p=top_p)
    with pytest.raises(interp.InterpError, match="top_p"):
        interp.generate_guarded(
            served.model(), served.make_vector(), served.PROMPT, budget=1.0, top_p=top_p
        )
