"""Start the dashboard's server and say where it is."""

from collections.abc import Callable
from pathlib import Path

from ...data import shipped
from ..web import bound, own_names, run_until_stopped, shown_address
from ._cache import ViewCache, cache_folder
from ._choices import begin
from ._page import check_packages
from ._store import Store
from ._uploads import Uploads
from ._worker import ProcessWorker

#: The longest that a view of a shipped table, and one of an uploaded table, may take.
_SHIPPED_SECONDS, _UPLOADED_SECONDS = 600.0, 180.0


def serve(
    *, host: str, port: int, records: Path | None, keep: bool, say: Callable[[str], None]
) -> None:
    """Serve until interrupted; `say` is called with the address once it is listened on."""
    check_packages()  # before anything starts
    with bound(host, port) as own:
        store = Store(
            shipped=ProcessWorker(seconds=_SHIPPED_SECONDS),
            uploaded=ProcessWorker(seconds=_UPLOADED_SECONDS),
            cache=ViewCache(cache_folder() if keep else None),
            uploads=Uploads(),
        )
        try:
            begin(store)
            # Now, while the processes start: the framework takes about as long to import.
            from ._server import create_app

            folders = tuple(f for f in (records, shipped("records")) if f is not None)
            app = create_app(store, hosts=own_names(host), records=folders)
            address = f"{shown_address(host, own)}/"
            run_until_stopped(app, own, on_listening=lambda: say(address))
        finally:
            store.close()
