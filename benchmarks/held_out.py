"""Held-out prediction on the shipped uniform table, as docs/held_out.md shows it.

Sections: `methods`, every method with a family or a lab left out, one model given; `checks`, other
cohorts and protocols, and two single families; `systems`, what the fitted systems do beyond the
data, and the published figures by the published recipes; `others`, families of another table;
`bands`, how often bands hold where a family, a lab or a recipe is left out; `distance`, what a
family's distance says of its error. Targets: Llama-2 under 4.0 % mean relative error; 2.6 points by
family and 2.8 by lab, and a paired interval against the ridge linear ODE that excludes 0.
"""

import argparse
import json
from collections.abc import Callable

import jax
from _bands import band_rows, distance_rows
from _coverage.section import Table
from _held_out import check_rows, method_rows, system_rows
from _other_table import other_rows

from nullcline.common.progress import Progress
from nullcline.experiments.progress import report_parts

#: Name -> the section's header and lines.
SECTIONS: dict[str, Callable[[Progress], Table]] = {
    "methods": method_rows,
    "checks": check_rows,
    "systems": system_rows,
    "others": other_rows,
    "bands": band_rows,
    "distance": distance_rows,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--section", nargs="+", choices=tuple(SECTIONS), default=list(SECTIONS))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--list", action="store_true", help="name the sections and stop")
    options = parser.parse_args()
    if options.list:
        print(*options.section, sep="\n")
        return
    jax.config.update("jax_enable_x64", True)
    with report_parts("held_out") as progress:
        tables = {name: SECTIONS[name](progress) for name in options.section}
    if options.json:
        lines = {
            name: [dict(zip(table.header, line, strict=True)) for line in table.lines]
            for name, table in tables.items()
        }
        print(json.dumps(lines))
        return
    for table in tables.values():
        print(table.markdown() if options.markdown else table.text(), end="\n\n")


if __name__ == "__main__":
    main()
