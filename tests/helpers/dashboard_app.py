"""The dashboard's application inside the tests' own process, and tables to give it."""

import functools
import os
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from starlette.testclient import TestClient

from nullcline.experiments.cli import main
from nullcline.experiments.dashboard._cache import ViewCache
from nullcline.experiments.dashboard._server import create_app
from nullcline.experiments.dashboard._store import Store
from nullcline.experiments.dashboard._uploads import Uploads
from nullcline.experiments.dashboard._worker import run_job
from nullcline.experiments.web import own_names

BASE = "http://127.0.0.1"

GOOD = (
    "family,model,params,hellaswag,truthfulqa_mc2,arc_challenge\n"
    "mine,mine-1b,1e9,40.1,42.0,25.0\n"
    "mine,mine-3b,3e9,52.3,38.5,31.1\n"
    "mine,<script>alert(1)</script>,7e9,66.0,36.9,40.2\n"
    "mine,mine-30b,30e9,78.1,39.0,50.3\n"
    "=1+1,formula-2b,2e9,48.0,39.1,30.0\n"
    "=1+1,formula-9b,9e9,70.0,37.1,44.0\n"
)
BAD = "family,model,params,hellaswag,truthfulqa_mc2\na,a-1b,1e9,40,42\na,a-3b,many,52,38\n"


@functools.cache
def shared() -> Path:
    """A folder for the whole run of the tests: with xdist, for all of its processes."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return Path(tempfile.mkdtemp(prefix="nullcline-tests-"))
    folder = Path(tempfile.gettempdir()) / f"nullcline-tests-{run}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def cache() -> Path:
    """One cache of views, that of a server whose XDG_CACHE_HOME is `shared()`."""
    return shared() / "nullcline" / "views"


@functools.cache
def report_file() -> Path:
    """The report of `GOOD`, written once by the command."""
    out = shared() / "deep" / "report.html"
    if not out.exists():
        folder = Path(tempfile.mkdtemp(prefix="nullcline-tests-"))
        (folder / "mine.csv").write_text(GOOD)
        assert main(["report", str(folder / "mine.csv"), "-o", str(out), "--n-boot", "500"]) == 0
    return out


class ThreadWorker:
    """Jobs in a thread of the tests' own process, which has everything loaded already."""

    def __init__(self):
        self._threads = ThreadPoolExecutor(max_workers=1)

    def submit(self, name, arguments, *, urgent=True) -> Future:
        return self._threads.submit(run_job, name, dict(arguments))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def make_store(**changes) -> Store:
    workers = {"shipped": ThreadWorker(), "uploaded": ThreadWorker()}
    given = {**workers, "cache": ViewCache(cache())}
    return Store(**{**given, "uploads": Uploads(), **changes})


def make_client(store: Store | None = None, **settings) -> TestClient:
    app = create_app(store or make_store(), hosts=own_names("127.0.0.1"), warm=False, **settings)
    return TestClient(app, base_url=BASE, raise_server_exceptions=False)


def wait_for(client: TestClient, path: str, *, seconds: float = 120.0):
    """The answer once it is there."""
    end = time.monotonic() + seconds
    while True:
        answer = client.get(path)
        if answer.status_code != 202 or time.monotonic() > end:
            return answer
        time.sleep(0.05)


def wait_for_index(client: TestClient) -> dict:
    end = time.monotonic() + 60
    while True:
        found = client.get("/api/index").json()
        if found.get("index") or time.monotonic() > end:
            return found["index"]
        time.sleep(0.05)


def files(*given: tuple[str, bytes | str]) -> list[tuple[str, tuple[str, bytes]]]:
    """The parts of an upload."""
    return [
        ("files", (name, content.encode("utf-8") if isinstance(content, str) else content))
        for name, content in given
    ]
