"""What the worker computes: from a source and a choice to views, each ready as JSON.

A job returns its parts by name. These functions run in a process of their own. What a job needs it
imports itself: the index, the first thing that a page waits for, needs the tables alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NotRequired, TypedDict, get_args

import numpy as np

from ... import dynamics
from ...common.words import counted
from ..accounts import account_to_dict
from ..example_table import example_table
from ..formats import plain
from ._blocks import View
from ._first_look import first_look
from ._first_pair import first_pair
from ._shipped import SHIPPED_VIEWS

Parts = dict[str, str]
#: How the equations may be fitted, as `_dynamics` does it.
PENALTIES = ("l1", "ridge", "stlsq")
Source = tuple[str, ...]  # ("shipped", name), ("file", path, title) or ("typed",)


class TableEntry(TypedDict):
    """What can be chosen of a table, and the pair that is chosen where nobody does."""

    name: str
    title: str
    benchmarks: list[list[str]]  # name and title of each
    families: list[str]
    models: list[str]  # that can have a card
    clocks: list[tuple[str, str, list[str]]]  # name, title and families along each known clock
    reasoning: str
    truth: str
    why: str  # this pair
    look: NotRequired[View]  # the table as it was read, for the time until its phases are there
    warnings: NotRequired[list[dict[str, object]]]  # what the reader warns of in an uploaded table
    account: NotRequired[dict[str, object]]  # what became of each file, row and column of it


_MOST_FAMILIES = 500
_MOST_MODELS = 500
#: A model with none of these is not offered a card.
_CARD_BENCHMARKS = ("hellaswag", "truthfulqa_mc2", "arc_challenge", "winogrande", "mmlu", "gsm8k")
#: A clock is offered where so many of the models have a place on it.
_ENOUGH_KNOWN = 0.5


def run(name: str, arguments: Mapping[str, object]) -> Parts:
    """The parts of job `name`; ValueError where the choice or the table does not allow it."""
    return _JOBS[name](**arguments)


def _index() -> Parts:
    """What can be chosen, and the table to try things with."""
    tables = [describe(_shipped(name)) for name in dynamics.table_names()]
    first = _shipped(tables[0]["name"])
    tables[0]["look"] = first_look(first, first_pair(first))
    choices = {
        "tables": tables,
        "penalties": PENALTIES,
        "trained_on": get_args(dynamics.TrainedOn),
        "shipped": SHIPPED_VIEWS,
    }
    return {"index": _json(choices), "example": example_table()}


def describe(table: dynamics.ScoreTable, *, name: str | None = None) -> TableEntry:
    """What can be chosen of a table."""
    families = _longest_first(table)
    pair = first_pair(table)
    return {
        "name": name or table.name,
        "title": table.name,
        "benchmarks": [[n, dynamics.benchmark(n).title] for n in table.benchmarks],
        "families": families,
        "models": _models(table),
        "clocks": [
            (name, dynamics.CLOCKS[name].title, _longest_first(along))
            for name, along in _along_each(table).items()
        ],
        "reasoning": pair.reasoning,
        "truth": pair.truth,
        "why": pair.why,
    }


def _models(table: dynamics.ScoreTable) -> list[str]:
    """The table's models in its own order; none of a table that is no list of models."""
    names = list(dict.fromkeys(map(str, table.frame["model"])))
    if len(names) > _MOST_MODELS or not set(_CARD_BENCHMARKS) & set(table.benchmarks):
        return []
    return names


def _longest_first(table: dynamics.ScoreTable) -> list[str]:
    counts = table.frame["family"].value_counts()
    return sorted(table.families, key=lambda f: (-int(counts[f]), f.lower()))


def _along_each(table: dynamics.ScoreTable) -> dict[dynamics.Along, dynamics.ScoreTable]:
    """The table along each clock on which half of its models have a place."""
    found = {}
    for clock in dynamics.CLOCKS.values():
        there = np.isfinite(clock.position(table.frame))
        if there.any() and there.mean() >= _ENOUGH_KNOWN:
            try:
                found[clock.name] = dynamics.along_clock(table, clock.name)
            except dynamics.TableError:  # fewer than two places
                continue
    return found


