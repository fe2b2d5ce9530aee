"""Whether we know a heading at all."""

from .benchmarks import BENCHMARKS, read_benchmark
from .columns import known_column


def known_name(heading: str) -> str:
    """The column or benchmark that a heading names, empty where we know neither."""
    known = known_column(heading)
    if known is not None:
        return known
    name = read_benchmark(heading).name
    return name if name in BENCHMARKS else ""
