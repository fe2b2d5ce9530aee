"""Types and shapes are checked (jaxtyping, beartype) at the first calls of a function in a test.

A search calls some functions 10^5 times with arrays of the same few shapes: to check every call
took up to four fifths of such a test. A checker is made when its function is first called.
"""

import sys
from collections import Counter
from collections.abc import Callable

from beartype import beartype

#: Checks of one function in one test; jaxtyping makes two a call, of what goes in and comes out.
CHECKS = 200

_made: Counter[tuple[str, str]] = Counter()
_left_alone: list[Callable] = []


def begin() -> None:
    """Counts anew: called before each test."""
    _made.clear()
    for function in _left_alone:
        function.__dict__.pop("__no_type_check__", None)
    _left_alone.clear()


def checked(stub: Callable) -> Callable:
    """jaxtyping's type checker. `stub` has the signature of a function, and no body."""
    name = (stub.__module__, stub.__qualname__)
    if _made[name] >= CHECKS:  # a function inside a function, made anew in each call
        return stub
    check: Callable | None = None

    def counted(*args, **kwargs):
        nonlocal check
        __tracebackhide__ = True
        check = check or beartype(stub)
        _made[name] += 1
        if _made[name] >= CHECKS:
            # The function itself is known in the frame of jaxtyping that calls its stub.
            function = sys._getframe(1).f_locals.get("fn")
            if function is not None:
                function.__no_type_check__ = True
                _left_alone.append(function)
        return check(*args, **kwargs)

    return counted
