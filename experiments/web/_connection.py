"""Connections, bounded in number and in patience."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 256
#: A connection on which no whole request has come for so long is closed.
IDLE_SECONDS = 10.0


class Connection(H11Protocol):
    """uvicorn's own, which waits for ever for a first request, with an end to that.

    Of more than `MOST_CONNECTIONS` the one is closed that has asked for nothing the longest: who
    only connects keeps nobody out.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if len(self.connections) >= MOST_CONNECTIONS:
            idle = [one for one in self.connections if isinstance(one, Connection) and one.idle]
            if idle:
                min(idle, key=lambda one: one.since).transport.close()
        super().connection_made(transport)
        self._patience: asyncio.TimerHandle | None = None
        self._wait()

    @property
    def idle(self) -> bool:
        """Whether no request is being answered, nor its body read."""
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.idle:
            self.since = self.loop.time()
            self._stop_waiting()
        elif self._patience is None:  # a further request has begun: not longer for being slow
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self.since = self.loop.time()
        self._patience = self.loop.call_later(IDLE_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self.idle and not self.transport.is_closing():
            self.transport.close()
