"""YAML that others wrote: read it without what can make a small file endless."""

from pathlib import Path

import yaml

from ..problems import TableError

_DEEPEST = 100
_HINT = "correct it, or remove the file"
# The parser in C is many times as fast; a PyYAML without it reads the same.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(path: Path, content: bytes | str) -> object:
    """The first document in `content`, with every scalar as the text that it is written as.

    Nothing is constructed, so no tag can do harm; aliases, which can stand for more than memory
    holds, and deep nesting are refused. Raises TableError, naming the file, where it is broken.
    """
    try:
        return _build(content)
    except (yaml.YAMLError, ValueError) as error:
        why = " ".join(str(error).split())[:80] or type(error).__name__
        raise TableError(path, f"not readable as YAML ({why})", _HINT) from None


def _build(content: bytes | str) -> object:
    """The first document's value, from the parser's events."""
    root: list[object] = []
    open_ones: list[list[object]] = [root]  # a mapping is keys and values in turn until it ends
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it holds an alias")
        if isinstance(event, yaml.ScalarEvent):
            open_ones[-1].append(event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_ones) > _DEEPEST:
                raise ValueError(f"nested more than {_DEEPEST} deep")
            open_ones.append([])
        elif isinstance(event, yaml.MappingEndEvent):
            flat = open_ones.pop()
            pairs = zip(flat[::2], flat[1::2], strict=True)
            open_ones[-1].append({key: value for key, value in pairs if isinstance(key, str)})
        elif isinstance(event, yaml.SequenceEndEvent):
            done = open_ones.pop()
            open_ones[-1].append(done)
        elif isinstance(event, yaml.DocumentEndEvent):
            break
    return root[0] if root else None
