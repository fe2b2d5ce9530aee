"""A model's own generation settings change no text here; what it can read is read."""

import itertools

import pytest
import torch
from serving_app import alone, make_client, model
from tiny_models import byte_tokenizer, tiny_network, word_tokenizer

from nullcline import interp

PROMPT = "the city of paris is in"


@pytest.fixture
def insistent():
    """The served model, whose files ask for a repetition penalty and for sampling."""
    settings = model().network.generation_config
    changed = {"repetition_penalty": 1.8, "do_sample": True, "top_k": 3, "no_repeat_ngram_size": 2}
    before = {name: getattr(settings, name) for name in changed}
    for name, value in changed.items():
        setattr(settings, name, value)
    yield changed
    for name, value in before.items():
        setattr(settings, name, value)


def likeliest(network, tokens, count):
    tokens = list(tokens)
    for _ in range(count):
        with torch.no_grad():
            tokens.append(int(network(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens


def test_greedy_text_is_the_likeliest_token_whatever_the_files_ask_for(insistent):
    prompt = model().encode(PROMPT)
    expected = likeliest(model().network, prompt, 12)[len(prompt) :]
    # The settings would change it: nothing repeated twice in a row stays.
    assert len({*itertools.pairwise(expected)}) < len(expected) - 1
    assert list(interp.generate(model(), PROMPT, max_new_tokens=12).tokens) == expected
    assert interp.own_settings(model()) == insistent
    assert model().network.generation_config.repetition_penalty == 1.8


def test_guard_and_server_write_the_same_tokens_as_the_library(insistent):
    from serving_app import make_vector

    vector = make_vector()
    guarded = interp.generate_guarded(model(), vector, PROMPT, budget=1e9, max_new_tokens=12)
    assert guarded.generated.tokens == alone(0.5).tokens
    body = {"model": "tiny", "prompt": PROMPT, "max_tokens": 12, "temperature": 0}
    with make_client(vector) as client:
        said = client.post("/v1/completions", json=body).json()["choices"][0]["text"]
    assert said == alone(0.5).text


def test_the_token_for_unknown_words_may_stand_in_a_prompt_by_its_name():
    words = interp.build_model(tiny_network("gpt2"), word_tokenizer())
    assert interp.encode_prompt(words, "the city <|unknown|> is")
    with pytest.raises(interp.InterpError, match="no token for 'zzz' in 'the city zzz is'"):
        interp.encode_prompt(words, "the city zzz is")
    assert interp.unknown_words(words, "zzz the <|unknown|> city zzz yyy") == ("zzz", "yyy")
    with pytest.raises(interp.InterpError, match="'k', 'l', 'm' and 2 more words in"):
        interp.encode_prompt(words, "k l m the n o")


def test_a_tokenizer_that_fails_at_a_word_is_one_line():
    tokenizer = word_tokenizer()
    tokenizer.backend_tokenizer.model.unk_token = "nowhere"
    words = interp.build_model(tiny_network("gpt2"), tokenizer)
    with pytest.raises(interp.InterpError, match="cannot say 'the city zzz'") as caught:
        words.encode("the city zzz")
    assert "\n" not in str(caught.value)


def test_a_token_beyond_the_embedding_is_one_line():
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["<extra>", *(f"<more{n}>" for n in range(40))])
    grown = interp.build_model(tiny_network("gpt2"), tokenizer)
    assert grown.encode("the city")
    with pytest.raises(interp.InterpError, match=r"says token \d+ .*embeds 0 to 319"):
        grown.encode("the <more39>")


def test_neutral_text_longer_than_the_positions_is_read_up_to_there():
    network = tiny_network("gpt2")
    long = "the river runs to the sea " * 40
    found = interp.build_model(network, byte_tokenizer())
    assert len(found.encode(long)) > found.context
    streams, finals = interp.last_states(found, [long, "the city"])
    cut = found.encode(long)[: found.context]
    with torch.no_grad():
        expected = network.base_model(torch.tensor([cut])).last_hidden_state[0, -1]
    # The same float32 pass in a batch of another width.
    assert torch.allclose(torch.from_numpy(finals[0]).float(), expected, atol=1e-4)
    assert streams.shape[1] == 2
