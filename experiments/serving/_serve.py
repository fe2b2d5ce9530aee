"""A port of one's own, and the server on it."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

#: Connections, of which far fewer can be requests: each may hold a body of a megabyte.
_MOST_CONNECTIONS = 128
_GRACE_SECONDS = 3


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that has the port but does not listen yet: a model loads for long, and a port that
    is taken is to be said before.

    **Raises** `ValueError` for a port that is taken or none, `OSError` for a host that is none.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"--port {port} is no port; give 0 (any free one) to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind((host, port))
        except socket.gaierror:
            raise ValueError(f"--host {host}: no such address; give one of this machine") from None
        except OSError as error:
            raise _said(error, host, port) from None
        yield own


def serve(app: Any, own: socket.socket) -> None:
    """Serve until interrupted. **Raises** `ValueError` where another has taken the port since."""
    host, port = own.getsockname()[:2]
    try:
        own.listen(_MOST_CONNECTIONS)
    except OSError as error:
        raise _said(error, host, port) from None
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


def _said(error: OSError, host: str, port: int) -> ValueError:
    if error.errno == errno.EADDRINUSE:
        return ValueError(f"port {port} of {host} is in use; give another --port")
    return ValueError(f"port {port} of {host} cannot be had ({error.strerror}); give another")
