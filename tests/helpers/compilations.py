"""How many programs XLA compiles while something runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"


class Counted:
    """`count`: compilations so far."""

    count = 0


@contextmanager
def compilations() -> Iterator[Counted]:
    """Counts the compilations of the block."""
    counted = Counted()

    def on_event(event: str, duration_secs: float, **kwargs: str | int) -> None:
        counted.count += event == _EVENT

    jax.monitoring.register_event_duration_secs_listener(on_event)
    try:
        yield counted
    finally:
        jax.monitoring.unregister_event_duration_listener(on_event)
