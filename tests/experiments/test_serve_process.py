"""The server over real connections: as a process of its own, with OpenAI's client, and left."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import openai
import pytest
import serving_app as served

from nullcline import interp
from nullcline.experiments.cli import main


@pytest.fixture
def interruptible():
    """Tests that a shell runs in the background ignore Ctrl-C, and so would what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow(reason="a process that imports PyTorch and serves a model")
@pytest.mark.usefixtures("interruptible")
def test_the_command_serves_openai_s_client_and_ends_when_told(tmp_path, capsys):
    folder, file = tmp_path / served.NAME, tmp_path / "truth.safetensors"
    served.model().network.save_pretrained(folder)
    served.model().tokenizer.save_pretrained(folder)
    interp.save_vector(served.make_vector(), file)
    command = [sys.executable, "-m", "nullcline", "serve", str(folder)]
    with subprocess.Popen(
        [*command, "--vector", str(file), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        try:
            assert process.stderr is not None
            address = next(
                found[1]
                for line in process.stderr
                if (found := re.search(r"(http://\S+/v1) serves tiny", line))
            )
            _speak(address)
            port = address.split(":")[2].removesuffix("/v1")
            assert main(["serve", str(folder), "--port", port]) == 2
            assert f"port {port} of 127.0.0.1 is in use" in capsys.readouterr().err
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
        finally:
            process.kill()


def _speak(address: str) -> None:
    """What OpenAI's own client makes of the server."""
    with openai.OpenAI(base_url=address, api_key="none", max_retries=0) as client:
        assert [model.id for model in client.models.list()] == [served.NAME]
        for strength in (0.0, 1.0):
            written = client.completions.create(
                model=served.NAME,
                prompt=served.PROMPT,
                max_tokens=12,
                extra_body={"steering": {"strength": strength}},
            )
            assert written.choices[0].text == served.alone(strength).text
        messages: list = [{"role": "user", "content": "the city of paris"}]
        whole = client.chat.completions.create(model=served.NAME, messages=messages, max_tokens=12)
        with client.chat.completions.create(
            model=served.NAME, messages=messages, max_tokens=12, stream=True
        ) as stream:
            said = "".join(part.choices[0].delta.content or "" for part in stream)
        assert said == whole.choices[0].message.content != ""
        with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
            client.completions.create(model="gpt-4", prompt="a")
        with pytest.raises(openai.BadRequestError, match="max_tokens"):
            client.completions.create(model=served.NAME, prompt=served.PROMPT, max_tokens=100_000)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_its_text_and_gives_its_place_back(stream):
    app = served.make_app(served.make_vector(), concurrent=1, queue=0, tokens=110)
    asked = {**served.ASKED, "max_tokens": 110, "stream": stream}
    with (
        served.running(app) as base,
        httpx.Client(base_url=base) as other,
        served.Slow(0.1) as slow,
    ):
        leaving = httpx.Client(base_url=base, timeout=httpx.Timeout(10, read=10 if stream else 0.5))
        if stream:
            with leaving.stream("POST", "/v1/completions", json=asked) as answer:
                lines = answer.iter_lines()  # held: without it the connection is closed
                assert json.loads(next(lines).removeprefix("data: "))["choices"][0]["text"]
                busy = other.post("/v1/completions", json=asked)
        else:
            with pytest.raises(httpx.ReadTimeout):
                leaving.post("/v1/completions", json=asked)
            busy = None
        leaving.close()
        left = slow.passes
        if busy is not None:
            assert busy.status_code == 429
            assert busy.headers["retry-after"] == "1"
            assert busy.json()["error"]["type"] == "rate_limit_error"
        end = time.monotonic() + 20
        body = {**served.ASKED, "max_tokens": 1}
        while (answer := other.post("/v1/completions", json=body)).status_code == 429:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert answer.status_code == 200
        # All of it would have been a hundred passes: ten seconds.
        assert slow.passes - left < 30
