"""Who is in the house, and who waits at the door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ._errors import ApiError


class Places:
    """So many requests at once; so many more wait for a place, in the order in which they came.

    - `places`: requests at once. `queue`: how many wait. `wait`: for how many seconds.
    """

    def __init__(self, places: int, *, queue: int, wait: float) -> None:
        self._free = asyncio.Semaphore(places)
        self._places, self._queue, self._wait = places, queue, wait
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for the length of a `with` block. Whoever is cancelled leaves the queue.

        **Raises** `ApiError` (429) where the queue is full, or nothing came free in time.
        """
        await self._take()
        try:
            yield
        finally:
            self._free.release()

    async def _take(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        if self._waiting >= self._queue:
            there = f" and {self._waiting} wait" if self._queue else ""
            raise _busy(f"{self._places} requests are here{there}, as many as this server takes")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise _busy(f"no place came free within {self._wait:g} s") from None
        finally:
            self._waiting -= 1


def _busy(why: str) -> ApiError:
    return ApiError(
        429, f"{why}; try again later", code="too_many_requests", headers={"Retry-After": "1"}
    )
