"""Bodies of requests, bounded in size and in time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from ._refused import Refused


def media_type(request: Request) -> str:
    """The stated type of the body, without parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """The whole body.

    Raises `Refused` if it is larger than `limit` bytes (413; before any is read where the length
    is stated), takes longer than `seconds` (408) or is broken off (400).
    """
    try:
        stated = int(request.headers.get("content-length", "0"))
    except ValueError:
        stated = 0
    if stated > limit:
        raise _too_large(limit)
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Refused(408, f"the upload took more than {seconds:.0f} s") from None
    except ClientDisconnect:
        raise Refused(400, "the upload was broken off") from None
    return bytes(content)


def _too_large(limit: int) -> Refused:
    return Refused(413, f"more than {limit / 1e6:.1f} MB were sent")
