"""What OpenAI's clients send besides the text, and what they are told besides the answer."""

import json

import openai
import pytest
import serving_app as served
import torch

from nullcline import interp

COMPLETIONS, CHATS, RESPONSES = "/v1/completions", "/v1/chat/completions", "/v1/responses"
CONTENT = "the city of paris"


@pytest.fixture(scope="module")
def client():
    with served.make_client(served.make_vector()) as made:
        yield made


@pytest.fixture(scope="module")
def official(client):
    """OpenAI's own client, which speaks to the application of this process."""
    with openai.OpenAI(
        base_url="http://127.0.0.1/v1", api_key="none", max_retries=0, http_client=client
    ) as made:
        yield made


def body(path: str, **fields) -> dict:
    asked = {
        COMPLETIONS: {"prompt": f"user: {CONTENT}\nassistant:", "max_tokens": 12},
        CHATS: {"messages": [{"role": "user", "content": CONTENT}], "max_tokens": 12},
        RESPONSES: {"input": CONTENT, "max_output_tokens": 12},
    }
    return {"model": served.NAME, **asked[path], **fields}


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    found = answer.json()
    if found["object"] == "response":
        return found["output"][0]["content"][0]["text"]
    choice = found["choices"][0]
    return choice["text"] if "text" in choice else choice["message"]["content"]


def refused(answer, field: str) -> str:
    assert answer.status_code == 400, answer.text
    found = answer.json()["error"]
    assert found["param"].split(".")[0] == field, found
    assert "\n" not in found["message"]
    return found["message"]


EVERYWHERE = {
    "temperature": [None, 0, 0.0],
    "top_p": [None, 1, 1.0, 0.9],
    "user": [None, "somebody"],
    "stream": [None, False],
    "stream_options": [None],
}
OLDER = {
    **EVERYWHERE,
    "n": [None, 1],
    "stop": [None, []],
    "presence_penalty": [None, 0, 0.0],
    "frequency_penalty": [None, 0, 0.0],
    "logit_bias": [None, {}],
    "seed": [None],
}
OF_CHATS = {
    "tools": [None, []],
    "tool_choice": [None, "none", "auto"],
    "parallel_tool_calls": [None, True, False],
    "store": [None, False],
    "metadata": [None, {}],
    "service_tier": [None, "auto", "default"],
    "safety_identifier": ["somebody"],
    "prompt_cache_key": ["a key"],
    "prompt_cache_retention": [None, "24h"],
    "prompt_cache_options": [None],
    "moderation": [None],
}
NEUTRAL = {
    COMPLETIONS: {**OLDER, "best_of": [None, 1], "suffix": [None, ""], "echo": [None, False],
                  "logprobs": [None]},
    CHATS: {**OLDER, **OF_CHATS, "response_format": [None, {"type": "text"}],
            "logprobs": [None, False], "top_logprobs": [None, 0], "functions": [None, []],
            "function_call": [None, "none", "auto"], "modalities": [None, ["text"]],
            "audio": [None], "prediction": [None], "web_search_options": [None],
            "reasoning_effort": [None, "none"], "verbosity": [None, "medium"]},
    RESPONSES: {**EVERYWHERE, **OF_CHATS, "instructions": [None], "previous_response_id": [None],
                "conversation": [None], "background": [None, False], "include": [None, []],
                "prompt": [None], "max_tool_calls": [None], "truncation": [None, "disabled"],
                "reasoning": [None, {}, {"effort": None, "summary": None}, {"effort": "none"}],
                "text": [None, {}, {"format": {"type": "text"}},
                         {"format": {"type": "text"}, "verbosity": None}, {"verbosity": "medium"}],
                "top_logprobs": [None, 0], "context_management": [None, []], "image": [None]},
}  # fmt: skip


