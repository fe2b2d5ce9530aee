"""What the levers do: the experiments of a folder of organisms, or those that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....common.nearest import there_are
from ...text import text_table
from ._one_family import Rows, cell

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("organism_experiments", "organism_families", "organism_contrasts")
_BY_SIZE = ("truth", "truth_plain", "truth_reference", "reasoning", "loss")
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


def compare_organisms(
    folder: Path | None,
    *,
    join: Path | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = lambda part: None,
) -> dict[str, Rows]:
    """Rows by table (`TABLES`, and `by_size`): shipped, of a folder or of a table.

    `by_size`: the mean over seeds of each family at each size, with its standard error.

    The tables of a folder are computed and written to `out`, by default the folder itself. `join`
    is a score table of models trained earlier: they are compared together with those of the folder,
    or alone where there is no folder. Raises ValueError where there is no whole family (three sizes
    or more, the same in each seed).
    """
    if folder is None and join is None:
        from .... import dynamics
        from ....data import shipped

        if out is not None:
            raise ValueError(
                "--out needs a FOLDER or --join TABLE; the shipped tables lie in data/ already"
            )
        tables = {name: _rows(dynamics.load_figures(name)) for name in TABLES}
        return tables | {"by_size": _by_size(shipped("organisms.csv"))}
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
    tables = {name: _rows(pd.read_csv(written[name])) if name in written else [] for name in TABLES}
    return tables | {"by_size": _by_size(written["organisms"])}


def _by_size(table: Path) -> Rows:
    """A row per size of each family whose seeds have the same sizes."""
    from .... import organisms

    groups: dict[str, list[organisms.Curve]] = {}
    for curve in organisms.curves(organisms.read_score_table(table)):
        groups.setdefault(curve.family, []).append(curve)
    rows = []
    for family, group in groups.items():
        if len({tuple(curve.log10_params) for curve in group}) > 1:
            continue
        mean = organisms.mean_curve(group)
        for at, size in enumerate(mean["log10_params"]):
            rows.append(
                {"family": family, "params": round(10**size), "seeds": len(group)}
                | {
                    f"{name}{end}": float(mean[f"{name}{end}"][at])
                    for name in _BY_SIZE
                    for end in ("", "_stderr")
                }
            )
    return rows


def _rows(frame: "pd.DataFrame") -> Rows:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def of_family(found: dict[str, Rows], family: str) -> dict[str, Rows]:
    """The rows about one family. Raises ValueError with the families that there are."""
    known = sorted({row["family"] for row in found["organism_families"]})
    if family not in known:
        raise ValueError(f"no family {family!r} to compare; {there_are(family, known)}")
    return {
        name: [row for row in rows if family in (row.get("family"), row.get("treated"))]
        for name, rows in found.items()
    }


def comparison_to_dict(found: dict[str, Rows]) -> dict[str, Any]:
    """JSON-ready: shifts by treatment, properties by family, differences and means by size."""
    return {
        "experiments": found["organism_experiments"],
        "families": found["organism_families"],
        "contrasts": found["organism_contrasts"],
        "by_size": found["by_size"],
    }


def comparison_to_text(found: dict[str, Rows]) -> str:
    """A row per treatment, then a row per family."""
    parts = []
    if found["organism_experiments"]:
        rows = _spread(found["organism_experiments"], ("experiment", "treated", "control"), _SHIFTS)
        header = ("experiment", "family", "against", "seeds", *_SHIFTS.values())
        parts.append("What each lever shifts, paired by seed\n" + text_table(header, rows, (3,)))
    rows = _spread(found["organism_families"], ("family",), _PROPERTIES)
    header = ("family", "seeds", *_PROPERTIES.values())
    parts.append("The families\n" + text_table(header, rows, right=(1,)))
    parts.append(_LEGEND)
    return "\n\n".join(parts)


_LEGEND = """\
Intervals of 95 % over seeds, not corrected for their number; pairs are the seeds that
both families have. log10 in decades; depth and recovery as fractions of right answers;
no fall, no rise: truth is not seen to do so (t over seeds, one-sided p of .05), and there
is no N_c. Every seed is measured on its own and the seeds are averaged; `nullcline
diagnose --table organisms` calls the same families turning at the same N_c, but couples
the means over seeds, so that its γ are those of the mean curve."""


def _spread(rows: Rows, keys: tuple[str, ...], quantities: dict[str, str]) -> list[tuple[str, ...]]:
    """A line per combination of `keys` with the number of seeds, a cell per quantity."""
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    seeds: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(str(row[key]) for key in keys)
        cells.setdefault(key, {})[row["quantity"]] = cell(row)
        seeds[key] = max(seeds.get(key, 0), int(row["seeds"]) + int(row["left_out"]))
    return [
        (*key, str(seeds[key]), *(line.get(name, "–") for name in quantities))
        for key, line in cells.items()
    ]
