"""Patching and ablation of heads against the same done by hand, and the prompts that they use."""

import dataclasses

import numpy as np
import pytest
import torch
from planted_heads import PAIRS, planted_model
from tiny_models import tiny_network, word_tokenizer

from nullcline import interp

#: Prompts of four words each, but for the last.
GROUP = (
    interp.Pair("copper has the symbol", "cu", "fe"),
    interp.Pair("the river runs to", "sea", "cold"),
    interp.Pair("copper and iron in", "cu", "light"),
    interp.Pair("the city of paris", "cu", "winter"),
    interp.Pair("a metal is", "heavy", "light"),
)


@pytest.fixture(scope="module")
def tiny():
    return interp.build_model(tiny_network("gpt_neox"), word_tokenizer(), name="tiny")


def difference(model, prompt, pair, *, layer=0, head=0, source=None):
    """logit(true) - logit(false) at the end of a prompt, and what every head of a layer wrote;
    one head's output is put in where `source` is given."""
    true, false = (model.encode(f"{pair.prompt} {a}")[-1] for a in (pair.true, pair.false))
    caught, size = [], 8

    def hook(module, inputs):
        written = inputs[0].clone()
        if source is not None:
            written[..., head * size : (head + 1) * size] = source[..., head * size :][..., :size]
        caught.append(written)
        return (written,)

    dense = model.network.gpt_neox.layers[layer].attention.dense
    handle = dense.register_forward_pre_hook(hook)
    try:
        with torch.no_grad():
            logits = model.network(torch.tensor([model.encode(prompt)])).logits[0, -1]
    finally:
        handle.remove()
    return float(logits[true] - logits[false]), caught[0]


def test_a_pair_without_counterfactual_meets_the_next_of_its_length_with_another_answer(tiny):
    found = interp.attribution_patching(tiny, GROUP, check_top=2)
    assert found.pairs == GROUP[:4]
    assert found.left_out == 1  # the only prompt of three words
    # The third and the fourth have the first's answer: each meets the next one that has not.
    partners = (GROUP[1], GROUP[2], GROUP[1], GROUP[1])
    written = [
        dataclasses.replace(pair, counterfactual=partner.prompt)
        for pair, partner in zip(GROUP, partners, strict=False)
    ]
    same = interp.attribution_patching(tiny, written, check_top=2)
    np.testing.assert_allclose(found.values, same.values, atol=1e-6)
    assert same.left_out == 0


def test_an_exact_effect_is_what_putting_the_head_back_changes(tiny):
    pairs = [dataclasses.replace(GROUP[0], counterfactual="iron has the symbol"), *GROUP[1:4]]
    others = ["iron has the symbol", GROUP[2].prompt, GROUP[1].prompt, GROUP[1].prompt]
    for layer, head in ((0, 1), (2, 3)):
        effects = interp.activation_patching(tiny, pairs, layer=layer, head=head)
        for pair, other, found in zip(pairs, others, effects, strict=True):
            _, written = difference(tiny, pair.prompt, pair, layer=layer)
            before, _ = difference(tiny, other, pair)
            after, _ = difference(tiny, other, pair, layer=layer, head=head, source=written)
            assert found == pytest.approx(after - before, abs=1e-5)  # float32


def test_patching_reports_both_runs_and_the_largest_heads_exactly(tiny):
    seen = []
    found = interp.attribution_patching(
        tiny, GROUP, check_top=4, on_progress=lambda *at: seen.append(at)
    )
    assert seen[-1] == ("patching pairs", 4, 4)
    others = (GROUP[1], GROUP[2], GROUP[1], GROUP[1])
    clean = [difference(tiny, pair.prompt, pair)[0] for pair in GROUP[:4]]
    corrupted = [
        difference(tiny, other.prompt, pair)[0]
        for pair, other in zip(GROUP[:4], others, strict=True)
    ]
    assert found.clean == pytest.approx(np.mean(clean), abs=1e-5)
    assert found.corrupted == pytest.approx(np.mean(corrupted), abs=1e-5)
    np.testing.assert_allclose(found.heads.mean, found.values.mean(axis=0), atol=1e-12)
    largest = np.argsort(-np.abs(found.heads.mean).ravel())[:4]
    assert [4 * layer + head for layer, head, _ in found.exact] == largest.tolist()
    for layer, head, value in found.exact:
        alone = interp.activation_patching(tiny, GROUP, layer=layer, head=head)
        assert value == pytest.approx(alone.mean(), abs=1e-6)
    estimates = [found.heads.mean[layer, head] for layer, head, _ in found.exact]
    by_hand = np.corrcoef(estimates, [value for *_, value in found.exact])[0, 1]
    assert found.correlation == pytest.approx(by_hand)
    assert np.isnan(interp.attribution_patching(tiny, GROUP, check_top=2).correlation)


