"""Which views there are, which are being computed, and whose table is whose."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from ..web import Refused
from ._cache import ViewCache
from ._errors import JobError
from ._uploads import Uploads
from ._worker import Worker

if TYPE_CHECKING:
    from ._jobs import Parts

_MOST_RESULTS = 64
_MOST_PENDING = 24


class JobProgress(TypedDict):
    """Jobs ended and begun, the one that runs, and for how long."""

    done: int
    total: int
    part: str
    seconds: float


@dataclass
class Job:
    """A computation: its name and arguments, and what became of it."""

    name: str
    arguments: dict[str, object]
    title: str
    future: "Future[Parts]"
    urgent: bool
    started: float = field(default_factory=time.monotonic)


class Store:
    """Parts of jobs: from memory, from the cache, or to be computed.

    Jobs on shipped tables and on uploaded ones have a worker each, so that an upload cannot hold
    back the rest. The view of a first start is computed by the one for uploads, which has nothing
    to do then, while the other reads the tables.
    """

    def __init__(self, *, shipped: Worker, uploaded: Worker, cache: ViewCache, uploads: Uploads):
        self._workers = {"shipped": shipped, "uploaded": uploaded}
        self._cache = cache
        self._results: OrderedDict[tuple, Parts] = OrderedDict()
        self._jobs: OrderedDict[tuple, Job] = OrderedDict()
        self._lock = threading.RLock()  # cancelling a job calls back while it is held
        self._counts = [0, 0]  # jobs begun, jobs ended
        self.uploads = uploads

    def close(self) -> None:
        """End the workers and remove the uploads."""
        for worker in self._workers.values():
            worker.close()
        self.uploads.close()

    def parts(
        self, name: str, arguments: Mapping[str, object], title: str, *, urgent: bool = True
    ) -> "Parts | Job":
        """The parts of a job, or the job while it runs; what somebody waits for is urgent.

        Raises `Refused`: 422 where the choice is impossible, 429 where too much is waiting, 500
        where the computation failed.
        """
        key = (name, *sorted((k, v) for k, v in arguments.items()))
        own = _is_own(arguments)
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
            job = self._jobs.get(key)
            if job is not None and urgent and not job.urgent and job.future.cancel():
                del self._jobs[key]  # begun anew, before what nobody waits for
                job = None
        if job is None:
            cached = None if own else self._cache.get(key)
            if cached is not None:
                self._keep(key, cached)
                return cached
            job = self._begin(key, name, arguments, title, own=own, urgent=urgent)
        if not job.future.done():
            return job
        with self._lock:
            self._jobs.pop(key, None)
        try:
            parts = job.future.result()
        except JobError as error:
            raise Refused(422, str(error), error.row) from None
        except Exception as error:
            raise Refused(500, f"this view could not be computed ({error})") from None
        self._keep(key, parts)
        if not own:
            self._cache.put(key, parts)
        return parts

    def progress(self) -> JobProgress:
        """How many jobs were begun and ended, and what runs."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.future.done()]
            begun, ended = self._counts
        return {
            "done": ended,
            "total": begun,
            "part": running[0].title if running else "",
            "seconds": round(time.monotonic() - running[0].started, 1) if running else 0.0,
        }

    def add_table(self, files: list[tuple[str, bytes]]) -> "tuple[str, Future[Parts]]":
        """Keep an upload in the private folder and have it read: its id and the job."""
        name = secrets.token_urlsafe(12)
        path, title = self.uploads.add(name, files)
        arguments = {"path": str(path), "title": title, "name": name}
        return name, self._workers["uploaded"].submit("read", arguments)

    def _begin(
        self,
        key: tuple,
        name: str,
        arguments: Mapping[str, object],
        title: str,
        *,
        own: bool,
        urgent: bool,
    ) -> Job:
        with self._lock:
            if key in self._jobs:
                return self._jobs[key]
            if sum(not job.future.done() for job in self._jobs.values()) >= _MOST_PENDING:
                raise Refused(429, "too many views are waiting; try again in a moment")
            worker = self._workers["uploaded" if own or name == "first" else "shipped"]
            future = worker.submit(name, arguments, urgent=urgent)
            job = Job(name, dict(arguments), title, future, urgent)
            self._jobs[key] = job
            self._counts[0] += 1
        job.future.add_done_callback(self._ended)
        return job

    def _ended(self, _: Future) -> None:
        with self._lock:
            self._counts[1] += 1

    def _keep(self, key: tuple, parts: "Parts") -> None:
        with self._lock:
            self._results[key] = parts
            while len(self._results) > _MOST_RESULTS:
                self._results.popitem(last=False)


def _is_own(arguments: Mapping[str, object]) -> bool:
    source = arguments.get("source")
    return isinstance(source, tuple) and source[0] != "shipped"
