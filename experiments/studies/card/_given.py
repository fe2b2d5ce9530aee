"""Whom the settings of a card mean: scores as typed, or a row of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .... import dynamics
from ...options import SettingError

if TYPE_CHECKING:
    from ....dynamics import GivenModel, ScoreTable
    from ...schemas_card import Card

_SIZES = ("params", "size", "parameters")


def model_from(settings: Card, among: ScoreTable) -> tuple[GivenModel, dict[str, str]]:
    """The model, and the digest of the table that its row is in.

    Raises ValueError of one line for what cannot be read.
    """
    typed, paths = split_given(settings.given)
    if typed and paths:
        raise ValueError(f"{paths[0]} is no NAME=SCORE; give scores or a table, not both")
    if typed:
        if not settings.name:
            raise SettingError("name", "''", "name the model whose scores these are")
        size = typed.pop("params", None)
        known = among.benchmarks
        read = dynamics.read_model(settings.name, typed, params=size, known=known, of=among.name)
        return read, {}
    if not settings.name:
        raise SettingError("name", "''", "name a model of the table, or give its scores too")
    if not paths:
        return dynamics.model_in_table(among, settings.name, known=among.benchmarks), {}
    table = dynamics.read_scores(paths, kind="all", fewest=1)
    model = dynamics.model_in_table(table, settings.name, known=among.benchmarks)
    return model, {table.name: table.sha256}


def split_given(given: list[str]) -> tuple[dict[str, str], list[str]]:
    """NAME=SCORE pairs, with the size under `params`, and paths.

    Raises ValueError for a name that is given twice.
    """
    typed: dict[str, str] = {}
    paths: list[str] = []
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or Path(text).exists():
            paths.append(text)
            continue
        name = "params" if name.strip().lower() in _SIZES else name.strip()
        if name in typed:
            raise ValueError(f"{name} is given twice, the second time as {text!r}; keep one")
        typed[name] = value.strip()
    return typed, paths
