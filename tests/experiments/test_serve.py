"""The OpenAI-compatible server: what it writes, what it reports, and what it refuses."""

import asyncio
import dataclasses
import json

import httpx
import pytest
import serving_app as served
import torch

from nullcline import interp
from nullcline.experiments.cli import main
from nullcline.experiments.serving._until_stop import UntilStop
from nullcline.experiments.web import bound


@pytest.fixture(scope="module")
def client():
    with served.make_client(served.make_vector()) as made:
        yield made


@pytest.fixture(scope="module")
def plain():
    """A server without a vector."""
    with served.make_client() as made:
        yield made


def complete(client, **fields):
    body = {"model": served.NAME, "prompt": served.PROMPT, "max_tokens": 12, **fields}
    return client.post("/v1/completions", json=body)


def chat(client, content="the city of paris", **fields):
    messages = [{"role": "user", "content": content}]
    body = {"model": served.NAME, "messages": messages, "max_tokens": 12, **fields}
    return client.post("/v1/chat/completions", json=body)


def text(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["text"]


def events(answer) -> list[dict]:
    """What a stream said, which has to end as OpenAI's do."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def error(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"}
    found = answer.json()["error"]
    assert found.keys() == {"message", "type", "param", "code"}
    assert "\n" not in found["message"]
    return found


def test_the_model_is_listed_by_its_name(client):
    (entry,) = client.get("/v1/models").json()["data"]
    assert entry["id"] == served.NAME
    assert client.get(f"/v1/models/{served.NAME}").json() == entry
    assert error(client.get("/v1/models/other"), 404)["code"] == "model_not_found"


def test_a_strength_writes_what_the_library_writes_and_strength_0_the_unsteered_tokens(client):
    unsteered = served.alone()
    answer = complete(client, steering={"strength": 0})
    assert text(answer) == unsteered.text
    assert answer.json()["usage"] == {
        "prompt_tokens": unsteered.prompt_tokens,
        "completion_tokens": len(unsteered.tokens),
        "total_tokens": unsteered.prompt_tokens + len(unsteered.tokens),
    }
    assert text(complete(client)) == served.alone(0.5).text != unsteered.text
    assert text(complete(client, steering={"strength": -1})) == served.alone(-1.0).text
    assert complete(client).json()["steering"] == {"strength": 0.5}


def test_ablation_is_the_library_s(client):
    vector = served.make_vector()
    with interp.steer(served.model(), vector, ablate=True):
        expected = interp.generate(served.model(), served.PROMPT, max_new_tokens=12)
    answer = complete(client, steering={"ablate": True})
    assert text(answer) == expected.text != served.alone().text
    assert answer.json()["steering"] == {"ablate": True}


def test_without_a_vector_texts_are_unsteered_and_steering_is_refused(plain):
    answer = complete(plain)
    assert text(answer) == served.alone().text
    assert answer.json()["steering"] is None
    found = error(complete(plain, steering={"strength": 1}), 400)
    assert found["code"] == "no_vector"
    assert found["param"] == "steering"


def test_a_budget_backs_off_and_says_so(client):
    expected = interp.generate_guarded(
        served.model(), served.make_vector(), served.PROMPT, budget=0.5, strength=1.0,
        max_new_tokens=12,
    )  # fmt: skip
    answer = complete(client, steering={"strength": 1.0, "budget": 0.5})
    assert text(answer) == expected.generated.text
    assert answer.json()["steering"] == {
        "strength": 1.0, "budget": 0.5, "spent": expected.spent, "backed_off": expected.backed_off,
    }  # fmt: skip
    assert expected.backed_off > 0
    assert 0 <= expected.spent <= 0.5
    nothing = complete(client, steering={"strength": 0, "budget": 0.5})
    assert text(nothing) == served.alone().text
    assert nothing.json()["steering"]["spent"] == 0


def test_streams_say_the_same_and_what_was_done(client):
    whole = complete(client, steering={"strength": 1.0, "budget": 0.5}).json()
    told = events(
        complete(
            client,
            steering={"strength": 1.0, "budget": 0.5},
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [choice for event in told for choice in event["choices"]]
    assert "".join(piece["text"] for piece in pieces) == whole["choices"][0]["text"]
    assert pieces[-1]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert told[-2]["steering"] == whole["steering"]
    assert told[-1]["usage"] == whole["usage"]
    assert len({event["id"] for event in told}) == 1


def test_sampling_is_by_seed(client):
    drawn = [text(complete(client, temperature=1.5, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] == served.alone(0.5, temperature=1.5, seed=1).text
    assert drawn[0] != drawn[2]
    unseeded = {text(complete(client, temperature=1.5)) for _ in range(3)}
    assert len(unseeded) > 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_string_ends_the_text_before_it(client, stream):
    free = served.alone(0.5, tokens=40).text
    stop = free[10:13]
    cut = free[: free.index(stop)]
    answer = complete(client, max_tokens=40, stop=["never said", stop], stream=stream)
    if stream:
        pieces = [choice for event in events(answer) for choice in event["choices"]]
        said, finish = "".join(piece["text"] for piece in pieces), pieces[-1]["finish_reason"]
    else:
        said, finish = text(answer), answer.json()["choices"][0]["finish_reason"]
        # Ended at the stop string, not cut after the fact.
        assert answer.json()["usage"]["completion_tokens"] < 40
    assert said == cut
    assert finish == "stop"


def test_no_cut_of_the_pieces_changes_where_a_text_stops():
    told = "a stone by the stony road stops here"
    for stop in (["stop"], ["stony r", "road"], ["zzz"], ["sto", "stone"], ["e", "here"], []):
        places = [told.index(word) for word in stop if word in told]
        for size in range(1, 8):
            heard: list[str] = []
            until = UntilStop(stop, heard.append)
            for start in range(0, len(told), size):
                until.add(told[start : start + size])
            until.end()
            assert "".join(heard) == until.text == told[: min(places, default=None)]
            assert until.stopped == bool(places)


def test_prompts_come_as_texts_or_tokens_one_or_several(client):
    tokens = served.model().encode(served.PROMPT)
    expected = text(complete(client))
    for prompt in ([served.PROMPT], tokens, [tokens]):
        assert text(complete(client, prompt=prompt)) == expected
    answer = complete(client, prompt=[served.PROMPT, "a metal is"]).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert answer["choices"][0]["text"] == expected != answer["choices"][1]["text"]
    assert complete(client, prompt=tokens, echo=True).json()["choices"][0]["text"] == (
        served.PROMPT + expected
    )


def by_hand(tokens: list[int], strength: float) -> torch.Tensor:
    """Log-probabilities of steered next tokens, shape (tokens, vocabulary), by a hook of one's
    own."""
    vector = served.make_vector()

    def add(module, inputs, output):
        added = strength * vector.norm * vector.direction
        return (output[0] + added, *output[1:]) if isinstance(output, tuple) else output + added

    handle = served.model().network.model.layers[1].register_forward_hook(add)
    with torch.no_grad():
        logits = served.model().network(torch.tensor([tokens])).logits[0]
    handle.remove()
    return logits.log_softmax(dim=-1)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_a_harness_can_score_a_prompt_by_the_steered_model(client, strength):
    # What lm-evaluation-harness's local-completions sends, and how it reads the answer.
    tokens = served.model().encode(served.PROMPT)
    answer = complete(
        client, prompt=[tokens], max_tokens=1, temperature=0, logprobs=1, echo=True, seed=1234,
        steering={"strength": strength},
    ).json()  # fmt: skip
    found = answer["choices"][0]["logprobs"]
    logs = by_hand(tokens, strength)
    assert found["token_logprobs"][0] is None
    assert len(found["token_logprobs"]) == len(tokens) + 1
    # One pass in float32 against another with the same sums.
    expected = [float(logs[place, token]) for place, token in enumerate(tokens[1:])]
    assert found["token_logprobs"][1:-1] == pytest.approx(expected, abs=1e-5)
    for place, top in enumerate(found["top_logprobs"][1:-1]):
        assert max(top.values()) == pytest.approx(float(logs[place].max()), abs=1e-5)
    assert found["token_logprobs"][-1] == pytest.approx(float(logs[-1].max()), abs=1e-5)
    assert "".join(found["tokens"][:-1]) == served.PROMPT
    assert found["text_offset"][1] == len(found["tokens"][0])


def test_written_tokens_have_logprobs_too(client):
    answer = complete(client, logprobs=2).json()
    found = answer["choices"][0]["logprobs"]
    written = served.alone(0.5).tokens
    logs = by_hand([*served.model().encode(served.PROMPT), *written], 0.5)
    before = len(served.model().encode(served.PROMPT)) - 1
    expected = [float(logs[before + step, token]) for step, token in enumerate(written)]
    assert found["token_logprobs"] == pytest.approx(expected, abs=1e-5)


def test_a_vector_of_answers_is_told_where_the_scored_answer_starts():
    tokens = served.model().encode(served.PROMPT)
    asked = {"prompt": tokens, "max_tokens": 0, "echo": True, "logprobs": 0}
    with served.make_client(served.make_vector("last")) as client:
        assert error(complete(client, **asked), 400)["param"] == "steering.answer_start"
        found = complete(client, **asked, steering={"answer_start": 4}).json()
    values = found["choices"][0]["logprobs"]["token_logprobs"]
    plain, steered = by_hand(tokens, 0.0), by_hand(tokens, 0.5)
    before = [float(plain[place, tokens[place + 1]]) for place in range(3)]
    assert values[1:4] == pytest.approx(before, abs=1e-5)
    assert abs(values[4] - float(plain[3, tokens[4]])) > 1e-3
    assert abs(values[4] - float(steered[3, tokens[4]])) > 1e-6  # earlier positions are not steered


def test_a_chat_without_a_template_is_lines_of_role_and_content(client):
    written = text(complete(client, prompt="system: be cold\nuser: the city of paris\nassistant:"))
    body = {
        "model": served.NAME,
        "max_completion_tokens": 12,
        "messages": [
            {"role": "system", "content": "be cold"},
            {"role": "user", "content": [{"type": "text", "text": "the city of paris"}]},
        ],
    }
    answer = client.post("/v1/chat/completions", json=body).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": written}
    assert answer["object"] == "chat.completion"
    told = events(client.post("/v1/chat/completions", json={**body, "stream": True}))
    deltas = [event["choices"][0]["delta"] for event in told]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == written
    assert deltas[-1] == {}


def test_a_chat_follows_the_tokenizer_s_template(client, monkeypatch):
    template = (
        "{% for m in messages %}{% if m.role == 'system' %}"
        "{{ raise_exception('no system here') }}{% endif %}[{{ m.content }}]{% endfor %}"
        "{% if add_generation_prompt %}>{% endif %}"
    )
    monkeypatch.setattr(served.model().tokenizer, "chat_template", template)
    answer = chat(client)
    assert answer.json()["choices"][0]["message"]["content"] == text(
        complete(client, prompt="[the city of paris]>")
    )
    body = {"model": served.NAME, "messages": [{"role": "developer", "content": "be cold"}]}
    refused = error(client.post("/v1/chat/completions", json=body), 400)
    assert "no system here" in refused["message"]


def test_texts_of_different_strengths_never_mix():
    strengths = [0.0, 2.0, -2.0, 0.5, 1.0, -1.0]
    expected = [served.alone(strength, tokens=12).text for strength in strengths]
    assert len(set(expected)) == len(strengths)

    async def at_once() -> list[str]:
        transport = httpx.ASGITransport(served.make_app(served.make_vector()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def one(strength: float) -> str:
                body = {"model": served.NAME, "prompt": served.PROMPT, "max_tokens": 12}
                answer = await client.post(
                    "/v1/completions", json={**body, "steering": {"strength": strength}}
                )
                return answer.json()["choices"][0]["text"]

            return await asyncio.gather(*(one(strength) for strength in strengths * 2))

    with served.Slow(0.002):  # so that requests do meet
        assert asyncio.run(at_once()) == expected * 2


BAD_FIELDS = {
    "max_tokens": [-1, 65, "many", 1.5, True, 10**30],
    "temperature": [-1, 3, "hot"],
    "seed": [2**70, "x"],
    "stop": [[""], 5, ["a"] * 17, "a" * 201],
    "n": [0, 33, 2, 1.5],
    "top_p": [-0.1, 1.1, "most"],
    "best_of": [3],
    "logprobs": [6, True],
    "prompt": [5, None, [], [[]], [1.5], [-1], [10**6], ["a", 3], "", {"a": 1}, "the city " * 400],
    "steering": [5, {"strength": "x"}, {"strength": 1e9}, {"budget": -1}, {"unknown": 1}],
    "unknown": [1],
    "suffix": ["at the end"],
    "model": [5],
}


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_what_cannot_be_meant_is_refused_with_the_field(client, field):
    for value in BAD_FIELDS[field]:
        found = error(complete(client, **{field: value}), 400)
        assert found["param"].split(".")[0] == field, (value, found)
        assert found["type"] == "invalid_request_error"
    assert complete(client).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"steering": {"ablate": True, "budget": 1}},
        {"steering": {"budget": 1}, "logprobs": 1},
        {"steering": {"budget": 1}, "prompt": ["a", "b"]},
        {"echo": True, "logprobs": 1, "max_tokens": 5},
        {"logprobs": 1, "stream": True},
        {"max_tokens": 0},
    ],
)
def test_contradictions_are_refused(client, fields):
    error(complete(client, **fields), 400)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"model": "\\ud800"}', b"[" * 100_000,
        b'{"model": "tiny", "prompt": "a", "steering": {"strength": NaN}}',
        b'{"model": "tiny", "prompt": "a", "steering": {"strength": Infinity}}',
        b'{"model": "tiny", "prompt": "a", "temperature": NaN}',
    ],
)  # fmt: skip
def test_broken_bodies_are_refused(client, content):
    for path in ("/v1/completions", "/v1/chat/completions"):
        answer = client.post(path, content=content, headers={"content-type": "application/json"})
        error(answer, 400)


def test_other_refusals_have_the_same_shape(client):
    assert error(complete(client, model="gpt-4"), 404)["code"] == "model_not_found"
    error(client.post("/v1/completions", content=b"{}"), 415)
    error(client.get("/v1/nothing"), 404)
    error(client.get("/v1/completions"), 405)
    huge = complete(client, prompt="a" * 1_000_001)
    assert error(huge, 413)["code"] == "request_too_large"
    error(client.get("/v1/models", headers={"host": "evil.example"}), 403)
    error(client.get("/v1/models", headers={"origin": "http://evil.example"}), 403)
    error(chat(client, messages=[]), 400)
    error(chat(client, messages=[{"role": "tool", "content": "a"}]), 400)
    assert chat(client).status_code == 200


def test_a_failure_of_the_model_is_told_and_the_server_lives_on(client, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("out of memory at 0xdeadbeef")

    with monkeypatch.context() as patched:
        patched.setattr(served.model().network, "generate", broken)
        found = error(complete(client), 500)
        assert found["type"] == "server_error"
        assert "0xdeadbeef" not in found["message"]
        (only,) = events(complete(client, stream=True))
        assert only["error"]["type"] == "server_error"
    assert "0xdeadbeef" in capsys.readouterr().err
    assert text(complete(client)) == served.alone(0.5).text


def test_the_command_refuses_on_one_line(capsys, tmp_path):
    def refused(*arguments) -> str:
        assert main(["serve", "organism:heads-32", *arguments]) == 2
        seen = capsys.readouterr()
        assert seen.out == ""
        (line,) = seen.err.strip().splitlines()
        return line

    with bound("127.0.0.1", 0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 is in use" in refused("--port", port)
    assert "no port" in refused("--port", "70000")
    assert "nowhere.invalid" in refused("--port", "0", "--host", "nowhere.invalid")
    assert "nullcline truth" in refused("--port", "0", "--vector", str(tmp_path / "none"))
    assert "no number" in refused("--strength", "nan", "--vector", "v")
    assert "--vector" in refused("--strength", "1")
    assert "--max-concurrent" in refused("--max-concurrent", "0")
    assert "--queue -1" in refused("--queue", "-1")
    assert "--queue-seconds nan" in refused("--queue-seconds", "nan")


def test_the_library_refuses_a_vector_of_another_width():
    wide = dataclasses.replace(served.make_vector(), direction=torch.ones(64))
    with pytest.raises(interp.InterpError, match="width"):
        served.make_app(wide)
