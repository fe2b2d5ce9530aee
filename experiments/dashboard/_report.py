"""The report: every view of one table in one file."""

import datetime
import json
import os
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from ... import dynamics
from ...common.progress import Progress, silent
from ...common.words import counted
from ..checkout import code_of_checkout
from ..formats import plain
from ._blocks import View, notice
from ._card import models_for_report, row_card_view
from ._dynamics import dynamics_view
from ._errors import JobError
from ._extension import table_view
from ._family import family_view
from ._inside import inside_view
from ._jobs import describe, run
from ._overview import overview
from ._page import report_page
from ._scan import scan_view
from ._shipped import SHIPPED_VIEWS

#: The file stays below this, whatever the table; plotly.js takes two megabytes of it.
MOST_BYTES = 5_000_000
_FOR_FAMILIES = 1_700_000
_PENALTIES = ("l1", "ridge")


def write_views(
    table: dynamics.ScoreTable,
    diagnosis: dynamics.Diagnosis,
    *,
    records: Sequence[Path] = (),
    own: bool = True,
    on_progress: Progress | None = None,
) -> bytes:
    """The report of one diagnosis as HTML, below 5 MB.

    Views of families are left out, those with the fewest models first, where they would not fit;
    the page then says so. Frontier and claims are those of the shipped tables. Raises JobError if
    even the rest does not fit.
    """
    report = on_progress or silent
    reasoning, truth = diagnosis.reasoning, diagnosis.truth
    report("views of families")
    families = _family_views(diagnosis)
    shown = overview(diagnosis)
    left = len(diagnosis.families) - len(families)
    if left:
        text = (
            f"{counted(left, 'family')} with the fewest models have no view of their "
            "own in this file."
        )
        shown["blocks"].insert(0, notice("Not everything fits", text))
    views = {"overview": plain(shown)}
    views |= {f"family/{name}": view for name, view in families.items()}
    report("next sizes")
    views["table"] = plain(table_view(table, diagnosis))
    report("every pair")
    views["scan"] = plain(scan_view(table))
    report("single models")
    cards = models_for_report(table)
    views |= {f"card/{name}": plain(row_card_view(table, name)) for name in cards}
    for penalty in _PENALTIES:
        report(f"dynamics, {penalty}")
        flow = dynamics_view(table, reasoning=reasoning, truth=truth, penalty=penalty)
        views[f"dynamics/{penalty}"] = plain(flow)
    report("frontier")
    views["frontier"] = json.loads(run("frontier", {})["frontier"])
    report("claims")
    views["claims"] = json.loads(run("claims", {})["claims"])
    views["inside"] = inside_view(list(records))
    entry = describe(table)
    entry["reasoning"], entry["truth"], entry["families"] = reasoning, truth, list(families)
    entry["models"] = cards
    entry["clocks"] = []  # the flow along sizes alone, and no family predicted unseen
    entry["benchmarks"] = [one for one in entry["benchmarks"] if one[0] in (reasoning, truth)]
    names = dict.fromkeys(key.split("/")[0] for key in views)
    shipped = SHIPPED_VIEWS if own else {}
    choices = {"penalties": list(_PENALTIES), "trained_on": [], "shipped": shipped}
    data = {"index": {"tables": [entry], **choices}, "present": list(names), "views": views}
    page = report_page(table.name, data, made=_made(table.name))
    if len(page) >= MOST_BYTES:
        raise JobError(f"the report has {len(page) / 1e6:.1f} MB; choose families with --family")
    return page


def _made(name: str) -> str:
    """Of what the report is, when it was made, and by which version.

    The day is that of SOURCE_DATE_EPOCH where it is set: the same inputs then give the same file.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.datetime.now(datetime.UTC)
    if seconds.isdecimal():
        now = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
    code = code_of_checkout()
    by = f"nullcline {version('nullcline')}"
    if code["commit"]:
        by += f", commit {code['commit'][:10]}{', changed since' if code['dirty'] else ''}"
    return f"Report of {name}, {now:%Y-%m-%d}, by {by}"


def _family_views(diagnosis: dynamics.Diagnosis) -> dict[str, View]:
    """The views that fit, of the families with the most models first."""
    views: dict[str, View] = {}
    spent = 0
    for family in sorted(diagnosis.families, key=lambda f: (-len(f.models), f.family)):
        view = plain(family_view(diagnosis, family))
        spent += len(zlib.compress(json.dumps(view).encode("utf-8"))) * 4 // 3
        if spent > _FOR_FAMILIES:
            break
        views[family.family] = view
    return views
