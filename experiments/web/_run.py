"""A server until a signal stops it."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from ._port import cannot_have

#: Connections, of which far fewer can be requests: each may hold a body.
_MOST_CONNECTIONS = 128
#: How long answers that are being given may go on after the signal.
_GRACE_SECONDS = 3


def run_until_stopped(
    app: ASGIApp, own: socket.socket, *, on_listening: Callable[[], None] = lambda: None
) -> None:
    """Serve on a bound socket until SIGINT or SIGTERM.

    `on_listening` is called once whoever follows the address waits instead of being refused.
    **Raises** `ValueError` where another has taken the port since it was bound.
    """
    host, port = own.getsockname()[:2]
    try:
        own.listen(_MOST_CONNECTIONS)
    except OSError as error:
        raise cannot_have(error, host, port) from None
    on_listening()
    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    uvicorn.Server(settings).run(sockets=[own])
