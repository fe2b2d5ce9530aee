"""What a test knows about a value and its type does not say."""

from typing import TypeVar

T = TypeVar("T")


def not_none(value: T | None) -> T:
    """The value, where the test says that there is one."""
    assert value is not None
    return value
