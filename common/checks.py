"""Checks of arguments that several packages take."""

import operator
from collections.abc import Iterable, Sequence

from .nearest import there_are


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


def check_known(
    kind: str, names: Iterable[object], known: Iterable[object], *, of: str = ""
) -> None:
    """Refuse names that are not among those `known`.

    **Raises** ValueError for the first, with the names there are; `kind` says what they name, `of`
    whose they are.
    """
    choices = list(known)
    for name in names:
        if name not in choices:
            known_as = there_are(name, choices)
            raise ValueError(f"{of}{': ' if of else ''}no {kind} {name!r}; {known_as}")


def index_of(
    name: str, known: Sequence[str], *, kind: str, error: type[Exception] = ValueError
) -> int:
    """The index of a name among those `known`; case does not matter.

    **Raises** `error`, with the names there are.
    """
    lower = [other.lower() for other in known]
    if name.lower() not in lower:
        raise error(f"no {kind} {name!r}; {there_are(name, known)}")
    return lower.index(name.lower())
