"""What is being done, said on stderr while it is done."""

import sys
import time
from collections.abc import Callable


def report_parts(command: str) -> Callable[[str], None]:
    """A callback that names each part as it begins, with the seconds since the start."""
    started = time.monotonic()

    def report(part: str) -> None:
        print(f"{command} {time.monotonic() - started:5.1f} s  {part}", file=sys.stderr, flush=True)

    return report
