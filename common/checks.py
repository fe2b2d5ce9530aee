"""Checks of arguments that several packages take."""

import operator


def check_seed(seed: int, *, name: str = "seed", error: type[ValueError] = ValueError) -> None:
    """Refuse a seed that is no whole number of 0 or more.

    **Raises** `error`, which calls the seed `name`. NumPy, JAX and PyTorch would each say something
    else, or take another seed without a word.
    """
    try:
        number = operator.index(seed)
    except TypeError:
        raise error(f"{name}={seed!r} is no whole number; give 0 or more") from None
    if number < 0:
        raise error(f"{name}={seed} is negative; give 0 or more")
