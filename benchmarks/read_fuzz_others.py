"""Broken questions, vectors, recipes and records against their readers: `ValueError` alone.

Every format is broken in random places, in its bytes and in the values that it holds
(`tests/helpers/broken_inputs.py`). Prints how many inputs were read and refused, everything else
that came out with its place, and the slowest input by CPU seconds. Ends with status 1 where
something else than one line of `ValueError` came out, or a vector that is none; the input then lies
in `--keep`.
"""

import argparse
import multiprocessing
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from broken_inputs import Seen, try_many


def _share(job: tuple[int, int, float, Path]) -> Seen:
    seed, inputs, seconds, keep = job
    with tempfile.TemporaryDirectory() as folder:
        return try_many(inputs, seed, Path(folder), seconds=seconds, keep=keep)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=3600.0, help="at most")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("artifacts/read_fuzz_others"))
    settings = parser.parse_args()
    settings.keep.mkdir(parents=True, exist_ok=True)
    share = -(-settings.inputs // settings.workers)
    seeds = range(settings.seed, settings.seed + settings.workers)
    jobs = [(seed, share, settings.seconds, settings.keep) for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(settings.workers) as pool:
        parts = pool.map(_share, jobs)
    others = sum((part.others for part in parts), Counter())
    print(f"inputs      {sum(part.inputs for part in parts)}")
    print(f"read        {sum(part.read for part in parts)}, the rest refused")
    print(f"slowest     {max(part.slowest for part in parts):.2f} CPU s")
    print(f"not refused {sum(others.values())}")
    for what, times in others.most_common():
        print(f"  {times} × {what}")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
