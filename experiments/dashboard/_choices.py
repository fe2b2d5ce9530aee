"""What a request chooses, checked against what there is, and the job that holds it."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ...common.nearest import there_are
from ...common.words import shortened
from ..web import Refused
from ._store import Job, Store

if TYPE_CHECKING:
    from ._jobs import Source, TableEntry

_READ_SECONDS = 90.0
#: Above so many families in a table the view of one does not wait for those of all: so many of them
#: are computed together, a fiftieth of a second each.
_MANY_FAMILIES, _FAMILIES_AT_ONCE = 100, 25


class Choice(NamedTuple):
    """A table, where it lies, and the pair of scores that is looked at."""

    source: "Source"
    reasoning: str
    truth: str
    families: list[str]
    title: str
    along: dict[str, list[str]]  # families along each clock that the table knows
    first: bool  # whether it is what a start of the server shows


class Flow(NamedTuple):
    """What the view of the dynamics is told beside the pair."""

    penalty: str = "l1"
    along: str = "params"
    unseen: str | None = None
    trained_on: str | None = None


class Ask(NamedTuple):
    """A job to ask the store for."""

    name: str
    arguments: Mapping[str, object]
    title: str


INDEX = Ask("index", {}, "reading the shipped tables")
#: The first view of a start, whose worker is the other's that reads uploads.
FIRST = Ask("first", {}, "the overview")
CLAIMS = Ask("claims", {}, "recomputing the claims")


def begin(store: Store) -> None:
    """Begin what every reader looks at first, each in a process of its own."""
    for ask in (INDEX, FIRST):
        store.parts(*ask)


def unknown(status: int, what: str, given: str, known: Iterable[str]) -> Refused:
    """The refusal of a name that is not among those known, with the nearest of them."""
    return Refused(
        status, f"there is no such {what}: {shortened(given)}; {there_are(given, known)}"
    )


def shipped_tables(store: Store) -> "list[TableEntry]":
    """What can be chosen of each shipped table, once it is known."""
    parts = store.parts(*INDEX)
    if isinstance(parts, Job):
        parts = parts.future.result(timeout=_READ_SECONDS)
    return json.loads(parts["index"])["tables"]


def find_table(store: Store, table: str) -> "tuple[TableEntry, Source]":
    """What can be chosen of a table, and where it lies. Raises `Refused` for one that is none."""
    own, source = store.uploads.entry(table), store.uploads.source(table)
    if own is not None and source is not None:
        return own, source
    shipped = shipped_tables(store)
    for entry in shipped:
        if entry["name"] == table:
            return entry, ("shipped", table)
    refused = unknown(404, "table", table, [entry["name"] for entry in shipped])
    refused.message += "; the last 16 uploads are kept until the server ends"
    raise refused


def choose(store: Store, table: str, reasoning: str | None, truth: str | None) -> Choice:
    """Table and pair, checked against what there is."""
    entry, source = find_table(store, table)
    names = [name for name, _ in entry["benchmarks"]]
    pair = {"reasoning": reasoning or entry["reasoning"], "truth": truth or entry["truth"]}
    for role, name in pair.items():
        if name not in names:
            raise unknown(422, f"benchmark for {role} in this table", name, names)
    if len(names) == 1:
        raise Refused(422, entry["why"])
    if pair["reasoning"] == pair["truth"]:
        raise Refused(422, "the pair holds one benchmark twice; choose two")
    return Choice(
        source,
        **pair,
        families=entry["families"],
        title=entry["title"],
        along={name: families for name, _, families in entry["clocks"]},
        first=source == ("shipped", shipped_tables(store)[0]["name"])
        and all(entry[role] == name for role, name in pair.items()),
    )


def check_flow(flow: Flow, choice: Choice) -> Flow:
    """Clock and family, against what the table has."""
    if flow.along not in choice.along:
        there = ", ".join(choice.along)
        raise Refused(422, f"this table is not known along {flow.along}; it is along {there}")
    families = choice.along[flow.along]
    if flow.unseen is not None and flow.unseen not in families:
        raise unknown(404, f"family along {flow.along} in this table", flow.unseen, families)
    return flow


def ask_view(view: str, choice: Choice, flow: Flow, family: str | None = None) -> Ask:
    """Which job holds a view of a table; that of one `family` is computed with its neighbours."""
    arguments: dict[str, object] = {
        "source": choice.source, "reasoning": choice.reasoning, "truth": choice.truth,
    }  # fmt: skip
    if view == "dynamics":
        return Ask("dynamics", {**arguments, **flow._asdict()}, "fitting the equations")
    if view == "scan":
        return Ask("scan", {"source": choice.source}, f"every pair of {choice.title}")
    if view == "next":
        return Ask("next", arguments, f"the next sizes of {choice.title}")
    if view == "table":
        return Ask("table", arguments, f"diagnosing {choice.title}")
    if view == "overview" and choice.first:
        return FIRST
    if view == "family":
        if len(choice.families) > _MANY_FAMILIES:
            arguments["among"] = _neighbours(choice.families, family)
        return Ask("families", arguments, f"diagnosing {choice.title}")
    return Ask("overview", arguments, f"diagnosing {choice.title}")


def _neighbours(families: list[str], family: str | None) -> tuple[str, ...]:
    at = families.index(family) if family in families else 0
    first = at - at % _FAMILIES_AT_ONCE
    return tuple(families[first : first + _FAMILIES_AT_ONCE])


def ask_card(store: Store, table: str, model: str, scores: str) -> Ask:
    """The job of one model: typed scores go before a row of the table."""
    if scores.strip():
        arguments = {"source": ("typed",), "model": model, "scores": scores}
        return Ask("card", arguments, "one model")
    entry, source = find_table(store, table)
    if not model:
        raise Refused(422, "no model is named; type its scores, or name a model of the table")
    if model not in entry["models"]:
        raise unknown(404, "model with a known score in this table", model, entry["models"])
    return Ask("card", {"source": source, "model": model, "scores": ""}, "one model")
