"""What the analysis says of simulated tables whose truth is known: null designs first.

Sections, in this order: `null`, how often the gate of a shared turn opens where none is shared;
`phases`, how many families are called where nothing is coupled; `place`, how often the interval of
a shared turn holds it, `map` the same over asymmetry, curvature and straight families; `minimum`,
the pooled minimum's interval (`minimum-chosen` on the designs that it was chosen on, `settings`
under others). A design has a random stream of its own: its numbers depend on the seed, on --sims
and on nothing else.
"""

import argparse
import json
import textwrap
import time
from collections.abc import Mapping

import numpy as np
from _coverage.section import Row, Section, Size
from _coverage.simulate import SECTIONS, chosen_designs, simulate_designs

from nullcline.experiments.progress import report_parts


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--section", nargs="+", choices=tuple(SECTIONS), default=list(SECTIONS), metavar="NAME")
    add("--designs", nargs="+", default=[], metavar="WORDS", help="those whose names hold them")
    add("--sims", type=int, help="simulated tables per design, instead of the section's own")
    add("--n-boot", type=int, default=1_000, help="resamples of the pooled minimum")
    add("--seed", type=int, help="instead of the section's own")
    add("--workers", type=int, default=2, help="processes")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--list", action="store_true", help="name the designs and stop")
    return parser.parse_args()


def show(section: Section, rows: Mapping[str, Row], sims: int, *, markdown: bool) -> None:
    error = np.sqrt(0.95 * 0.05 / sims)
    said = f"{section.columns}. {sims} tables per design: Monte Carlo error of .95 {error:.3f}."
    words = textwrap.fill(f"{said[0].upper()}{said[1:]}", 100 if markdown else 80)
    table = section.table(rows)
    if markdown:
        print(f"{table.markdown()}\n\n{words}")
    else:
        print(f"{section.title}\n\n{table.text()}\n\n{words}\n", flush=True)


def finite(row: Row) -> Row:
    """JSON has no infinite width."""
    return {key: v if v is not None and np.isfinite(v) else None for key, v in row.items()}


def main() -> None:
    options = parse()
    chosen = [
        (section, names)
        for section in SECTIONS.values()
        if section.name in options.section and (names := chosen_designs(section, options.designs))
    ]
    if not chosen:
        raise SystemExit(f"coverage: no design holds {' or '.join(options.designs)}; see --list")
    if options.list:
        for section, names in chosen:
            print(*(f"{section.name}  {name}" for name in names), sep="\n")
        return
    record = []
    with report_parts("coverage") as progress:
        for section, names in chosen:
            start = time.perf_counter()
            sims = section.sims if options.sims is None else options.sims
            seed = section.seed if options.seed is None else options.seed
            rows = simulate_designs(
                section,
                names,
                Size(sims, options.n_boot),
                seed=seed,
                workers=options.workers,
                progress=progress,
            )
            seconds = time.perf_counter() - start
            record += [
                {"section": section.name, "design": name, "sims": sims, "seed": seed, **finite(row)}
                for name, row in rows.items()
            ]
            progress.line(f"coverage: {section.name} took {seconds:.0f} s")
            if not options.json:
                show(section, rows, sims, markdown=options.markdown)
    if options.json:
        print(json.dumps(record))


if __name__ == "__main__":
    main()
