"""Bodies of requests, bounded in size and in time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from ._refused import Refused


def media_type(request: Request) -> str:
    """The stated type of the body, without parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


@contextlib.asynccontextmanager
async def bounded(request: Request, *, limit: int, seconds: float) -> AsyncIterator[Request]:
    """The request, to read its body inside: as bytes, or as a form by Starlette's own parser.

    Raises `Refused` where the body is larger than `limit` bytes (413; before any of it is read
    where the length is stated), takes longer than `seconds` (408), is broken off (400), or where
    the server ends meanwhile (503).
    """
    too_large = Refused(413, f"more than {limit / 1e6:.1f} MB were sent; send less")
    try:
        stated = int(request.headers.get("content-length", "0"))
    except ValueError:
        stated = 0
    if stated > limit:
        raise too_large
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise too_large
        return message

    try:
        async with asyncio.timeout(seconds):
            yield Request(request.scope, receive)
    except TimeoutError:
        raise Refused(408, f"the upload took more than {seconds:.0f} s; send it again") from None
    except asyncio.CancelledError:  # by the server, whose patience after a signal is over
        raise Refused(503, "this server has been told to end; nothing was read") from None
    except ClientDisconnect:
        raise Refused(400, "the upload was broken off; send it again") from None


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """The whole body. Raises `Refused` as `bounded` does."""
    async with bounded(request, limit=limit, seconds=seconds) as body:
        return await body.body()
