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
