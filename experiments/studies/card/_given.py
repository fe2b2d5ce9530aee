"""Whom the settings of a card mean: scores as typed, or a row of a table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .... import dynamics
from ...options import SettingError

if TYPE_CHECKING:
    from ....dynamics import GivenModel, ScoreTable
    from ...schemas_card import Card

_SIZES = ("params", "size", "parameters")
#: A score as people paste it: `HellaSwag (10-shot): 78.2`, `hellaswag=0.782`, a row of a table.
_PASTED = re.compile(
    r"([A-Za-z][\w .()/-]{0,60}?)\s*(?:[=:|\t]|\s(?=[0-9.]))\s*"
    r"([0-9.][0-9.eE+]*\s?[%KMBTkmbt]?(?:\s?±\s?[0-9.]+)?)(?=[\s,;|]|$)"
)


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


def parse_scores(text: str) -> dict[str, str]:
    """NAME -> SCORE from text as people type or paste it, the size under `params`.

    Pairs stand on lines or between commas, semicolons, blanks or bars; `=`, `:`, a tab, a bar or a
    blank parts name and number. Raises ValueError where something is left that is no such pair.
    """
    found: dict[str, str] = {}
    for name, value in _PASTED.findall(text):
        name = "params" if name.strip().lower() in _SIZES else name.strip()
        if name in found:
            raise ValueError(f"{name} is given twice; keep one")
        found[name] = value.strip()
    rest = _PASTED.sub(" ", text).strip(" \t\r\n,;|-")
    if rest or not found:
        said = repr(rest[:40]) if rest else "nothing"
        raise ValueError(f"{said} is no score; write hellaswag=78.2 truthfulqa_mc2=43.1 params=7B")
    return found
