"""Held-out prediction on the shipped uniform table, as docs/held_out.md shows it.

Sections: `methods`, every method with a family or a lab left out, one model given; `checks`, other
cohorts and protocols, and two single families; `systems`, what the fitted systems do beyond the
data, and the published figures by the published recipes; `others`, families of another table;
`bands`, how often bands hold where a family, a lab or a recipe is left out; `distance`, what a
family's distance says of its error. Targets: Llama-2 under 4.0 % mean relative error; 2.6 points by
family and 2.8 by lab, and a paired interval against the ridge linear ODE that excludes 0.
"""

from collections.abc import Callable

from _bands import band_rows, distance_rows
from _coverage.section import Table
from _held_out import check_rows, method_rows, system_rows
from _other_table import other_rows
from _sections import run_sections

from nullcline.common.progress import Progress

#: Name -> the section's header and lines.
SECTIONS: dict[str, Callable[[Progress], Table]] = {
    "methods": method_rows,
    "checks": check_rows,
    "systems": system_rows,
    "others": other_rows,
    "bands": band_rows,
    "distance": distance_rows,
}


if __name__ == "__main__":
    run_sections("held_out", __doc__ or "", SECTIONS)
