"""Texts as tokens, rows as batches, answers as trees: against the same done token by token."""

import itertools

import numpy as np
import pytest
import torch
from narrow import not_none
from tiny_models import byte_tokenizer, tiny_config, tiny_model, tiny_network, word_tokenizer

from nullcline import interp
from nullcline.interp._questions import passes as passes_module
from nullcline.interp._questions.passes import Passes, abilities, window
from nullcline.interp._questions.scoring import passes_over
from nullcline.interp._questions.tokens import (
    batches,
    encode_answers,
    encode_pair,
    said_unknown,
    unique,
    unknown_words,
    usable_pairs,
)
from nullcline.interp._questions.trees import Growing, tree_batches

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def words():
    return interp.build_model(tiny_network("gpt2"), word_tokenizer(), name="words")


def test_pairs_that_a_model_cannot_be_asked_are_told_apart_each_with_its_reason(words):
    good = interp.Pair("the city of paris is in", "france", "winter")
    unsaid = interp.Pair("the city of", "paris", "zorvia", location="a.csv: row 7")
    begins = interp.Pair("a metal is", "heavy", "heavy and")
    found = usable_pairs(words, [unsaid, good, begins])
    assert found.pairs == (good,)
    assert len(found.left_out) == 2
    assert found.left_out[0].startswith("a.csv: row 7: the tokenizer of words cannot say")
    assert "one is the beginning of the other" in found.left_out[1]


def test_what_the_tokenizer_cannot_say_is_named_up_to_three_words(words):
    assert unknown_words(words, "the zorvia of quux of zorvia") == ("zorvia", "quux")
    assert said_unknown(words, "the zorvia of quux") == "'zorvia', 'quux'"
    assert said_unknown(words, "b c d of") == "'b', 'c', 'd'"
    assert said_unknown(words, "b c d e") == "'b', 'c', 'd' and 1 more word"
    assert said_unknown(words, "b c d e f g") == "'b', 'c', 'd' and 3 more words"
    assert said_unknown(words, "y" * 60) == repr("y" * 40)
    assert said_unknown(words, "the city") == "a word of it"
    # The token for unknown words may be written out.
    assert unknown_words(words, "the <|unknown|> city") == ()


@pytest.mark.parametrize("unknown", [None, "<|end|>"])
def test_a_tokenizer_without_a_token_for_unknown_words_knows_them_all(unknown):
    tokenizer = word_tokenizer()
    tokenizer.unk_token = unknown
    model = interp.build_model(tiny_network("gpt2"), tokenizer)
    assert unknown_words(model, "<|end|> the zorvia") == ()


def test_an_answer_must_add_a_token_and_all_must_fit(words):
    with pytest.raises(interp.InterpError, match="here: the tokenizer has no token for the answer"):
        encode_answers(words, "the city", ["paris", ""], location="here")
    exact = "the " * 127
    assert len(encode_answers(words, exact.strip(), ["city"], location="a").context) == 127
    says = "here: 129 tokens, more than the 128 that words reads"
    with pytest.raises(interp.InterpError, match=says):
        encode_answers(words, exact.strip(), ["city of"], location="here")
    with pytest.raises(interp.InterpError, match="share no token; give a longer prompt"):
        encode_answers(words, "", ["city"], location="here")


def test_what_both_answers_begin_with_is_read_before_they_differ(words):
    pair = interp.Pair("the city of", "paris is cold", "paris is in france")
    found = encode_pair(words, pair)
    assert found.context == tuple(words.encode("the city of paris is"))
    assert found.answers == (tuple(words.encode("cold")), tuple(words.encode("in france")))


