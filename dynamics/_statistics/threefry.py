"""Whole numbers at random: those of `jax.random.randint` in 64 bits, number for number, in NumPy.

A bootstrap of a table takes less time than to import JAX and to compile a program for it, so it
draws here. Published numbers rest on JAX's draws: a key, its split and each draw are the same.

**Source:** Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3:
Threefry-2x32 of 20 rounds. Number i is a function of the key and of i alone.
"""

import numpy as np
from jaxtyping import Int, UInt32, UInt64

#: As `jax.random.key_data` gives it.
Key = UInt32[np.ndarray, "2"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
#: Numbers made at once: their words stay in the processor's cache.
_AT_ONCE = 2**15


def key_of(seed: int) -> Key:
    """The key of `jax.random.key(seed)`."""
    return np.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], dtype=np.uint32)


def fold_in(key: Key, number: int) -> Key:
    """The key of `jax.random.fold_in(key, number)`."""
    return _threefry(key, np.array([number], dtype=np.uint64))[:, 0]


def whole_numbers(key: Key, below: int, places: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Numbers from 0 to `below` - 1: those at `places` of the flat array that JAX would draw."""
    drawn = np.empty(len(places), dtype=np.int64)
    for first in range(0, len(places), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        drawn[part] = _part(key, below, places[part].astype(np.uint64))
    return drawn


def _part(key: Key, below: int, places: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    """128 random bits modulo `below`: (high 2^64 + low) mod below, without their overflow."""
    span = np.uint64(below)
    keys = _threefry(key, np.arange(2, dtype=np.uint64)).T
    high, low = (_words(_threefry(one, places)) % span for one in keys)
    return (high * np.uint64(pow(2, 64, below)) + low) % span


def _words(halves: UInt32[np.ndarray, "2 n"]) -> UInt64[np.ndarray, " n"]:
    return halves[0].astype(np.uint64) << np.uint64(32) | halves[1]


def _threefry(key: Key, counter: UInt64[np.ndarray, " n"]) -> UInt32[np.ndarray, "2 n"]:
    """Both halves of each counter, mixed in 20 rounds with a part of the key after every fourth."""
    parts = [*np.split(key, 2), key[:1] ^ key[1:] ^ _PARITY]
    a = (counter >> np.uint64(32)).astype(np.uint32) + parts[0]
    b = counter.astype(np.uint32) + parts[1]
    left = np.empty_like(b)
    for step in range(5):
        for rotation in _ROTATIONS[step % 2]:
            a += b
            np.left_shift(b, np.uint32(rotation), out=left)
            b >>= np.uint32(32 - rotation)
            b |= left
            b ^= a
        a += parts[(step + 1) % 3]
        b += parts[(step + 2) % 3] + np.uint32(step + 1)
    return np.stack([a, b])
