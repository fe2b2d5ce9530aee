"""The designs of `benchmarks/coverage.py`, a file per question."""
