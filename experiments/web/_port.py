"""A port of this machine, had before anything is served on it."""

import contextlib
import errno
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that has the port but does not listen yet: what is served may load for long, and
    an error about the port comes before.

    **Raises** `ValueError` for a port that is taken or none, and for a host that is none.
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
            raise cannot_have(error, host, port) from None
        yield own


def shown_address(host: str, own: socket.socket) -> str:
    """`http://host:port` of a bound socket, with an address of IPv6 in brackets."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{own.getsockname()[1]}"


def cannot_have(error: OSError, host: str, port: int) -> ValueError:
    """Why a port cannot be had, in one line."""
    if error.errno == errno.EADDRINUSE:
        return ValueError(f"port {port} of {host} is in use; give another --port")
    return ValueError(f"port {port} of {host} cannot be had ({error.strerror}); give another")
