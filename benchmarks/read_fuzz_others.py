"""Broken questions, vectors, recipes and records against their readers: `ValueError` alone.

Every format is broken in random places, in its bytes and in the values that it holds
(`tests/helpers/broken_inputs.py`). Prints how many inputs were read and refused, everything else
that came out with its place, and the slowest input by CPU seconds. Ends with status 1 where
something else than one line of `ValueError` came out, or a vector that is none; the input then lies
in `--keep`.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from _fuzz import Share, run_fuzz

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from broken_inputs import Seen, try_many


def attempt(share: Share) -> Seen:
    seed, inputs, seconds, keep = share
    with tempfile.TemporaryDirectory() as folder:
        return try_many(inputs, seed, Path(folder), seconds=seconds, keep=keep)


def kinds(parts: Sequence[Seen]) -> str:
    counted = sum((part.kinds for part in parts), Counter())
    return "of these    " + ", ".join(f"{number} {kind}" for kind, number in counted.items())


if __name__ == "__main__":
    sys.exit(run_fuzz(__doc__, "read_fuzz_others", attempt, more=kinds))
