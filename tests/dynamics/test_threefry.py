"""Draws made in NumPy, beside those of JAX."""

import jax
import numpy as np
import pytest

from nullcline.dynamics._statistics.threefry import fold_in, key_of, whole_numbers


@pytest.mark.parametrize("seed", [0, 1, 42, -1, 2**31, 2**40 + 5])
def test_keys_are_those_of_jax(seed):
    with jax.enable_x64(True):
        theirs = jax.random.key(seed)
        np.testing.assert_array_equal(key_of(seed), jax.random.key_data(theirs))
        folded = jax.random.key_data(jax.random.fold_in(theirs, 4096))
    np.testing.assert_array_equal(fold_in(key_of(seed), 4096), folded)


@pytest.mark.parametrize("seed", [0, 7, 2**40 + 5])
@pytest.mark.parametrize("below", [1, 2, 39, 1000, 2**20 + 7])
def test_draws_are_those_of_jax(seed, below):
    places = 70_000  # more than are made at once
    with jax.enable_x64(True):
        theirs = jax.random.randint(jax.random.key(seed), (places,), 0, below)
    np.testing.assert_array_equal(whole_numbers(key_of(seed), below, np.arange(places)), theirs)


def test_a_draw_is_a_function_of_its_place_alone():
    whole = whole_numbers(key_of(5), 10, np.arange(1000))
    some = np.array([999, 3, 3, 500])
    np.testing.assert_array_equal(whole_numbers(key_of(5), 10, some), whole[some])
    assert whole_numbers(key_of(5), 10, np.arange(0)).size == 0
