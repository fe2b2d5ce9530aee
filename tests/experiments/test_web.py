"""What both servers share: who only connects, or is slow, keeps nobody out."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from nullcline.experiments.web import Guard, bound, own_names
from nullcline.experiments.web._connection import MOST_CONNECTIONS
from nullcline.experiments.web._run import settings_of

PATIENCE = 0.3


async def at_once(_: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


@contextlib.contextmanager
def running():
    """A small application behind the guard, on a free port: the port, and the server."""
    app = Starlette(routes=[Route("/", at_once), Route("/echo", echo, methods=["POST"])])
    app.add_middleware(
        Guard,
        hosts=tuple(own_names("127.0.0.1")),
        policy="default-src 'none'",
        refuse=lambda status, message: JSONResponse({"message": message}, status_code=status),
    )
    with bound("127.0.0.1", 0) as own:
        own.listen(128)
        server = uvicorn.Server(settings_of(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [own]})
        thread.start()
        try:
            yield own.getsockname()[1], server
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def connections(port: int, count: int, first: bytes = b""):
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            made.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
            made[-1].sendall(first)
        yield made


def head(port: int, *, address: str = "/", method: str = "GET", further: str = "") -> bytes:
    return f"{method} {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{further}".encode()


def get(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}/", timeout=20)


def test_idle_connections_keep_nobody_out():
    with running() as (port, server), connections(port, MOST_CONNECTIONS + 44) as idle:
        assert get(port).text == "here"
        assert len(server.server_state.connections) <= MOST_CONNECTIONS
        idle[0].settimeout(20)
        assert idle[0].recv(1) == b""  # the one that waited longest made room
        idle[-1].sendall(head(port) + b"\r\n")
        idle[-1].settimeout(20)
        assert idle[-1].recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("answered", [False, True])
def test_a_request_that_never_comes_to_its_end_is_given_up(monkeypatch, answered):
    """A letter every now and then is not more than nothing, before and after an answer."""
    monkeypatch.setattr("nullcline.experiments.web._connection.IDLE_SECONDS", PATIENCE)
    with running() as (port, _), connections(port, 1) as (slow,):
        slow.settimeout(20)
        if answered:
            slow.sendall(head(port) + b"\r\n")
            assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        slow.sendall(head(port, further="X: "))
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 20:
                slow.sendall(b"x")
                time.sleep(PATIENCE / 6)
        assert time.monotonic() - began < 15


def test_a_body_that_takes_longer_than_an_idle_connection_may_is_read(monkeypatch):
    monkeypatch.setattr("nullcline.experiments.web._connection.IDLE_SECONDS", PATIENCE)
    with running() as (port, _), connections(port, 1) as (one,):
        length = "Content-Length: 4\r\n\r\n"
        one.sendall(head(port, address="/echo", method="POST", further=length) + b"ab")
        time.sleep(3 * PATIENCE)
        one.sendall(b"cd")
        one.settimeout(20)
        assert one.recv(1000).endswith(b"abcd")


def test_more_requests_than_can_be_borne_are_answered_in_words(monkeypatch):
    monkeypatch.setattr("nullcline.experiments.web._guard.MOST_REQUESTS", 8)
    length = "Content-Length: 4\r\n\r\n"
    with running() as (port, server):
        half = head(port, address="/echo", method="POST", further=length) + b"ab"
        with connections(port, 8, half) as waiting:
            end = time.monotonic() + 20
            while len(server.server_state.tasks) < 8 and time.monotonic() < end:
                time.sleep(0.01)
            refused = get(port)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
            assert "try again in a moment" in refused.json()["message"]
            for one in waiting:
                one.sendall(b"cd")
                one.settimeout(20)
                assert one.recv(1000).endswith(b"abcd")
            assert get(port).status_code == 200


def test_the_address_is_said_only_when_it_can_be_reached():
    code = """
import os, socket
from nullcline.experiments.web import bound, run_until_stopped
with bound("127.0.0.1", 0) as own:
    def say():
        with socket.create_connection(own.getsockname(), timeout=5):
            print("reached", flush=True)
        os._exit(0)
    try:
        socket.create_connection(own.getsockname(), timeout=5)
    except ConnectionRefusedError:
        print("refused")
    run_until_stopped(lambda *_: None, own, on_listening=say)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["refused", "reached"], done.stderr


def test_what_is_half_sent_when_the_server_ends_is_answered():
    from nullcline.experiments.web import Refused, read_body

    async def run() -> None:
        async def receive() -> Message:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        request = Request({"type": "http", "method": "POST", "headers": []}, receive)
        reading = asyncio.create_task(read_body(request, limit=10, seconds=60))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(Refused, match="told to end") as refused:
            await reading
        assert refused.value.status == 503

    asyncio.run(run())
