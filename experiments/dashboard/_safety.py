"""What stands before every request: hosts, headers, bounds."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._errors import Refused
from ._page import LIVE_POLICY

_HEADERS = {
    "Content-Security-Policy": LIVE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Refuses other hosts' names and other sites' posts; adds the security headers.

    A page of another site can make a browser send requests here under that site's name (DNS
    rebinding); addresses and the names in `hosts` are the only ones answered.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]):
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(headers.get("host", ""), headers.get("origin"))
        if refusal:
            await self.refused(refusal)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def refused(self, message: str) -> Response:
        """The answer to a request that is refused, in the shape that this server's errors have."""
        return JSONResponse({"message": message, "row": None}, status_code=403)

    def _refusal(self, host: str, origin: str | None) -> str | None:
        if not self._is_ours(_name(host)):
            return "this server answers to its own name only; use the address that it printed"
        if origin is None or origin == "null":
            return None if origin is None else "requests from other sites are refused"
        try:
            from_host = urlsplit(origin).netloc
        except ValueError:
            from_host = ""
        return None if from_host == host else "requests from other sites are refused"

    def _is_ours(self, name: str) -> bool:
        return name in self._hosts


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def own_names(host: str) -> set[str]:
    """Names under which a server bound to `host` may be asked for."""
    names = {"localhost", "127.0.0.1", "::1", host.lower()}
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    if everywhere:  # all addresses of this machine, which only somebody who asked for it opens
        names.add(socket.gethostname().lower())
        names.add(socket.getfqdn().lower())
        try:
            found = socket.getaddrinfo(socket.gethostname(), None)
        except OSError:
            found = []
        names |= {str(item[4][0]).split("%")[0] for item in found}
    return names


async def read_body(request: Request, *, limit: int, seconds: float) -> bytes:
    """The whole body, `Refused` if it is larger than `limit` or takes longer than `seconds`."""
    try:
        stated = int(request.headers.get("content-length", "0"))
    except ValueError:
        stated = 0
    if stated > limit:
        raise Refused(413, f"more than {limit / 1e6:.1f} MB were sent")
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
                if len(content) > limit:
                    raise Refused(413, f"more than {limit / 1e6:.1f} MB were sent")
    except TimeoutError:
        raise Refused(408, f"the upload took more than {seconds:.0f} s") from None
    except ClientDisconnect:
        raise Refused(400, "the upload was broken off") from None
    return bytes(content)
