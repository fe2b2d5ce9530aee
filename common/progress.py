"""How long work says how far it is."""

from collections.abc import Collection, Iterator
from typing import Protocol, TypeVar, runtime_checkable

_Item = TypeVar("_Item")


@runtime_checkable
class Progress(Protocol):
    """What long work calls while it is done: `progress(part, done, total)`.

    `part` names what is being done, `done` of its `total` steps are over. A part that counts no
    steps is named once, when it begins, with a `total` of 0. Work in several threads calls it from
    each. An exception that it raises ends the work.
    """

    def __call__(self, part: str, done: int = 0, total: int = 0, /) -> None: ...


def silent(part: str, done: int = 0, total: int = 0, /) -> None:
    """The progress of work that nobody watches."""


def stepped(progress: Progress, part: str, items: Collection[_Item]) -> Iterator[_Item]:
    """The items one by one, each a step of a part that `progress` is told of."""
    for done, item in enumerate(items):
        progress(part, done, len(items))
        yield item
    if items:
        progress(part, len(items), len(items))
