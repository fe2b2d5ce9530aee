"""Strict numerics for every test: 64-bit, and no promotion that nobody asked for.

PyTorch computes on one thread: on the tiny models of the tests more of them only wait for each
other, on a busy machine for minutes.
"""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import absl.logging
import jax

# Hydra sets logging up anew, which closes all handlers; absl's would close with it the stream that
# pytest captures. The process's own stderr is never closed.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
