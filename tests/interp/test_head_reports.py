"""What an attribution says and shows, of all its pairs and of a part of them."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from narrow import not_none
from planted_heads import PAIRS, REASONING, planted_model
from tiny_models import tiny_model, tiny_network

from nullcline import interp
from nullcline.common.statistics import wilson


@pytest.fixture(scope="module")
def found():
    return interp.attribute_heads(planted_model(), PAIRS * 10, reasoning=REASONING * 10)


def test_a_part_of_the_pairs_has_the_attribution_of_these_pairs_alone(found):
    some = slice(1, None, 2)
    part = found.on(some)
    alone = interp.attribute_heads(
        found.model, found.truth.pairs[some], reasoning=found.reasoning.pairs[some]
    )
    assert part.truth.pairs == alone.truth.pairs
    for of in ("truth", "reasoning"):
        for field in dataclasses.fields(interp.MeanEffect):
            ours, theirs = (getattr(getattr(a, of).heads, field.name) for a in (part, alone))
            # Rows are read beside other rows, in float32.
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert part.replicated == alone.replicated == ((0, 3),)
    assert interp.attribute_heads(found.model, PAIRS).on(some).reasoning is None


def test_heads_are_listed_by_layer_with_the_figures_of_both_sets(found):
    heads = found.heads()
    assert [(h.layer, h.head) for h in heads] == [(i, j) for i in range(2) for j in range(4)]
    for head in heads:
        at = head.layer, head.head
        for of in ("truth", "reasoning"):
            effects = getattr(found, of).heads
            assert getattr(head, of) == effects.mean[at]
            for end in ("low", "high", "p", "q"):
                assert getattr(head, f"{of}_{end}") == getattr(effects, end)[at]
    assert interp.attribute_heads(found.model, PAIRS).heads()[0].reasoning_q is None
    named = {(h.layer, h.head) for h in found.significant()}
    assert named == {(0, 3), (1, 2)}
    assert [abs(h.truth) for h in found.top(3)] == sorted(abs(h.truth) for h in heads)[:-4:-1]


def test_a_head_at_the_false_discovery_rate_itself_is_named(found):
    rate = found.top(1)[0].truth_q
    at = dataclasses.replace(found, false_discovery_rate=rate)
    below = dataclasses.replace(found, false_discovery_rate=rate * (1 - 1e-9))
    assert {(h.layer, h.head) for h in at.significant()} == {(0, 3), (1, 2)}
    assert below.significant() == ()
    reasoning = found.reasoning.heads.q[0, 3]
    for q, named in ((max(rate, reasoning), 1), (max(rate, reasoning) * (1 - 1e-9), 0)):
        assert len(dataclasses.replace(found, false_discovery_rate=q).competing()) == named


def test_the_text_says_how_complete_the_sum_is_and_what_competes(found):
    first, second, *lines = repr(found).splitlines()
    difference = found.truth.shares.logit_difference.mean()
    residual = max(
        np.abs(side.shares.total - side.shares.logit_difference).max()
        for side in (found.truth, found.reasoning)
    )
    scale = max(np.abs(s.shares.logit_difference).max() for s in (found.truth, found.reasoning))
    allowed = 1e-3 * max(1.0, scale)
    assert first == (
        f"heads of planted: 40 pairs, logit difference {difference:+.3f}, completeness residual "
        f"{residual:.1e} (error above {allowed:.1e})"
    )
    assert second == "2 of 8 heads act on the truth at a false-discovery rate of 0.05"
    low, high = wilson(1, 8)
    assert lines[-1] == f"competing heads: 1 (12% [{low:.0%}, {high:.0%}]), 1 in both halves"
    assert len(lines) == 9  # all 8 heads, the largest first
    for line, head in zip(lines[:-1], found.top(10), strict=True):
        amount = f"{head.truth:+.3f}" if abs(head.truth) > 1e-3 else "0.000"
        assert line.split()[:2] == [f"{head.layer}.{head.head}", amount]
        assert line.endswith("   competing") == ((head.layer, head.head) == (0, 3))
        assert f"p {head.truth_p:.4f} q {head.truth_q:.4f}   reasoning " in line
    without = repr(interp.attribute_heads(found.model, PAIRS))
    assert "competing" not in without
    assert "reasoning" not in without


class Cells(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.cells, self.inside = [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        if tag in ("td", "th"):
            self.cells.append((tag, dict(attrs), ""))

    def handle_data(self, data):
        if self.inside in ("td", "th"):
            tag, attrs, text = self.cells[-1]
            self.cells[-1] = tag, attrs, text + data

    def handle_endtag(self, tag):
        self.inside = None


def test_the_heat_map_is_blue_for_truth_red_against_it_and_as_strong_as_the_effect(found):
    cells = Cells(found._repr_html_()).cells
    assert [text for tag, _, text in cells if tag == "th"] == [
        "head", "0", "1", "2", "3", "layer 0", "layer 1",
    ]  # fmt: skip
    largest = max(abs(head.truth) for head in found.heads())
    shown = [cell for cell in cells if cell[0] == "td"]
    for (_, attrs, text), head in zip(shown, found.heads(), strict=True):
        red, _, blue, strength = map(
            float, re.findall(r"[\d.]+", not_none(re.search(r"rgba\((.*?)\)", attrs["style"]))[1])
        )
        assert strength == pytest.approx(abs(head.truth) / largest, abs=5e-4)
        if abs(head.truth) > 1e-3:
            assert (blue > red) == (head.truth > 0)
        white = "color: #fff" in attrs["style"]
        assert white == (abs(head.truth) / largest > 0.5)  # to be read on its ground
        assert attrs["title"].startswith(f"{head.layer}.{head.head}")
        assert (text == "●") == ((head.layer, head.head) == (0, 3))


@pytest.mark.parametrize("pair", [-1, 40])
def test_a_pattern_of_no_pair_is_refused(found, pair):
    with pytest.raises(interp.InterpError, match=rf"no pair {pair}; there are 0 to 39$"):
        found.pattern(0, 0, pair)


def test_a_pattern_needs_tokens_and_a_head_that_is_there():
    model = planted_model()
    with pytest.raises(interp.InterpError, match="the text '' has no tokens"):
        interp.attention_pattern(model, "", layer=0, head=0)
    with pytest.raises(interp.InterpError, match=r"planted has the layers 0 to 1, not 2$"):
        interp.attention_pattern(model, "the city", layer=2, head=0)
    with pytest.raises(interp.InterpError, match=r"planted has the heads 0 to 3, not 4$"):
        interp.attention_pattern(model, "the city", layer=0, head=4)


def test_a_pattern_is_that_of_transformers_own_attention():
    model = tiny_model("gpt2")
    tokens = model.encode("the city of paris")
    words, weights = interp.attention_pattern(model, tokens, layer=1, head=2)
    network = tiny_network("gpt2")
    network.set_attn_implementation("eager")
    with torch.no_grad():
        theirs = network(torch.tensor([tokens]), output_attentions=True).attentions[1][0, 2]
    assert words == model.tokenizer.convert_ids_to_tokens(tokens)
    np.testing.assert_allclose(weights, theirs.numpy(), atol=1e-5)
