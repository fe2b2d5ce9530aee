"""docs/benchmarks.md: its tables are what a results file renders to, between markers.

    <!-- benchmarks: NAME -->
    ...
    <!-- end of benchmarks -->

NAME is `summary`, `left out` or an area of the registry.
"""

import re
from collections.abc import Mapping
from typing import Any

from .registry import AREAS
from .rows import Growth, Row, row_of
from .verdicts import growth_in_words, in_words, is_worse, number, ratio_of

_BLOCK = re.compile(r"(<!-- benchmarks: (?P<name>.*) -->\n)(?s:.*?)(<!-- end of benchmarks -->)")


def render(results: Mapping[str, Any]) -> dict[str, str]:
    """Block -> its Markdown."""
    entries = results["comparisons"]
    blocks = {"summary": _summary(results), "left out": _left_out(entries)}
    for area in AREAS:
        some = [one for one in entries if one["area"] == area and one["state"] == "measured"]
        make = _scale if area == "scale" else _area
        blocks[area] = make(some, results["machine"]) if some else "Nothing was measured."
    return blocks


def with_tables(text: str, results: Mapping[str, Any]) -> str:
    """The page with the tables of `results`. Raises ValueError for a block that is unknown."""
    made = render(results)

    def block(match: re.Match[str]) -> str:
        if match["name"] not in made:
            raise ValueError(f"no block {match['name']!r}; there are {', '.join(made)}")
        return f"{match[1]}{made[match['name']].strip()}\n{match[3]}"

    return _BLOCK.sub(block, text)


def _table(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] * len(header)
    cells = [[cell.replace("|", "\\|") for cell in line] for line in (header, rule, *lines)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _summary(results: Mapping[str, Any]) -> str:
    rows = [
        (entry["name"], row_of(row))
        for entry in results["comparisons"]
        if entry["state"] == "measured"
        for row in entry["rows"]
    ]
    against = [
        f"- *{name}*, {row.work}, {row.peer or row.measured} ({row.measured}): {in_words(row)}."
        for name, row in rows
        if isinstance(row, Row) and is_worse(row)
    ]
    against += [
        f"- *{name}*, {row.task}: {growth_in_words(row)}."
        for name, row in rows
        if isinstance(row, Growth) and "**" in growth_in_words(row)
    ]
    measured = sum(one["state"] == "measured" for one in results["comparisons"])
    head = (
        f"{measured} of {len(results['comparisons'])} comparisons, newest of {results['date']}; "
        f"{_machine(results['machine'])}."
    )
    where = "\n".join(against) or "- Nowhere."
    return f"{head}\n\n**Where ours is slower, larger or worse, or over a target:**\n\n{where}"


def _machine(about: Mapping[str, Any]) -> str:
    memory = f", {about['memory_gb']} GB" if about["memory_gb"] else ""
    return (
        f"a machine with {about['cores']} cores ({about['processor']}){memory}, {about['system']}, "
        f"Python {about['python']}"
    )


def _left_out(entries: list[dict[str, Any]]) -> str:
    missing = [one for one in entries if one["state"] != "measured"]
    if not missing:
        return "Nothing: every comparison was measured."
    lines = [[one["name"], one["state"], one["reason"], f"`{one['command']}`"] for one in missing]
    return _table(["comparison", "", "reason", "command"], lines)


def _area(entries: list[dict[str, Any]], machine: Mapping[str, Any]) -> str:
    header = [
        "work", "measured", "peer", "ours", "peer's", "ours / peer's", "in words",
        "compiling, s", "peak MB, ours / peer's",
    ]  # fmt: skip
    parts = []
    for entry in entries:
        rows = [row for row in map(row_of, entry["rows"]) if isinstance(row, Row)]
        lines = [_line(row) for row in rows]
        parts.append(_part(entry, _table(header, lines), machine))
    return "\n\n".join(parts)


def _line(row: Row) -> list[str]:
    memory = [("–" if mb is None else number(max(mb, 0.1))) for mb in (row.our_mb, row.their_mb)]
    return [
        row.work,
        row.measured,
        row.peer or "none",
        number(row.our_middle),
        number(row.their_middle) if row.theirs else "–",
        ratio_of(row),
        f"{in_words(row)}{_pairs(row)}".strip(),
        "–" if row.compile_s is None else number(row.compile_s),
        " / ".join(memory) if row.our_mb is not None else "–",
    ]


def _pairs(row: Row) -> str:
    """What the pairs are, where they are no repeats."""
    if row.pairs == "repeats":
        return ""
    return f" ({row.pairs})" if len(row.ours) == 1 else f" ({len(row.ours)} {row.pairs})"


def _scale(entries: list[dict[str, Any]], machine: Mapping[str, Any]) -> str:
    header = ["task", "sizes", "measured", "at each size", "first call", "exponent",
              "peak MB", "exponent", "in words"]  # fmt: skip
    parts = []
    for entry in entries:
        lines = []
        for row in map(row_of, entry["rows"]):
            assert isinstance(row, Growth)
            exponents = [row.exponent(values) for values in (row.seconds, row.peak_mb)]
            time_, memory = ("–" if e is None else f"{e:.2f}" for e in exponents)
            lines.append(
                [
                    row.task,
                    " · ".join(f"{size:,}" for size in row.sizes) + f" {row.unit}",
                    row.measured,
                    " · ".join(map(number, row.seconds)),
                    number(row.first[-1]) if row.first else "–",
                    time_,
                    " · ".join(number(max(mb, 0.1)) for mb in row.peak_mb) or "–",
                    memory,
                    growth_in_words(row),
                ]
            )
        parts.append(_part(entry, _table(header, lines), machine))
    return "\n\n".join(parts)


def _part(entry: dict[str, Any], table: str, machine: Mapping[str, Any]) -> str:
    """A comparison: what it is, its table, how it was made."""
    said = _versions(entry["packages"])
    if "peer_packages" in entry:
        said += f"{'; ' if said else ''}the peer's: {_versions(entry['peer_packages'])}"
    own = entry["machine"]
    where = "" if own == machine else f"; {_machine(own)}"
    stamp = (
        f"*`{entry['command']}`, {entry['date']}, commit {entry['commit'] or 'unknown'}; "
        f"load {entry['load']}{where}{f'; {said}' if said else ''}.*"
    )
    return f"**{entry['name']}**: {entry['about']}.\n\n{table}\n\n{stamp}"


def _versions(packages: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())
