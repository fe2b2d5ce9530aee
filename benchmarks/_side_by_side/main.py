"""The command line of `python -m benchmarks`."""

import argparse
import datetime
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nullcline.common.files import write_whole

from . import machine
from .page import with_tables
from .peers import ROOT
from .registry import REGISTRY, Comparison
from .run import run

RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
_QUICK = ROOT / "build" / "benchmarks"

_ABOUT = """Every comparison with a peer, ours and the peer's in one run on the same work, in turns.

Writes RESULTS/<date>.json and the tables of docs/benchmarks.md. Comparisons that are not run now
keep their newest figures, each with its own date, commit and load. The exit status is 1 where one
failed, 0 where some could not be begun (a file or a peer is not there): both are listed with the
reason.
"""


def main(argv: Sequence[str] | None = None, *, registry: tuple[Comparison, ...] = REGISTRY) -> int:
    """Run comparisons, write the results file and the page."""
    options = _parser(registry).parse_args(argv)
    if options.list:
        _list(registry)
        return 0
    out = options.out or (_QUICK if options.quick else RESULTS)
    page = options.page or (None if options.quick else PAGE)
    before = newest(out)
    entries = {one["name"]: one for one in before["comparisons"]} if before else {}
    if not options.render:
        chosen = _chosen(registry, options.only)
        for number, one in enumerate(chosen, start=1):
            _say(f"{number} of {len(chosen)}  {one.name}, about {one.minutes:g} min")
            entry = run(one, quick=options.quick, data=options.data)
            _say(f"{entry['state']} in {entry['seconds']:.0f} s  {entry.get('reason', '')}")
            entry["machine"] = machine.machine()
            # What cannot be begun today keeps what was measured before.
            if entry["state"] != "not run" or one.name not in entries:
                entries[one.name] = entry
            _write(out, registry, entries, quick=options.quick)
    results = newest(out)
    if results is None:
        raise SystemExit(f"benchmarks: {out}: no results; run without --render")
    if page:
        write_whole(page, with_tables(page.read_text("utf-8"), results))
    failed = [one["name"] for one in results["comparisons"] if one["state"] == "failed"]
    if failed:
        _say(f"failed: {', '.join(failed)}")
    return int(bool(failed))


def newest(folder: Path) -> dict[str, Any] | None:
    """The results file with the latest date; None where there is none."""
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].json"))
    return json.loads(files[-1].read_text("utf-8")) if files else None


def _parser(registry: tuple[Comparison, ...]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [one.name for one in registry]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="these alone")
    parser.add_argument("--list", action="store_true", help="name the comparisons and stop")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to try; kept in build/, not on the page"
    )
    parser.add_argument(
        "--render", action="store_true", help="run nothing; write the page from the newest results"
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="files that are not shipped")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where results are kept")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page that holds the tables")
    return parser


def _chosen(registry: tuple[Comparison, ...], only: list[str] | None) -> list[Comparison]:
    return [one for one in registry if not only or one.name in only]


def _write(
    out: Path,
    registry: tuple[Comparison, ...],
    entries: dict[str, dict[str, Any]],
    *,
    quick: bool,
) -> None:
    """One file a day; comparisons in the order of the registry, those that are gone left out."""
    found = [entries.get(one.name) or _never(one) for one in registry]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    results = {
        "schema": 1,
        "date": today,
        "quick": quick,
        "machine": machine.machine(),
        "comparisons": found,
    }
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(out / f"{today}.json", text)


def _never(one: Comparison) -> dict[str, Any]:
    """The entry of a comparison that nobody has run yet."""
    return {
        "name": one.name,
        "area": one.area,
        "about": one.about,
        "command": one.command,
        "rows": [],
        "state": "not run",
        "reason": f"takes about {one.minutes:g} min; --only {one.name} runs it",
    }


def _list(registry: tuple[Comparison, ...]) -> None:
    for one in registry:
        needs = [f"peers {one.peer}"] if one.peer else []
        needs += [one.data.file] if one.data else []
        print(f"{one.name:18} {one.minutes:4g} min  {one.about}")
        print(f"{'':28}{one.command}" + (f"  ({', '.join(needs)})" if needs else ""))


def _say(text: str) -> None:
    print(f"benchmarks: {text.strip()}", file=sys.stderr, flush=True)
