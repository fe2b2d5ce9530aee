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


class Guard:
    """Refuses other hosts' names and other sites' posts; adds the security headers.

    A page of another site can make a browser send requests here under that site's name (DNS
    rebinding); the names in `hosts` are the only ones answered. Starlette's own middleware for
    trusted hosts compares no origins, and does not read addresses of IPv6.

    - `policy`: the Content-Security-Policy of every answer.
    - `refuse`: makes the answer (403) from a message, in the shape of this server's errors.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], policy: str, refuse: Callable[[str], Response]
    ):
        self._app, self._refuse = app, refuse
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
        refusal = self._refusal(headers.get("host", ""), headers.get("origin"))
        answer = self._refuse(refusal) if refusal else self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, host: str, origin: str | None) -> str | None:
        """Why a request is refused, None where it is not."""
        if _name(host) not in self._hosts:
            return "this server answers to its own name only; use the address that it printed"
        if origin is None:  # not from a page of a browser, or a page that is only opened
            return None
        try:
            own = urlsplit(origin).netloc == host
        except ValueError:
            own = False
        return None if own else "requests from other sites are refused"


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
