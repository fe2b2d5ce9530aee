"""The command line of a fuzz run: shares of the inputs in processes of their own, and their sum."""

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar


class Seen(Protocol):
    """What came out of a share of the inputs."""

    inputs: int
    read: int
    slowest: float
    others: Counter[str]


_Seen = TypeVar("_Seen", bound=Seen)
#: Seed, inputs, seconds at most, and the folder that keeps what was not refused as promised.
Share = tuple[int, int, float, Path]


def run_fuzz(
    description: str | None,
    keep: str,
    attempt: Callable[[Share], _Seen],
    *,
    more: Callable[[Sequence[_Seen]], str] | None = None,
) -> int:
    """Try as many inputs as the command line says and print what came out: 1 where anything else
    than what was promised did.

    **Arguments**: `keep`, the folder below artifacts/ for such inputs; `attempt`, a function of a
    module's top, which other processes import; `more`, a further line of figures.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3600.0, help="at most")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("artifacts") / keep)
    settings = parser.parse_args()
    settings.keep.mkdir(parents=True, exist_ok=True)
    share = -(-settings.inputs // settings.workers)
    seeds = range(settings.seed, settings.seed + settings.workers)
    jobs = [(seed, share, settings.seconds, settings.keep) for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(settings.workers) as pool:
        parts = pool.map(attempt, jobs)
    others = sum((part.others for part in parts), Counter())
    print(f"inputs      {sum(part.inputs for part in parts)}")
    print(f"read        {sum(part.read for part in parts)}, the rest refused")
    print(f"slowest     {max(part.slowest for part in parts):.2f} CPU s")
    if more is not None:
        print(more(parts))
    print(f"not refused {sum(others.values())}")
    for what, times in others.most_common():
        print(f"  {times} × {what}")
    return 1 if others else 0
