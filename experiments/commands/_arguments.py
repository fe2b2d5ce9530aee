"""From a schema to the arguments of a command, and from what was typed to settings."""

import argparse
import contextlib
import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..options import Options, SettingError
from ..schemas import Launched

#: Help of `--layer`, beside `--vector`.
LAYER = (
    "one layer of a file with several, or that of a plain tensor; from 0 (default: the vector's)"
)
_Schema = TypeVar("_Schema", bound=Options)
#: What says where jobs of a sweep run, and has no meaning for one.
_OF_SWEEPS = {field.name for field in dataclasses.fields(Launched)}


def add_example(parser: argparse.ArgumentParser, line: str) -> None:
    """The last line of a command's help: a command that does something, without `nullcline`."""
    parser.epilog = f"example: nullcline {line}"


def add_schema_arguments(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    schema: type[Options],
    *,
    without: tuple[str, ...] = (),
) -> None:
    """An argument for each field of a schema and of the groups in it, except those in `without`."""
    exclusive: dict[str, Any] = {}
    for owner, field in _fields(schema):
        if field.name in without:
            continue
        meta, to = field.metadata, parser
        if name := meta.get("instead_of"):
            if name not in exclusive:
                exclusive[name] = parser.add_mutually_exclusive_group()
            to = exclusive[name]
        _add(to, owner, field, typing.get_type_hints(owner)[field.name])


def settings_from(options: argparse.Namespace, schema: type[_Schema], **given: Any) -> _Schema:
    """An object of the schema from parsed options and `given`, which comes first.

    Raises ValueError that names the flag.
    """
    typed = vars(options)
    if typed.get("path") is not None and "table" in typed:  # even where it names the default
        raise ValueError(f"--table {typed['table']}: give PATH or a shipped table, not both")
    with naming_flags(schema):
        return _build(schema, typed, given)


@contextlib.contextmanager
def naming_flags(schema: type[Options]) -> Iterator[None]:
    """Say what is wrong with a setting by its flag: `--n-boot 5` for `estimator.n_boot=5`."""
    flags = {_key(owner, field): _flag(field) for owner, field in _fields(schema)}
    try:
        yield
    except SettingError as error:
        why = re.sub(r"{([a-z_.]+)}", lambda key: flags.get(key[1], key[1]), error.why)
        raise ValueError(f"{flags.get(error.key, error.key)} {error.value}: {why}") from None


def _build(schema: type[_Schema], options: dict[str, Any], given: dict[str, Any]) -> _Schema:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(schema):
        inner = field.default_factory
        if field.name in given:
            values[field.name] = given[field.name]
        elif isinstance(inner, type) and issubclass(inner, Options):
            if field.name not in _OF_SWEEPS:
                values[field.name] = _build(inner, options, given)
        elif _dest(schema, field) in options:
            value = options[_dest(schema, field)]
            several = isinstance(value, list)
            values[field.name] = [one for one in value if one is not None] if several else value
    return schema(**values)


def _fields(schema: type[Options]) -> Iterator[tuple[type[Options], dataclasses.Field]]:
    """(schema that has it, field) of all settings, those of groups in the place of their group."""
    for field in dataclasses.fields(schema):
        inner = field.default_factory
        if field.name in _OF_SWEEPS:
            continue
        if isinstance(inner, type) and issubclass(inner, Options):
            yield from _fields(inner)
        else:
            yield schema, field


def _add(to: Any, owner: type[Options], field: dataclasses.Field, kind: Any) -> None:
    meta, flag = field.metadata, _flag(field)
    how: dict[str, Any] = {"default": argparse.SUPPRESS, "help": _help(field)}
    item, is_list = _item(kind)
    if item is bool:
        how["action"] = "store_true"
    else:
        how["type"] = _typed(meta["parse"]) if meta.get("parse") else item
        if meta.get("choices") is not None:
            how["choices"] = _Lazy(meta["choices"])
        if meta.get("metavar") or not meta.get("choices"):
            how["metavar"] = meta.get("metavar") or field.name.upper()
    if is_list:
        how |= {"nargs": "+" if flag.startswith("--") else "*", "action": "extend"}
    if flag.startswith("--"):
        names = [meta["short"], flag] if meta.get("short") else [flag]
        to.add_argument(*names, dest=_dest(owner, field), **how)
    elif kind is Any:  # one or several paths, or none
        to.add_argument(
            _dest(owner, field), nargs="*", action=_OneOrList, **how | {"metavar": flag}
        )
    else:
        to.add_argument(_dest(owner, field), **how | {"metavar": flag})


class _OneOrList(argparse.Action):
    """None for no argument, the text of one, the list of several."""

    def __call__(self, parser, namespace, values, option_string=None):
        found = list(values or ())
        setattr(namespace, self.dest, found[0] if len(found) == 1 else found or None)


class _Lazy:
    """The choices of an option, asked for when something is compared with them."""

    def __init__(self, choices: Callable[[], Sequence[Any]]) -> None:
        self._choices = choices

    def __contains__(self, value: object) -> bool:
        return value in self._choices()

    def __iter__(self):
        return iter(self._choices())


def _typed(parse: Callable[[str], object]) -> Callable[[str], object]:
    def typed(text: str) -> object:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None

    return typed


def _item(kind: Any) -> tuple[Any, bool]:
    """The type of one value, and whether there are several."""
    if isinstance(kind, types.UnionType):
        (kind,) = [k for k in typing.get_args(kind) if k is not types.NoneType]
    if typing.get_origin(kind) is list:
        return typing.get_args(kind)[0], True
    return (str if kind in (Any, Path) else kind), False


def _help(field: dataclasses.Field) -> str:
    """The words of a setting, its choices where usage hides them, and its default."""
    meta, default = field.metadata, field.default
    said = meta.get("help", "").replace("%", "%%")
    if meta.get("choices") and meta.get("metavar"):
        said += ": %(choices)s"
    shown = meta.get("unset") or ""
    if not shown and isinstance(default, int | float | str) and not isinstance(default, bool):
        shown = default if isinstance(default, str) else f"{default:g}"
    if not shown or not _flag(field).startswith("--"):
        return said
    return f"{said} (default: {shown})"


def _flag(field: dataclasses.Field) -> str:
    return field.metadata.get("flag") or f"--{field.name.replace('_', '-')}"


def _dest(owner: type[Options], field: dataclasses.Field) -> str:
    return _key(owner, field).replace(".", "_")


def _key(owner: type[Options], field: dataclasses.Field) -> str:
    return f"{owner.prefix}.{field.name}" if owner.prefix else field.name
