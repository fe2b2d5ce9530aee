"""Who waits at the server's door, for how long, and who is sent away."""

import asyncio
import threading
import time

import httpx
import pytest
import serving_app as served

from nullcline.experiments.serving import Limits
from nullcline.experiments.serving._errors import ApiError
from nullcline.experiments.serving._places import Places


def test_places_are_given_in_the_order_in_which_they_were_asked_for():
    async def run() -> list[str]:
        places, seen = Places(1, queue=3, wait=60), []

        async def guest(name: str, leave: asyncio.Event) -> None:
            async with places.place():
                seen.append(name)
                await leave.wait()

        leaving = {name: asyncio.Event() for name in "abcd"}
        tasks = []
        for name in "abcd":
            tasks.append(asyncio.create_task(guest(name, leaving[name])))
            await asyncio.sleep(0)
        assert places.waiting == 3
        with pytest.raises(ApiError) as error:
            await places._take()
        assert (error.value.status, error.value.headers) == (429, {"Retry-After": "1"})
        tasks[2].cancel()  # c leaves the queue, and its place in it is free
        await asyncio.gather(tasks[2], return_exceptions=True)
        assert places.waiting == 2
        for name in "abd":
            leaving[name].set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert places.waiting == 0
        async with places.place():  # everybody has given back what they had
            return seen

    assert asyncio.run(run()) == ["a", "b", "d"]


def test_whoever_waits_too_long_is_sent_away_and_takes_nothing():
    async def run() -> None:
        places = Places(1, queue=1, wait=0.01)
        async with places.place():
            with pytest.raises(ApiError, match=r"within 0\.01 s") as error:
                await places._take()
            assert error.value.status == 429
            assert places.waiting == 0
        async with places.place():
            pass

    asyncio.run(run())


def test_without_a_queue_nobody_waits():
    async def run() -> None:
        places = Places(2, queue=0, wait=60)
        async with places.place(), places.place():
            with pytest.raises(ApiError, match="2 requests are here, as many"):
                await places._take()

    asyncio.run(run())


@pytest.mark.parametrize("bad", [{"queue": -1}, {"wait": -1}, {"wait": float("inf")}])
def test_limits_of_a_queue_that_is_none_are_refused(bad):
    with pytest.raises(ValueError, match="queue"):
        Limits(**bad)


class Held:
    """The network stands still inside its passes until it is let go."""

    def __enter__(self) -> "Held":
        self.begun, self.go = threading.Event(), threading.Event()

        def wait(*_) -> None:
            self.begun.set()
            assert self.go.wait(60)

        self._handle = served.model().network.register_forward_pre_hook(wait)
        return self

    def __exit__(self, *_) -> None:
        self.go.set()
        self._handle.remove()


def test_one_waits_and_the_next_is_sent_away():
    async def run() -> list[int]:
        app = served.make_app(served.make_vector(), concurrent=1, queue=1)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def ask() -> httpx.Response:
                return await client.post("/v1/completions", json={**served.ASKED, "max_tokens": 2})

            with Held() as held:
                first = asyncio.create_task(ask())
                await asyncio.to_thread(held.begun.wait, 60)
                others = [asyncio.create_task(ask()) for _ in range(3)]
                # One of the three has the queue; the others are answered while it stands still.
                while sum(task.done() for task in others) < 2:
                    await asyncio.sleep(0.01)
                held.go.set()
                answers = await asyncio.gather(first, *others)
        busy = [answer for answer in answers if answer.status_code == 429]
        assert all(answer.headers["retry-after"] == "1" for answer in busy)
        assert "1 wait" in busy[0].json()["error"]["message"]
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(run()) == [200, 200, 429, 429]


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_while_it_waits_leaves_the_queue(stream):
    app = served.make_app(served.make_vector(), concurrent=1, queue=1)
    asked = {**served.ASKED, "max_tokens": 2, "stream": stream}
    with (
        served.running(app) as base,
        Held() as held,
        httpx.Client(base_url=base, timeout=60) as client,
    ):
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(client.post("/v1/completions", json=asked))

        first = threading.Thread(target=ask)
        first.start()
        assert held.begun.wait(60)
        with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=base, timeout=0.3) as leaving:
            leaving.post("/v1/completions", json=asked)
        # The place in the queue is had again as soon as the server has noticed; until then 429.
        end = time.monotonic() + 30
        waiting = threading.Thread(target=ask)
        while not waiting.is_alive() and time.monotonic() < end:
            answers.clear()
            waiting = threading.Thread(target=ask)
            waiting.start()
            waiting.join(timeout=0.5)
        assert waiting.is_alive()
        held.go.set()
        for thread in (first, waiting):
            thread.join(60)
    assert [answer.status_code for answer in answers] == [200, 200]
