"""The yaml of a recipe, which may be anybody's: what can make a small file endless is refused."""

from collections.abc import Hashable
from typing import Any

import yaml

from ...common.words import shortened

#: A recipe has thirty lines; the largest that is read, in bytes.
LARGEST_FILE = 2**16
_DEEPEST = 8


def parse_recipe(content: bytes) -> dict[str, Any]:
    """The names and values in a recipe's yaml.

    **Raises** `ValueError` of one line for what is no yaml or no names and values, for aliases
    (which can stand for more than memory holds), deep brackets, and a key that stands twice.
    """
    if len(content) > LARGEST_FILE:
        raise ValueError(f"has over {LARGEST_FILE // 2**10} KB, which no recipe has")
    try:
        values = yaml.load(content.decode("utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = "" if mark is None else f", line {mark.line + 1}"
        raise ValueError(f"is not readable yaml ({error.problem}{where})") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ValueError("is not readable yaml") from None
    except (ValueError, LookupError, TypeError, OverflowError):  # of the makers of numbers, dates
        raise ValueError("is not readable yaml (a number or date that is none)") from None
    if not isinstance(values, dict):
        raise ValueError("holds no names and values")
    return values


class _Loader(yaml.SafeLoader):
    """Reads plain values as yaml's own safe loader does, with the limits of `parse_recipe`."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._deep = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="an alias", problem_mark=mark)
        if self._deep >= _DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"over {_DEEPEST} deep", problem_mark=mark)
        self._deep += 1
        node = super().compose_node(parent, index)
        self._deep -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        known: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key that is no name", problem_mark=node.start_mark
                )
            if key.value in known:
                problem = f"the key {shortened(key.value)} twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep=deep)
