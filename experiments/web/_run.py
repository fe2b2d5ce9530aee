"""A server until a signal stops it."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from ._connection import IDLE_SECONDS, Connection
from ._port import cannot_have

#: Connections that the system keeps until they are accepted.
_WAITING = 128
#: How long answers that are being given may go on after the signal.
_GRACE_SECONDS = 1


def run_until_stopped(
    app: ASGIApp, own: socket.socket, *, on_listening: Callable[[], None] = lambda: None
) -> None:
    """Serve on a bound socket until SIGINT or SIGTERM.

    `on_listening` is called once whoever follows the address waits instead of being refused.
    **Raises** `ValueError` where another has taken the port since it was bound.
    """
    host, port = own.getsockname()[:2]
    try:
        own.listen(_WAITING)
    except OSError as error:
        raise cannot_have(error, host, port) from None
    on_listening()
    uvicorn.Server(settings_of(app)).run(sockets=[own])


def settings_of(app: ASGIApp) -> uvicorn.Config:
    """How an application is served: quietly, within bounds, and ended soon when told."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Connection,
        ws="none",
        timeout_keep_alive=int(IDLE_SECONDS),
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
