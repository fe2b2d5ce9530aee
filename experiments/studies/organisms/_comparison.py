"""What the levers do: the experiments of a folder of organisms, or those that are shipped."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ...formats import interval, signed
from ...text import text_table

if TYPE_CHECKING:
    import pandas as pd

#: Rows by table, as read from CSV: names and statuses are text, the rest numbers.
Rows: TypeAlias = list[dict[str, Any]]
TABLES = ("organism_experiments", "organism_families")
_SHIFTS = {
    "log10_critical": "log10 N_c",
    "log10_critical_width": "log10 width at N_c",
    "depth": "depth",
    "recovery": "recovery",
}
_PROPERTIES = {
    "log10_critical": "log10 N_c",
    "gamma_before": "γ before",
    "gamma_after": "γ after",
    "loss_bend": "bend of log loss",
    "reference_lead": "reference leads by",
}
_WORDS = {"no_fall": "no fall", "no_rise": "no rise"}


def compare_organisms(
    folder: Path | None,
    *,
    join: Path | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = lambda part: None,
) -> dict[str, Rows]:
    """Rows of `organism_experiments` and `organism_families`: shipped, of a folder or of a table.

    The tables of a folder are computed and written to `out`, by default the folder itself. `join`
    is a score table of models trained earlier: they are compared together with those of the folder,
    or alone where there is no folder. Raises ValueError where there is no whole family (three sizes
    or more, the same in each seed).
    """
    if folder is None and join is None:
        from .... import dynamics

        if out is not None:
            raise ValueError(
                "--out needs a FOLDER or --join TABLE; the shipped tables lie in data/ already"
            )
        return {name: _rows(dynamics.load_figures(name)) for name in TABLES}
    if folder is not None and not folder.is_dir():
        raise ValueError(f"no folder {folder}")
    out = out or folder
    if out is None:
        raise ValueError("--join without a FOLDER needs --out DIR, where its tables go")
    import pandas as pd

    from .... import organisms

    found = () if folder is None else organisms.list_organisms(folder)
    joined = "" if join is None else f", joined to {join}"
    say(f"scores, loss and probes of {len(found)} organisms{joined}")
    written = {path.stem: path for path in organisms.write_tables(found, out, join=join)}
    if "organism_families" not in written:
        raise ValueError(
            f"{folder or join} holds no family of three sizes or more, the same in each seed; "
            "train one with `nullcline organisms train`"
        )
    return {name: _rows(pd.read_csv(written[name])) if name in written else [] for name in TABLES}


def _rows(frame: "pd.DataFrame") -> Rows:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def comparison_to_dict(found: dict[str, Rows]) -> dict[str, Any]:
    """JSON-ready: shifts by treatment, properties by family."""
    return {"experiments": found["organism_experiments"], "families": found["organism_families"]}


def comparison_to_text(found: dict[str, Rows]) -> str:
    """A row per treatment, then a row per family."""
    parts = []
    if found["organism_experiments"]:
        rows = _spread(found["organism_experiments"], ("experiment", "treated", "control"), _SHIFTS)
        header = ("experiment", "family", "against", *_SHIFTS.values())
        parts.append("What each lever shifts, paired by seed\n" + text_table(header, rows))
    rows = _spread(found["organism_families"], ("family",), _PROPERTIES)
    parts.append("The families\n" + text_table(("family", *_PROPERTIES.values()), rows))
    seeds = sorted({int(row["seeds"]) + int(row["left_out"]) for rows in found.values()
                    for row in rows})  # fmt: skip
    many = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    parts.append(
        f"Intervals of 95 % over {many} seeds, not corrected for their number. log10 in decades; "
        "depth and\nrecovery as fractions of right answers; no fall, no rise: truth is not seen to "
        "do so, and there\nis no N_c."
    )
    return "\n\n".join(parts)


def _spread(rows: Rows, keys: tuple[str, ...], quantities: dict[str, str]) -> list[tuple[str, ...]]:
    """A line per combination of `keys`, a cell per quantity."""
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        cells.setdefault(tuple(str(row[key]) for key in keys), {})[row["quantity"]] = _cell(row)
    return [(*key, *(line.get(name, "–") for name in quantities)) for key, line in cells.items()]


def _cell(row: dict[str, Any]) -> str:
    if row["status"] in _WORDS:
        return _WORDS[row["status"]]
    mean = float(row["mean"])
    if math.isnan(mean):
        return "–"
    if int(row["seeds"]) == 1:
        return f"{signed(mean)} (one seed)"
    # Adding zero takes the sign off what rounds to nothing.
    return f"{signed(round(mean, 2) + 0.0)} {interval(float(row['low']), float(row['high']))}"
