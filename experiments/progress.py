"""What is being done, said on stderr while it is done."""

import math
import sys
import time
from collections.abc import Callable

_QUIET_SECONDS = 0.5


def report_parts(command: str) -> Callable[[str], None]:
    """A callback that names each part as it begins, with the seconds since the start.

    Parts that follow within half a second of the last one that was named are not.
    """
    started = time.monotonic()
    named = -math.inf

    def report(part: str) -> None:
        nonlocal named
        now = time.monotonic()
        if now - named >= _QUIET_SECONDS:
            named = now
            print(f"{command} {now - started:5.1f} s  {part}", file=sys.stderr, flush=True)

    return report


def report_rows(
    report: Callable[[str], None], *, seconds: float = 10.0
) -> Callable[[int, int], None]:
    """A callback for `(done, total)` rows that tells `report` of them now and then."""
    told = time.monotonic()

    def rows(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= seconds and done < total:
            told = now
            report(f"{done} of {total} rows read")

    return rows
