"""Strict numerics for every test: 64-bit, and no promotion that nobody asked for."""

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