@pytest.mark.parametrize("path", NEUTRAL)
def test_what_changes_nothing_is_taken(client, path):
    expected = said(client.post(path, json=body(path)))
    assert expected
    for field, values in NEUTRAL[path].items():
        for value in values:
            assert said(client.post(path, json=body(path, **{field: value}))) == expected, field
    at_once = {field: values[-1] for field, values in NEUTRAL[path].items()}
    assert said(client.post(path, json=body(path, **at_once))) == expected


TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
ELSE = {
    COMPLETIONS: {"presence_penalty": [0.5, False], "frequency_penalty": [-1],
                  "logit_bias": [{"50256": -100}], "best_of": [2], "suffix": ["."]},
    CHATS: {"tools": [[TOOL]], "tool_choice": ["required", {"type": "function"}],
            "functions": [[TOOL["function"]]], "function_call": [{"name": "add"}],
            "response_format": [{"type": "json_object"}, {"type": "json_schema"}],
            "modalities": [["text", "audio"]], "audio": [{"voice": "alloy"}],
            "store": [True, 0], "metadata": [{"a": "b"}], "service_tier": ["flex"],
            "prediction": [{"type": "content", "content": "a"}], "web_search_options": [{}],
            "reasoning_effort": ["high"], "verbosity": ["low"], "top_logprobs": [3, 21],
            "presence_penalty": [1], "moderation": [{"model": "a"}]},
    RESPONSES: {"tools": [[{"type": "web_search"}]], "tool_choice": ["required"],
                "store": [True], "background": [True], "previous_response_id": ["resp_1"],
                "conversation": ["conv_1"], "include": [["message.output_text.logprobs"]],
                "prompt": [{"id": "pmpt_1"}], "reasoning": [{"effort": "high"}],
                "text": [{"format": {"type": "json_object"}}], "truncation": ["auto"],
                "top_logprobs": [2], "max_output_tokens": [0, 65], "n": [2], "stop": ["a"],
                "input": [[], 5, None, [{"role": "tool", "content": "a"}],
                          [{"type": "function_call_output", "call_id": "a", "output": "b"}],
                          [{"role": "user", "content": [{"type": "input_image"}]}]]},
}  # fmt: skip


@pytest.mark.parametrize("path", ELSE)
def test_what_would_change_something_is_refused_by_its_name(client, path):
    for field, values in ELSE[path].items():
        for value in values:
            message = refused(client.post(path, json=body(path, **{field: value})), field)
            assert field in message, message


def test_top_p_is_the_library_s(client):
    for seed in (1, 2, 3):
        sampled = {"temperature": 1.5, "top_p": 0.4, "seed": seed}
        expected = served.alone(0.5, **sampled).text
        asked = body(COMPLETIONS, prompt=served.PROMPT, **sampled)
        assert said(client.post(COMPLETIONS, json=asked)) == expected
    assert expected != served.alone(0.5, temperature=1.5, seed=3).text


def test_an_answer_may_be_sent_back_as_it_came(official):
    asked: dict = {"model": served.NAME, "max_tokens": 8}
    messages: list = [{"role": "user", "content": CONTENT}]
    first = official.chat.completions.create(messages=messages, **asked).choices[0].message
    messages += [first.model_dump(), {"role": "user", "content": "and london"}]
    second = official.chat.completions.create(messages=messages, **asked)
    by_hand = f"user: {CONTENT}\nassistant: {first.content}\nuser: and london\nassistant:"
    expected = official.completions.create(prompt=by_hand, **asked).choices[0].text
    assert second.choices[0].message.content == expected


