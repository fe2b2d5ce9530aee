"""Start the server on a free port and say where it is."""

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from ...data import shipped
from ._cache import ViewCache, cache_folder
from ._page import plotly_script
from ._safety import own_names
from ._server import create_app
from ._store import Store
from ._uploads import Uploads
from ._worker import ProcessWorker

#: The longest that a view of a shipped table, and one of an uploaded table, may take.
_SHIPPED_SECONDS, _UPLOADED_SECONDS = 600.0, 180.0


def serve(
    *, host: str, port: int, records: Path | None, keep: bool, say: Callable[[str], None]
) -> None:
    """Serve until interrupted; `say` is called with the address once it is bound."""
    plotly_script()  # a missing package is said before anything starts
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)  # who follows the address at once waits instead of being refused
        store = Store(
            shipped=ProcessWorker(seconds=_SHIPPED_SECONDS),
            uploaded=ProcessWorker(seconds=_UPLOADED_SECONDS),
            cache=ViewCache(cache_folder() if keep else None),
            uploads=Uploads(),
        )
        folders = tuple(folder for folder in (records, shipped("records")) if folder is not None)
        app = create_app(store, hosts=own_names(host), records=folders)
        shown = f"[{host}]" if ":" in host else host
        say(f"http://{shown}:{listening.getsockname()[1]}/")
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_keep_alive=10
        )
        try:
            uvicorn.Server(settings).run(sockets=[listening])
        finally:
            store.close()
