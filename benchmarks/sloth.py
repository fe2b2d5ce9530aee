"""Sloth's own test, with Sloth, our forecaster and baselines; docs/sloth.md has what came out.

    python benchmarks/sloth.py TABLE [--benchmarks v2 v1 both] [--skills 2 3 4] [--seeds 0 1 2]

TABLE is data/data_v2.csv of felipemaiapolo/sloth (MIT), which holds both leaderboards. Fold by fold
families are held out of which the smallest model is given; `_sloth_protocol.py` has the folds,
`_sloth_model.py` Sloth's model. Errors are mean absolute errors in points (pp), over models and
benchmarks, then folds; intervals of 95 % resample folds. A Sloth of several seeds has the mean of
its errors, and the least and largest of a seed in brackets behind.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _coverage.section import Table
from _side_by_side.rows import Row, add_rows_option, write_rows
from _sloth_methods import BASELINES, ODE, TOKENS, TWO_SIZES, our_errors, sloth_errors, sloth_name
from _sloth_protocol import BENCHMARKS, Study, read_study
from jaxtyping import Float

from nullcline import dynamics
from nullcline.common.progress import Progress
from nullcline.experiments.progress import report_parts

#: Errors that the authors' own `results/` hold, in points, one small model given; skills -> error.
PUBLISHED = {
    "v1": {1: 5.59, 2: 4.29, 3: 4.25, 4: 4.06},
    "v2": {1: 4.13, 2: 2.86, 3: 3.51, 4: 3.31},
    "both": {2: 4.17, 3: 3.52, 4: 4.08},
}


@dataclass(frozen=True)
class Result:
    """A method's error in each fold (points), one row a seed."""

    name: str
    folds: Float[np.ndarray, "seeds folds"]

    @property
    def error(self) -> float:
        return float(self.folds.mean())


def measured(
    study: Study, skills: list[int], seeds: list[int], progress: Progress
) -> dict[str, Result]:
    """Every method on every fold."""
    found: dict[str, list[list[float]]] = {}
    fits = [(d, seed) for d in skills for seed in seeds]
    steps = len(study.folds) * (len(fits) + 1)
    for f, fold in enumerate(study.folds):
        each = {name: [_error(errors)] for name, errors in our_errors(study, fold).items()}
        for i, (d, seed) in enumerate(fits, start=1):
            progress(study.name, f * (len(fits) + 1) + i, steps)
            for name, errors in sloth_errors(study, fold, d, seed).items():
                each.setdefault(name, []).append(_error(errors))
        for name, errors in each.items():
            found.setdefault(name, []).append(errors)
    progress(study.name, steps, steps)
    return {name: Result(name, np.array(errors).T) for name, errors in found.items()}


def _error(errors: Float[np.ndarray, "models benchmarks"]) -> float:
    return 100 * float(np.mean(errors))


def table_of(study: Study, results: dict[str, Result], skills: list[int]) -> Table:
    """The methods with their intervals, beside the Sloth whose error was published as best."""
    published = PUBLISHED[study.name]
    best = min((d for d in skills if d in published), key=published.__getitem__, default=skills[0])
    sloth = results[sloth_name(best, trained=True)]
    names = [sloth_name(d, trained=link) for link in (True, False) for d in skills]
    printed = {sloth_name(d, trained=True): f"{error:.2f}" for d, error in published.items()}
    lines = []
    for name in [*names, ODE, TWO_SIZES, TOKENS, *BASELINES]:
        one = results[name]
        gap = "–" if one is sloth else _points(one.folds.mean(axis=0) - sloth.folds.mean(axis=0))
        lines.append(
            [name, _points(one.folds.mean(axis=0)) + _seeds(one), gap, printed.get(name, "–")]
        )
    lines.append(
        [f"{len(study.folds)} folds, {len(study.frame)} models of "
         f"{study.frame['family'].nunique()} families", "", "", ""]
    )  # fmt: skip
    header = [f"leaderboard {study.name}", "error, pp", f"less {sloth.name}", "published"]
    return Table(header, lines)


def _points(folds: Float[np.ndarray, " folds"]) -> str:
    low, high = dynamics.forecast.family_interval(folds)
    return f"{folds.mean():.2f} [{low:.2f}, {high:.2f}]"


def _seeds(result: Result) -> str:
    if len(result.folds) < 2:
        return ""
    seeds = result.folds.mean(axis=1)
    return f" ({seeds.min():.2f} to {seeds.max():.2f})"


def as_rows(study: Study, results: dict[str, Result], skills: list[int]) -> list[Row]:
    """Our two forecasts beside the Sloth of each number of skills, fold by fold."""
    work = f"families held out, leaderboard {study.name}, {len(study.folds)} folds"
    return [
        Row(f"{work}: {name}", "error, points", sloth_name(d, trained=True),
            tuple(results[name].folds.mean(axis=0)),
            tuple(results[sloth_name(d, trained=True)].folds.mean(axis=0)), "folds")
        for d in skills
        for name in (ODE, TWO_SIZES)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("table", type=Path)
    parser.add_argument("--benchmarks", nargs="+", choices=tuple(BENCHMARKS), default=["v2"])
    parser.add_argument("--skills", nargs="+", type=int, default=[2, 3, 4])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--markdown", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    studies = [read_study(options.table, name) for name in options.benchmarks]
    with report_parts("sloth") as progress:
        found = {
            study.name: measured(study, options.skills, options.seeds, progress)
            for study in studies
        }
    write_rows(
        options,
        [row for study in studies for row in as_rows(study, found[study.name], options.skills)],
    )
    if options.json:
        lines = {
            study.name: {
                "folds": study.folds,
                "errors": {name: one.folds.tolist() for name, one in found[study.name].items()},
            }
            for study in studies
        }
        print(json.dumps(lines))
        return
    for study in studies:
        table = table_of(study, found[study.name], options.skills)
        print(table.markdown() if options.markdown else table.text(), end="\n\n")


if __name__ == "__main__":
    main()