def test_choices_are_those_of_the_seeds_that_follow(client, official):
    sampled: dict = {"model": served.NAME, "temperature": 1.5, "max_tokens": 8}
    alone = [
        official.completions.create(prompt=served.PROMPT, seed=seed, **sampled).choices[0].text
        for seed in (7, 8, 9)
    ]
    assert len(set(alone)) == 3
    several = official.completions.create(prompt=served.PROMPT, seed=7, n=3, **sampled)
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert [choice.text for choice in several.choices] == alone
    read = len(served.model().encode(served.PROMPT))
    assert several.usage is not None
    assert several.usage.prompt_tokens == read  # once, however many answers
    written = [len(served.alone(0.5, tokens=8, temperature=1.5, seed=s).tokens) for s in (7, 8, 9)]
    assert several.usage.completion_tokens == sum(written)
    of_two = official.completions.create(
        prompt=["a metal is", served.PROMPT], seed=7, n=2, **sampled
    )
    assert [choice.text for choice in of_two.choices][2:] == alone[:2]
    heard = ["", "", ""]
    with official.completions.create(
        prompt=served.PROMPT, seed=7, n=3, stream=True, **sampled
    ) as stream:
        for event in stream:
            heard[event.choices[0].index] += event.choices[0].text
    assert heard == alone


def test_choices_that_would_be_equal_or_too_many_are_refused(client):
    for path in (COMPLETIONS, CHATS):
        assert "temperature 0" in refused(client.post(path, json=body(path, n=2)), "n")
        refused(client.post(path, json=body(path, n=33, temperature=1)), "n")
    many = body(COMPLETIONS, prompt=["a"] * 17, n=2, temperature=1)
    assert "17 prompts times n 2" in refused(client.post(COMPLETIONS, json=many), "n")
    guarded = body(CHATS, n=2, temperature=1, steering={"budget": 1})
    refused(client.post(CHATS, json=guarded), "steering")
    best = body(COMPLETIONS, n=2, best_of=2, temperature=1)
    assert client.post(COMPLETIONS, json=best).status_code == 200


def test_a_chat_has_logprobs_of_the_steered_model(official):
    messages: list = [{"role": "user", "content": CONTENT}]
    answer = official.chat.completions.create(
        model=served.NAME, messages=messages, max_tokens=6, logprobs=True, top_logprobs=7
    )
    model, vector = served.model(), served.make_vector()
    prompt = model.encode(f"user: {CONTENT}\nassistant:")
    with interp.steer(model, vector), torch.no_grad():
        written = list(interp.generate(model, prompt, max_new_tokens=6).tokens)
        logits = model.network(torch.tensor([prompt + written])).logits[0]
    logs = logits.log_softmax(dim=-1)[len(prompt) - 1 :]
    found = answer.choices[0].logprobs
    assert found is not None
    assert found.content is not None
    assert len(found.content) == len(written)
    for step, (token, told) in enumerate(zip(written, found.content, strict=True)):
        # One pass in float32 against another with the same sums.
        assert told.logprob == pytest.approx(float(logs[step, token]), abs=1e-5)
        best = logs[step].topk(7)
        assert [other.logprob for other in told.top_logprobs] == pytest.approx(
            best.values.tolist(), abs=1e-5
        )
        texts = [model.tokenizer.decode([int(other)]) for other in best.indices]
        assert [other.token for other in told.top_logprobs] == texts
        for other in (told, *told.top_logprobs):
            if "\ufffd" in other.token:
                assert other.bytes is None  # part of a character
            else:
                assert bytes(other.bytes or []) == other.token.encode()
    assert "".join(told.token for told in found.content) == answer.choices[0].message.content
    bare = official.chat.completions.create(
        model=served.NAME, messages=messages, max_tokens=6, logprobs=True
    )
    assert bare.choices[0].logprobs is not None
    assert bare.choices[0].logprobs.content is not None
    assert bare.choices[0].logprobs.content[0].top_logprobs == []


def test_logprobs_of_chats_that_nobody_can_give_are_refused(client):
    for more in ({"stream": True}, {"steering": {"budget": 1}}):
        refused(client.post(CHATS, json=body(CHATS, logprobs=True, **more)), "logprobs")


