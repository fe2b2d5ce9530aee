"""One thread for one model: hooks and random states are the process's own, so texts never mix."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ...interp import Model, TruthVector
from ._errors import ApiError
from ._work import Done, Work, work_on


class Engine:
    """Does work in the order in which it came, one piece after the other."""

    def __init__(self, model: Model, vector: TruthVector | None) -> None:
        self.model, self.vector = model, vector
        self._thread: ThreadPoolExecutor | None = None
        self._closing = threading.Event()

    async def events(
        self, works: Sequence[Work], *, stream: bool
    ) -> AsyncGenerator[tuple[int, str | Done]]:
        """Numbered pieces of text (where `stream`) and, at the end of each work, what came of it.

        Closing the iterator ends the work that is being done at its next token.
        """
        loop = asyncio.get_running_loop()
        gone, closing = threading.Event(), self._closing

        def over() -> bool:
            return gone.is_set() or closing.is_set()

        for number, work in enumerate(works):
            queue: asyncio.Queue[str | Future[Done]] = asyncio.Queue()

            def put(
                item: str | Future[Done], queue: asyncio.Queue[str | Future[Done]] = queue
            ) -> None:
                # A loop that has ended has nobody left who reads.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(queue.put_nowait, item)

            if closing.is_set():
                raise ApiError(503, "the server is ending")
            future = self._one_thread().submit(
                work_on, self.model, self.vector, work, on_text=put if stream else None, gone=over
            )
            future.add_done_callback(put)
            try:
                while isinstance(item := await queue.get(), str):
                    yield number, item
                yield number, item.result()
            finally:
                if not future.done():
                    gone.set()
                    future.cancel()

    def _one_thread(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="generation")
        return self._thread

    def close(self) -> None:
        """End what is being done, and the thread; the next work would begin another."""
        self._closing.set()
        self._closing = threading.Event()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=True, cancel_futures=True)
