"""Strict numerics for every test: 64-bit, and no promotion that nobody asked for.

Most time of the suite went into compiling programs that run for milliseconds, so XLA compiles
without its optimizations here: half the CPU seconds of tests that compile. `XLA_FLAGS= pytest ...`
runs them with XLA as users have it. PyTorch computes on one thread: on the tiny models of the tests
more of them only wait for each other, on a busy machine for minutes.
"""

import gc
import os
import sys
from collections import Counter
from importlib.metadata import version

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0"
    # jaxlib 0.12 has no such flag, and ends the process where one is not known.
    + " --xla_cpu_use_fusion_emitters=false" * version("jaxlib").startswith("0.10."),
)

import absl.logging
import first_calls
import jax
import pytest

# Hydra sets logging up anew, which closes all handlers; absl's would close with it the stream that
# pytest captures. The process's own stderr is never closed.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


# What is imported stays: the garbage collector need not walk through it again and again.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that no process waits for another at the end."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    for item in slow:
        if not all(mark.kwargs.get("reason") for mark in item.iter_markers("slow")):
            raise pytest.UsageError(f"{item.nodeid}: pytest.mark.slow(reason=why it must be)")
    in_file = Counter(item.path for item in slow)
    items.sort(key=lambda item: -in_file[item.path])


def pytest_collection_finish():
    gc.freeze()


def pytest_runtest_setup():
    first_calls.begin()