def test_a_response_says_what_a_chat_says(official):
    messages: list = [
        {"role": "system", "content": "be cold"},
        {"role": "user", "content": CONTENT},
    ]
    chat = official.chat.completions.create(model=served.NAME, messages=messages, max_tokens=9)
    expected = chat.choices[0].message.content
    part = {"type": "input_text", "text": CONTENT}
    for given, instructions in (
        (CONTENT, "be cold"),
        ([{"role": "user", "content": CONTENT}], "be cold"),
        ([{"type": "message", "role": "user", "content": [part]}], "be cold"),
        (messages, None),
    ):
        answer = official.responses.create(
            model=served.NAME, input=given, instructions=instructions, max_output_tokens=9,
            metadata={"run": "7"},
        )  # fmt: skip
        assert answer.output_text == expected
    assert answer.metadata == {"run": "7"}
    assert answer.usage is not None
    assert answer.usage.input_tokens == chat.usage.prompt_tokens
    assert answer.usage.output_tokens == chat.usage.completion_tokens
    assert answer.usage.total_tokens == chat.usage.total_tokens
    cut = chat.choices[0].finish_reason == "length"
    assert answer.status == ("incomplete" if cut else "completed")
    assert (answer.incomplete_details is None) != cut
    assert answer.to_dict()["steering"] == {"strength": 0.5}
    # And what it held may be sent back.
    again = official.responses.create(
        model=served.NAME,
        input=[*messages, answer.output[0].model_dump(exclude_none=True),
               {"role": "user", "content": "and london"}],
        max_output_tokens=9,
    )  # fmt: skip
    longer = [*messages, {"role": "assistant", "content": expected},
              {"role": "user", "content": "and london"}]  # fmt: skip
    further = official.chat.completions.create(model=served.NAME, messages=longer, max_tokens=9)
    assert again.output_text == further.choices[0].message.content


@pytest.fixture
def ending(client, monkeypatch):
    """The third token of the answer ends a text for as long as this is used."""
    free = said(client.post(RESPONSES, json=body(RESPONSES)))
    prompt = f"user: {CONTENT}\nassistant:"
    model = served.model()
    token = model.encode(prompt + free)[len(model.encode(prompt)) + 2]
    monkeypatch.setattr(model.network.generation_config, "eos_token_id", token)


@pytest.mark.usefixtures("ending")
def test_a_response_is_completed_where_the_model_ends_it(official):
    asked: dict = {"model": served.NAME, "input": CONTENT, "max_output_tokens": 9}
    whole = official.responses.create(**asked)
    assert whole.status == "completed"
    assert whole.incomplete_details is None
    assert whole.usage.output_tokens < 9
    with official.responses.stream(**asked) as stream:
        final = stream.get_final_response()
    assert final.output_text == whole.output_text
    assert final.usage == whole.usage


def test_a_streamed_response_is_heard_by_openai_s_client(official):
    asked: dict = {"model": served.NAME, "input": CONTENT, "max_output_tokens": 9}
    whole = official.responses.create(**asked)
    with official.responses.create(**asked, stream=True) as stream:
        heard = list(stream)
    final = heard[-1].response
    assert final.output_text == whole.output_text
    assert "".join(e.delta for e in heard if e.type == "response.output_text.delta") == (
        whole.output_text
    )
    assert final.usage == whole.usage
    assert [event.sequence_number for event in heard] == list(range(len(heard)))
    kinds = [event.type for event in heard if event.type != "response.output_text.delta"]
    assert kinds == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.content_part.added", "response.output_text.done", "response.content_part.done",
        "response.output_item.done", "response.incomplete",
    ]  # fmt: skip


def test_a_response_that_fails_says_so_in_its_stream(client, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("out of memory at 0xdeadbeef")

    with monkeypatch.context() as patched:
        patched.setattr(served.model().network, "generate", broken)
        answer = client.post(RESPONSES, json=body(RESPONSES, stream=True))
    *_, last = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    event = json.loads(last.removeprefix("data: "))
    assert event["type"] == "error"
    assert "0xdeadbeef" not in answer.text
    assert "0xdeadbeef" in capsys.readouterr().err


def test_errors_of_a_response_name_its_own_fields(client):
    long = body(RESPONSES, input="the city " * 400)
    assert "tokens" in refused(client.post(RESPONSES, json=long), "input")
    assert client.get(f"{RESPONSES}/resp_1").status_code == 404