def _read(path: str, title: str, name: str) -> Parts:
    """Read a table of a reader's own."""
    table = _file(path, title)
    if len(table.families) > _MOST_FAMILIES:
        raise ValueError(
            f"{title}: {counted(len(table.families), 'family')}; give at most {_MOST_FAMILIES}"
        )
    entry = describe(table, name=name)
    entry["warnings"] = plain(list(table.warnings))
    entry["account"] = account_to_dict(table.account)
    entry["look"] = first_look(table, first_pair(table))
    return {"entry": _json(entry)}


def _overview(source: Source, reasoning: str, truth: str) -> Parts:
    from ._overview import overview

    return {"overview": _json(overview(_diagnose(source, reasoning, truth)))}


def _first() -> Parts:
    """The overview that a start begins with, of the first shipped table with its first pair.

    A job of its own: it begins with the server, beside the index, which tells the pair."""
    name = dynamics.table_names()[0]
    pair = first_pair(_shipped(name))
    return _overview(("shipped", name), pair.reasoning, pair.truth)


def _families(
    source: Source, reasoning: str, truth: str, among: tuple[str, ...] | None = None
) -> Parts:
    """A view of each family, or of those `among` them."""
    from ._family import family_view

    diagnosis = _diagnose(source, reasoning, truth)
    chosen = [f for f in diagnosis.families if among is None or f.family in among]
    return {f"family/{f.family}": _json(family_view(diagnosis, f)) for f in chosen}


def _table(source: Source, reasoning: str, truth: str) -> Parts:
    from ._extension import table_view

    table = _load(source)
    pair = first_pair(table)
    why = pair.why if (reasoning, truth) == (pair.reasoning, pair.truth) else ""
    view = table_view(table, _diagnose(source, reasoning, truth), why=why, live=True)
    return {"table": _json(view)}


def _next(source: Source, reasoning: str, truth: str) -> Parts:
    from ._extension import next_view

    return {"next": _json(next_view(_load(source), _diagnose(source, reasoning, truth)))}


def _dynamics(
    source: Source,
    reasoning: str,
    truth: str,
    penalty: str,
    along: dynamics.Along = "params",
    unseen: str | None = None,
    trained_on: dynamics.TrainedOn | None = None,
) -> Parts:
    from ._dynamics import dynamics_view

    view = dynamics_view(
        dynamics.along_clock(_load(source), along),
        reasoning=reasoning,
        truth=truth,
        penalty=penalty,
        unseen=unseen,
        trained_on=trained_on,
    )
    return {"dynamics": _json(view)}


def _scan(source: Source) -> Parts:
    from ._scan import scan_view

    return {"scan": _json(scan_view(_load(source)))}


def _card(source: Source, model: str, scores: str) -> Parts:
    """One model: as typed, or of a table."""
    from ._card import row_card_view, typed_card_view

    if source[0] == "typed":
        return {"card": _json(typed_card_view(model, scores))}
    return {"card": _json(row_card_view(_load(source), model))}


def _frontier() -> Parts:
    from ._frontier import frontier_view

    return {"frontier": _json(frontier_view())}


def _claims() -> Parts:
    from ..ledger import build_ledger
    from ._claims import claims_view

    return {"claims": _json(claims_view(build_ledger()))}


def _load(source: Source) -> dynamics.ScoreTable:
    return _shipped(source[1]) if source[0] == "shipped" else _file(source[1], source[2])


@lru_cache(maxsize=4)
def _shipped(name: str) -> dynamics.ScoreTable:
    return dynamics.load_table(name)


@lru_cache(maxsize=2)
def _file(path: str, title: str) -> dynamics.ScoreTable:
    """The table under the name that its owner gave it; the reader's message likewise."""
    try:
        table = dynamics.read_scores(path, name=title)
    except dynamics.TableError as error:
        raise dynamics.TableError(title, error.problem, error.hint, error.row) from None
    # Where the upload was written is no part of what was read.
    files = tuple(
        replace(file, path=file.path.replace(path, title)) for file in table.account.files
    )
    return replace(table, account=replace(table.account, files=files))


@lru_cache(maxsize=4)
def _diagnose(source: Source, reasoning: str, truth: str) -> "dynamics.Diagnosis":
    return dynamics.diagnose(_load(source), reasoning=reasoning, truth=truth)


def _json(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


_JOBS: dict[str, Callable[..., Parts]] = {
    "index": _index,
    "read": _read,
    "first": _first,
    "overview": _overview,
    "families": _families,
    "table": _table,
    "next": _next,
    "card": _card,
    "dynamics": _dynamics,
    "scan": _scan,
    "frontier": _frontier,
    "claims": _claims,
}