@pytest.mark.parametrize("budget", [1, 12, 40, 10_000])
def test_batches_hold_every_row_once_and_no_more_tokens_than_allowed(budget):
    rng = np.random.default_rng(0)
    rows = [tuple(rng.integers(1, 99, rng.integers(1, 13)).tolist()) for _ in range(40)]
    seen, sizes = [], []
    for indices, tokens in batches(rows, device=CPU, budget=budget):
        assert tokens.shape == (len(indices), max(len(rows[index]) for index in indices))
        assert tokens.numel() <= budget or len(indices) == 1
        for index, row in zip(indices, tokens.tolist(), strict=True):
            assert row[: len(rows[index])] == list(rows[index])
            assert not any(row[len(rows[index]) :])
        seen += indices
        sizes.append((len(indices), tokens.shape[1]))
    assert sorted(seen) == list(range(40))
    # As full as can be: the first row of the next batch would not have fitted.
    lengths = sorted(map(len, rows))
    for end in itertools.accumulate(count for count, _ in sizes[:-1]):
        count = sizes.pop(0)[0]
        assert (count + 1) * lengths[end] > budget


def test_a_batch_is_filled_to_the_last_token():
    (first, _), (second, _) = batches([(1, 2, 3)] * 5, device=CPU, budget=12)
    assert (first, second) == ([0, 1, 2, 3], [4])
    ((every, _),) = batches([(1,)] * 512, device=CPU)  # what a pass with a gradient reads
    assert len(every) == 512
    assert len(list(batches([(1,)] * 513, device=CPU))) == 2


def test_equal_rows_are_found():
    assert unique([(1,), (2,), (1,), (3,), (2,)]) == ([(1,), (2,), (3,)], [0, 1, 0, 2, 1])


def drawn_tree(rng, stem):
    growing = Growing([5] * stem)
    paths = {}
    for _ in range(6):
        answer = rng.integers(1, 3, rng.integers(1, 6)).tolist()
        nodes = growing.add(answer)
        assert len(nodes) == len(answer)
        paths[tuple(answer)] = nodes
    return growing.tree(), paths


@pytest.mark.parametrize("seed", range(5))
def test_a_token_of_a_tree_stands_behind_its_own_path_and_sees_nothing_else(seed):
    rng = np.random.default_rng(seed)
    tree, paths = drawn_tree(rng, stem=3)
    for answer, nodes in paths.items():
        # Walk back from where the last token is predicted: the answer before it, then the stem.
        path, at = [], nodes[-1]
        while at >= 0:
            path.append(at)
            at = tree.before[at]
        path.reverse()
        assert [tree.tokens[node] for node in path] == [5, 5, 5, *answer[:-1]]
        assert list(nodes) == path[2:]
        assert [int(tree.places[node]) for node in path] == list(range(len(path)))
        for number, node in enumerate(path):
            assert np.flatnonzero(tree.sees[node]).tolist() == sorted(path[: number + 1])
    assert tree.branches == (list(tree.before) != list(range(-1, len(tree.tokens) - 1)))


@pytest.mark.parametrize("beginning", [0, 2])
def test_a_mask_opens_what_a_token_sees_and_places_are_those_on_its_path(beginning):
    rng = np.random.default_rng(1)
    trees = [drawn_tree(rng, stem=stem)[0] for stem in (3, 5, 4)]
    options = {"device": CPU, "dtype": torch.float32, "beginning": beginning}
    (batch,) = tree_batches(trees, masked=True, **options)
    assert sorted(batch.trees) == [0, 1, 2]
    longest = max(len(tree.tokens) for tree in trees) - beginning
    assert batch.mask is not None
    assert batch.mask.shape == (3, 1, longest, beginning + longest)
    assert set(batch.mask.unique().tolist()) == {0.0, torch.finfo(torch.float32).min}
    for row, number in enumerate(batch.trees):
        tree = trees[number]
        rest = len(tree.tokens) - beginning
        assert batch.tokens[row, :rest].tolist() == list(tree.tokens[beginning:])
        assert batch.places[row, :rest].tolist() == tree.places[beginning:].tolist()
        assert batch.filled[row].tolist() == [at < rest for at in range(longest)]
        seen = (batch.mask[row, 0] == 0).numpy()
        np.testing.assert_array_equal(seen[:rest, : beginning + rest], tree.sees[beginning:])
        assert not seen[:rest, beginning + rest :].any()
        assert seen[rest:].any(axis=1).all()  # what sees nothing would be no number
    assert batch.options == {"attention_mask": batch.mask, "position_ids": batch.places}
    (plain,) = tree_batches(trees, masked=False, **options)
    assert plain.mask is None
    assert plain.options == {}


