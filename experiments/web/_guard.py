"""What stands before every request: names of hosts, and headers for browsers."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


_OTHER_SITE = "requests from other sites are refused"
#: Requests that are answered at once; each may hold a body.
MOST_REQUESTS = 128
_CROWDED = f"{MOST_REQUESTS} requests are here, as many as this server takes; try again in a moment"


class Guard:
    """Refuses other hosts' names, other sites' requests, and more than it can bear; adds the
    security headers.

    A page of another site can make a browser send requests here under that site's name (DNS
    rebinding); the names in `hosts` are the only ones answered. Starlette's own middleware for
    trusted hosts compares no origins, and does not read addresses of IPv6.

    - `policy`: the Content-Security-Policy of every answer.
    - `refuse`: makes the answer from a status and a message, in the shape of this server's errors:
      403, and 503 where `MOST_REQUESTS` are being answered.
    - `opened`: addresses that a link of another site may open; they begin no work.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        policy: str,
        refuse: Callable[[int, str], Response],
        opened: Iterable[str] = (),
    ):
        self._app, self._refuse, self._opened = app, refuse, frozenset(opened)
        self._here = 0
        self._hosts = frozenset(host.lower() for host in hosts)
        self._headers = {"Content-Security-Policy": policy, **_HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        headers = Headers(scope=scope)
        if refusal := self._refusal(headers, scope["path"]):
            await self._refuse(403, refusal)(scope, receive, send_with_headers)
            return
        if self._here >= MOST_REQUESTS:
            crowded = self._refuse(503, _CROWDED)
            crowded.headers["Retry-After"] = "1"
            await crowded(scope, receive, send_with_headers)
            return
        self._here += 1
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._here -= 1

    def _refusal(self, headers: Headers, path: str) -> str | None:
        """Why a request is refused, None where it is not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if _name(host) not in self._hosts:
            return "this server answers to its own name only; use the address that it printed"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # Said by the browser itself, of pictures and of scripts too; same-site is another port.
            followed = headers.get("sec-fetch-dest") == "document" and path in self._opened
            return None if followed and origin is None else _OTHER_SITE
        if origin is None:  # not from a page of a browser, or a page that is only opened
            return None
        try:
            own = urlsplit(origin).netloc == host
        except ValueError:
            own = False
        return None if own else _OTHER_SITE


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def own_names(host: str) -> set[str]:
    """Names under which a server bound to `host` may be reached."""
    names = {"localhost", "127.0.0.1", "::1", host.lower()}
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    if everywhere:  # all addresses of this machine, which is opened by --host alone
        names.add(socket.gethostname().lower())
        names.add(socket.getfqdn().lower())
        try:
            addresses = socket.getaddrinfo(socket.gethostname(), None)
        except OSError:
            addresses = []
        names |= {str(item[4][0]).split("%")[0] for item in addresses}
    return names
