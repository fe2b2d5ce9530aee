"""Strict numerics for every test: 64-bit, and no promotion that nobody asked for.

PyTorch computes on one thread: on the tiny models of the tests more of them only wait for each
other, on a busy machine for minutes.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
