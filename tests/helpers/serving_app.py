"""A tiny served model inside the tests' own process, with a vector made by hand."""

import contextlib
import functools
import threading
import time

import torch
import uvicorn
from starlette.testclient import TestClient
from tiny_models import byte_tokenizer, tiny_network

from nullcline import interp
from nullcline.experiments.serving import Limits, create_app
from nullcline.experiments.web import bound

NAME = "tiny"
PROMPT = "the city of paris is in"
ASKED = {"model": NAME, "prompt": PROMPT}


@functools.cache
def model(seed: int = 3) -> interp.Model:
    """A model that writes plain letters: of other bytes there would be no text to compare."""
    tokenizer, network = byte_tokenizer(), tiny_network("llama", seed=seed)
    strange = [
        t for t in range(network.config.vocab_size) if not legible(str(tokenizer.decode([t])))
    ]
    with torch.no_grad():
        network.lm_head.weight[strange] = 0.0
    return interp.build_model(network, tokenizer, name=NAME)


def legible(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def make_vector(positions: interp.Positions = "all") -> interp.TruthVector:
    direction = torch.randn(32, generator=torch.Generator().manual_seed(1))
    return interp.TruthVector(
        direction=direction / direction.norm(),
        hook_point=interp.HookPoint(1, "block"),
        strength=0.5,
        norm=4.0,
        raw_norm=1.0,
        method="by hand",
        contrast="none",
        model=NAME,
        fingerprint=model().fingerprint,
        positions=positions,
    )


def make_app(vector: interp.TruthVector | None = None, **limits):
    return create_app(model(), vector, limits=Limits(**{"concurrent": 16, "tokens": 64, **limits}))


def make_client(vector: interp.TruthVector | None = None, **limits) -> TestClient:
    return TestClient(
        make_app(vector, **limits), base_url="http://127.0.0.1", raise_server_exceptions=False
    )


def alone(strength: float | None = None, *, tokens: int = 12, **options) -> interp.Generated:
    """The text that the library writes by itself; without a strength, unsteered."""
    vector = make_vector()
    if strength is None:
        return interp.generate(model(), PROMPT, max_new_tokens=tokens, **options)
    with interp.steer(model(), vector, strength=strength):
        return interp.generate(model(), PROMPT, max_new_tokens=tokens, **options)


@contextlib.contextmanager
def running(app):
    """The application on a free port of this process."""
    with bound("127.0.0.1", 0) as own:
        own.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{own.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Slow:
    """Makes every pass of the tiny network take its time, and counts passes."""

    def __init__(self, seconds: float = 0.03) -> None:
        self.passes, self._seconds = 0, seconds
        self.begun = threading.Event()

    def __enter__(self) -> "Slow":
        self._handle = model().network.register_forward_pre_hook(self._wait)
        return self

    def _wait(self, *_) -> None:
        self.passes += 1
        self.begun.set()
        time.sleep(self._seconds)

    def __exit__(self, *_) -> None:
        self._handle.remove()