def test_how_far_a_network_sees_is_the_least_of_what_its_configuration_names():
    assert window(tiny_model("mistral")) == 16
    assert window(tiny_model("gpt_neo")) == 8
    assert window(tiny_model("llama")) >= 1 << 30
    network = tiny_network("mistral")
    network.config.attention_chunk_size = 5
    assert window(interp.build_model(network, byte_tokenizer())) == 5
    assert tiny_config("mistral").sliding_window == 16


def test_what_a_network_can_do_is_tried():
    found = {kind: abilities(tiny_model(kind)) for kind in ("llama", "gpt2", "bloom", "gpt_neox")}
    for kind in ("llama", "gpt2", "gpt_neox"):
        assert found[kind].trees
        assert found[kind].resumes
        assert found[kind].repeats
    # Bloom makes positions of its own from a mask of rows: it takes no trees, but it can resume.
    assert not found["bloom"].trees
    one = interp.build_model(tiny_network("llama"), byte_tokenizer())
    assert abilities(one) is abilities(one)


QUESTIONS = [
    interp.Question("the city of", ("paris is in", "paris flies", "cold"), (True, False, False), 0),
    interp.Question("a metal is", ("heavy and", "heavy", "light"), (True, True, False), 0),
]


@pytest.mark.parametrize("shared", [0, 2])
def test_streams_of_a_layer_are_the_states_before_it_whatever_was_kept(shared, monkeypatch):
    """Each is made from the highest that is kept below, and no more are kept than allowed."""
    monkeypatch.setattr(passes_module, "LAYERS_KEPT", 1)
    model = tiny_model("llama")
    growing = [Growing((7, 8, 9 + number)) for number in range(2)]
    for grown in growing:
        grown.add((1, 2, 3))
        grown.add((4, 5))
    trees = [grown.tree() for grown in growing]

    def passes():
        return Passes(model, trees, shared=shared, masked=True, resumes=True)

    climbing = passes()
    assert climbing.streams(0) is None
    for layer in (1, 2):
        found, alone = climbing.streams(layer), passes().streams(layer)
        assert found is not None
        assert alone is not None
        assert len(found) == len(alone) == len(climbing.batches) + bool(shared)
        for ours, theirs in zip(found, alone, strict=True):
            torch.testing.assert_close(ours, theirs)
        assert climbing.streams(layer) is found  # kept
    assert list(climbing._streams) == [2]
    with torch.no_grad():
        path = [7, 8, 9, 1, 2]
        states = model.network(torch.tensor([path]), output_hidden_states=True).hidden_states
    batch = climbing.batches[0]
    row = batch.trees.index(0)
    read = not_none(climbing.streams(2))[-1][row, : len(path) - shared]
    torch.testing.assert_close(read, states[2][0, shared:], atol=1e-5, rtol=0)


def test_the_layer_that_was_asked_for_last_is_kept_longest(monkeypatch):
    model = interp.build_model(tiny_network("llama"), byte_tokenizer())
    passes = passes_over(model, interp.encode_questions(model, QUESTIONS))
    monkeypatch.setattr(passes_module, "LAYERS_KEPT", 2)
    passes.streams(1)
    passes.streams(2)
    passes.streams(1)
    assert list(passes._streams) == [2, 1]


def test_a_beginning_is_only_resumed_behind_where_the_network_takes_places():
    model = tiny_model("llama")
    tree = Growing((7, 8, 9)).tree()
    for shared, masked, resumes in ((0, False, True), (2, True, True), (2, False, False)):
        made = Passes(model, [tree], shared=shared, masked=masked, resumes=True)
        assert made.resumes == resumes
    assert not Passes(model, [tree], shared=0, masked=True, resumes=False).resumes
