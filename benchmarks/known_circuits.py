"""Do methods find circuits that are known? Ten models whose weights were written by hand.

    python benchmarks/known_circuits.py [--section heads edges circuits] [--circuits NAME ...]
        [--seeds 5] [--markdown | --json | --list]

Sections: `heads` and `edges`, the area under the ROC curve (AUROC) of each method's scores, by
size, against the heads and edges that do the task; `circuits`, CPR and CMD (Mueller et al. 2025,
MIB) of circuits that take the edges with the largest scores. Means over seeds, which draw the
weights of idle parts and the pairs. `random` scores are a control; `the truth` takes the true edges
first.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from _circuit_scores import Scored, areas, auroc
from _coverage.section import Table, share
from _sections import add_section_arguments, print_tables

from nullcline import interp
from nullcline.common.progress import Progress
from nullcline.experiments.progress import report_parts

#: Circuits, each with several seeds.
Runs = Sequence[Sequence[Scored]]


def heads_table(runs: Runs, say: Progress) -> Table:
    """AUROC of heads: a line per circuit, and the mean of all."""
    return _auroc_table(runs, say, "heads", lambda one: (one.heads, one.head_truth))


def edges_table(runs: Runs, say: Progress) -> Table:
    """AUROC of edges. Attribution and activation patching of heads say nothing of edges."""
    return _auroc_table(runs, say, "edges", lambda one: (one.edges, one.edge_truth))


def circuits_table(runs: Runs, say: Progress) -> Table:
    """CPR / CMD of each ranking of edges."""
    names = ["the truth", *runs[0][0].edges]
    lines, values = [], []
    for done, seeds in enumerate(runs):
        say("circuits", done, len(runs))
        measured = np.array([[_areas(one, name) for name in names] for one in seeds])
        values.append(measured.mean(axis=0))
        lines.append([seeds[0].circuit.name, *_cells(values[-1])])
    lines.append(["mean", *_cells(np.mean(values, axis=0))])
    return Table(["CPR / CMD", *names], lines)


def _areas(one: Scored, name: str) -> tuple[float, float]:
    scores = one.edge_truth.astype(float) if name == "the truth" else one.edges[name]
    return areas(scores, one.all_edges, one.circuit)


def _cells(values: np.ndarray) -> list[str]:
    return [f"{share(cpr, 2)} / {share(cmd, 2)}" for cpr, cmd in values]


def _auroc_table(
    runs: Runs,
    say: Progress,
    what: str,
    of: Callable[[Scored], tuple[Mapping[str, np.ndarray], np.ndarray]],
) -> Table:
    names = list(of(runs[0][0])[0])
    lines, values = [], []
    for done, seeds in enumerate(runs):
        say(what, done, len(runs))
        found = [of(one) for one in seeds]
        values.append(
            np.mean([[auroc(scores[n], truth) for n in names] for scores, truth in found], axis=0)
        )
        truth = found[0][1]
        cells = [share(value, 2) for value in values[-1]]
        lines.append([seeds[0].circuit.name, f"{truth.sum()} of {len(truth)}", *cells])
    lines.append(["mean", "", *(share(value, 2) for value in np.mean(values, axis=0))])
    return Table(["circuit", f"true {what}", *names], lines)


SECTIONS = {"heads": heads_table, "edges": edges_table, "circuits": circuits_table}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_section_arguments(parser, list(SECTIONS))
    circuits = interp.KNOWN_CIRCUITS
    parser.add_argument("--circuits", nargs="+", choices=circuits, default=list(circuits))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--count", type=int, default=32, help="pairs of each circuit")
    options = parser.parse_args()
    if options.list:
        print(*options.section, sep="\n")
        return
    torch.set_num_threads(1)  # networks so small that threads would wait for each other
    runs = [
        [
            Scored(interp.known_circuit(name, count=options.count, seed=seed), seed)
            for seed in range(options.seeds)
        ]
        for name in options.circuits
    ]
    with report_parts("known_circuits") as say:
        tables = {section: SECTIONS[section](runs, say) for section in options.section}
    print_tables(tables, options)


if __name__ == "__main__":
    main()