def test_an_ablated_head_holds_its_mean_over_the_other_half_of_the_prompts(tiny):
    pairs, heads = [*GROUP, PAIRS[0]], [(0, 1), (2, 3), (1, 0)]
    found = interp.mean_ablation(tiny, pairs, heads, seed=3)
    half = np.zeros(len(pairs), dtype=int)
    half[np.random.default_rng(3).permutation(len(pairs))[1::2]] = 1
    for column, (layer, head) in enumerate(heads):
        wrote = [difference(tiny, pair.prompt, pair, layer=layer) for pair in pairs]
        means = [
            torch.cat([w[0] for (_, w), of in zip(wrote, half, strict=True) if of == side]).mean(0)
            for side in (0, 1)
        ]
        lost = [
            whole
            - difference(
                tiny, pair.prompt, pair, layer=layer, head=head, source=means[1 - half[number]]
            )[0]
            for number, (pair, (whole, _)) in enumerate(zip(pairs, wrote, strict=True))
        ]
        assert found.mean[column] == pytest.approx(np.mean(lost), abs=1e-5)
        spread = np.std(lost, ddof=1) / np.sqrt(len(lost))
        low = np.mean(lost) - 2.5705818 * spread  # Student's t of 5 degrees of freedom
        assert found.low[column] == pytest.approx(low, abs=1e-4)


def test_what_no_prompt_can_be_corrupted_with_is_refused():
    model = planted_model()
    alone = [PAIRS[0], PAIRS[3]]  # of six words and of three
    with pytest.raises(interp.InterpError, match=r"^0 of 2 pairs have a prompt of equal length"):
        interp.attribution_patching(model, alone)
    with pytest.raises(interp.InterpError, match=r"^no pair has a prompt of equal length"):
        interp.activation_patching(model, alone, layer=0, head=0)
    longer = dataclasses.replace(PAIRS[3], counterfactual="a feather is not")
    with pytest.raises(interp.InterpError, match=r"pair .a metal is.: the counterfactual has 4"):
        interp.attribution_patching(model, [longer] * 2)
    placed = dataclasses.replace(longer, location="pairs.csv, row 3")
    with pytest.raises(interp.InterpError, match=r"^pairs.csv, row 3: .* the prompt 3; give one"):
        interp.attribution_patching(model, [placed] * 2)
    # Two prompts of one length and one answer say nothing of each other.
    agreeing = [dataclasses.replace(p, true="cu") for p in GROUP[:2]]
    with pytest.raises(interp.InterpError, match=r"^0 of 2 pairs"):
        interp.attribution_patching(model, agreeing)


def test_a_mean_from_elsewhere_needs_four_pairs_and_heads_that_are_there():
    model = planted_model()
    with pytest.raises(interp.InterpError, match=r"^3 pairs are too few to ablate"):
        interp.mean_ablation(model, PAIRS[:3], [(0, 0)])
    assert interp.mean_ablation(model, PAIRS, [(0, 0)]).mean.shape == (1,)
    with pytest.raises(interp.InterpError, match="the heads 0 to 3, not 4"):
        interp.mean_ablation(model, PAIRS, [(0, 4)])


def test_many_cases_of_a_length_are_read_in_parts():
    from nullcline.interp._heads.cases import Case, by_length

    cases = [Case(PAIRS[0], (0,) * (2 + number % 2), (), 0, 1) for number in range(90)]
    parts = by_length(cases)
    assert [len(group) for _, group in parts] == [32, 13, 32, 13]
    for indices, group in parts:
        assert group == [cases[index] for index in indices]
        assert len({len(case.clean) for case in group}) == 1
    assert sorted(index for indices, _ in parts for index in indices) == list(range(90))
