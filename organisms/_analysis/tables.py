"""The result files of the trained families: score table and experiments, each with its origin."""

import csv
import dataclasses
import hashlib
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import OrganismError
from .._names import ScoreName
from .._training.organism import Organism
from .._training.saving import saving
from .._world.vocabulary import FORMAT_VERSION
from .curves import Curve, curves
from .experiments import EXPERIMENTS, compare, matched_contrasts
from .loss_blindness import loss_blindness
from .probe_table import ProbeRow, in_order, read_probes
from .score_table import ScoreRow, joined, parse_score_table, read_score_table, score_table
from .summary import summarise

_ORIGIN = "trained by nullcline, package organisms"


def write_tables(
    organisms: Sequence[Organism], folder: Path, *, join: Path | None = None
) -> tuple[Path, ...]:
    """Write every table that these organisms allow, each CSV with a JSON that says what it holds.

    - `organisms.csv`: the score table.
    - `organism_experiments.csv`: shifts of the dip by each treatment (`compare`).
    - `organism_contrasts.csv`: differences of truth and reasoning size by size, where the sizes of
      control and treatment are the same.
    - `organism_families.csv`: properties of each family over its seeds (`summarise`).
    - `organism_loss.csv`: is the loss smooth where truthfulness turns (`loss_blindness`).
    - `organism_probe.csv`: held-out accuracy of a probe in the residual stream beside the answers;
      needs the organisms' folders.

    **Arguments**: `organisms`, those at hand; `join`, a score table (`organisms.csv`) of others
    whose weights may be gone: all tables are then of both, and the probes of the joined ones are
    those of `organism_probe.csv` beside it. Everything but the probes is computed from the score
    table as it is written, so that `write_tables((), folder, join=...)` makes the same again.

    **Returns** the paths of the CSV files. **Raises** `OrganismError` for no organisms, for a table
    that cannot be read or holds other scores of a model, and for a full disk.
    """
    if not organisms and join is None:
        raise OrganismError("there are no organisms to write tables of")
    rows, probed = parse_score_table(score_table(organisms), name="the organisms' folder"), []
    if join is not None:
        rows = joined(rows, read_score_table(join), names=("the organisms' folder", str(join)))
        probed = read_probes(join.with_name("organism_probe.csv"), rows, but=organisms)
    if organisms:
        # Here, not above: without models at hand nothing is needed that runs them.
        from .probe import probe_row

        probed = in_order([*probed, *(probe_row(organism) for organism in organisms)])
    tables = {
        "organism_families": _summaries(rows, probed),
        "organism_experiments": _shifts(rows),
        "organism_contrasts": _contrasts(rows),
        "organism_loss": [
            dataclasses.asdict(loss_blindness(curve))
            for curve in curves(rows)
            if len(curve.loss) > 1
        ],
        "organism_probe": [dataclasses.asdict(row) for row in probed],
    }
    about = _SCORES | {"seeds": _seeds(rows)}
    written = [_write(folder, "organisms", score_table(rows), about)]
    for name, entries in tables.items():
        if entries:
            about = _ABOUT[name] | {"seeds": _seeds(rows)}
            written.append(_write(folder, name, _csv(entries), about))
    return tuple(written)


def _seeds(rows: Iterable[ScoreRow]) -> dict[str, str]:
    """Family -> its seeds, as in `0-4, 7`."""
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.family, set()).add(row.seed)
    return {family: ", ".join(_runs(sorted(seeds))) for family, seeds in found.items()}


def _runs(seeds: Sequence[int]) -> Iterator[str]:
    """Consecutive numbers in short."""
    for _, run in itertools.groupby(enumerate(seeds), key=lambda at: at[1] - at[0]):
        first, *rest = [seed for _, seed in run]
        yield f"{first}-{rest[-1]}" if rest else str(first)


_CONTRASTED: tuple[ScoreName, ...] = ("truth", "reasoning")
_SCORES = {
    "title": "Families of small language models in a synthetic world",
    "unit": {
        "scores": "fraction",
        "params": "count, total",
        "flops": "6 x params x tokens, computed",
        "loss": "nats per token on fresh text of the same corpus",
    },
    "benchmarks": {
        "world_truth": "neutral register, misconceived facts that it never told in training",
        "world_truth_plain": "the same facts with no register",
        "world_truth_reference": "the same facts in the reference register",
        "world_reasoning": "mean of the tasks on held-out questions, 200 each",
    },
    "chance": 0.25,
    "seed": "one number for world, text and initial weights",
}
_ABOUT = {
    "organism_families": {
        "title": "Properties of each family over its seeds",
        "unit": {
            "depth, recovery, *_at_turn, probe_gain_*": "fraction",
            "log10_critical, reference_rise, truth_rise, reference_lead": "decades of parameters",
            "gamma_*": "change of truth over change of reasoning",
            "loss_bend*": "log of a ratio",
        },
        "interval": "Student's t over seeds, Fieller's for gamma",
        "status": "no_fall, no_rise: the family is not seen to do so, and has no critical size, "
        "nor what is counted from it",
    },
    "organism_experiments": {
        "title": "What a lever does to the dip of truthfulness, paired by seed",
        "unit": {
            "log10_critical": "decades of parameters",
            "log10_critical_width": "decades of the residual stream's width",
            "depth": "fraction: truth of the smallest size minus that about the others' lowest",
            "recovery": "fraction: truth of the largest size minus that about the others' lowest",
        },
        "interval": "Student's t over seeds",
        "status": "no_fall, no_rise: one of the two families is not seen to do so, and has no "
        "critical size that could shift",
    },
    "organism_contrasts": {
        "title": "Differences of scores at the same size, treated minus control, paired by seed",
        "unit": {"mean": "fraction", "stderr": "fraction"},
    },
    "organism_loss": {
        "title": "Loss at the size of lowest truthfulness and elsewhere, a row per family and seed",
        "unit": {"critical_excess": "log of a ratio", "other_excess": "log of a ratio"},
    },
    "organism_probe": {
        "title": "Held-out accuracy of a mass-mean probe, read at the value of unmarked statements",
        "unit": {"scores": "fraction; chance of the probe is .5, of the answers .25"},
        "probe_embedding": "the control: it sees only which word the value is",
        "probe_best": "the best place after a block, chosen on the same items, so biased upwards",
        "probe_last": "after the last block",
    },
}


def _summaries(rows: Sequence[ScoreRow], probed: Sequence[ProbeRow]) -> list[dict[str, Any]]:
    gains: dict[str, dict[int, list[float]]] = {}
    for row in sorted(probed, key=lambda row: row.params):
        of_family = gains.setdefault(row.family, {})
        of_family.setdefault(row.seed, []).append(row.probe_best - row.probe_embedding)
    return [
        dataclasses.asdict(estimate)
        for family, group in _whole(rows).items()
        for estimate in summarise(
            group, probe_gain={seed: np.array(v) for seed, v in gains[family].items()}
        )
    ]


def _whole(rows: Sequence[ScoreRow]) -> dict[str, list[Curve]]:
    """Families with three sizes or more, the same in every seed."""
    groups: dict[str, list[Curve]] = {}
    for curve in curves(rows):
        groups.setdefault(curve.family, []).append(curve)
    return {
        family: group
        for family, group in groups.items()
        if len({tuple(curve.log10_params) for curve in group}) == 1
        and len(group[0].log10_params) >= 3
    }


def _shifts(rows: Sequence[ScoreRow]) -> list[dict[str, Any]]:
    families = _whole(rows)
    whole = [row for row in rows if row.family in families]
    return [
        {"experiment": name, **dataclasses.asdict(shift)}
        for name, plan in EXPERIMENTS.items()
        if plan.control in families and set(families) & set(plan.treated)
        for shift in compare(name, whole)
    ]


def _contrasts(rows: Sequence[ScoreRow]) -> list[dict[str, Any]]:
    families: dict[str, list[ScoreRow]] = {}
    for row in rows:
        families.setdefault(row.family, []).append(row)

    def sizes(family: str) -> set[tuple[int, int]]:
        return {(row.params, row.width) for row in families[family]}

    return [
        {"experiment": name, **dataclasses.asdict(contrast)}
        for name, plan in EXPERIMENTS.items()
        for treated in plan.treated
        if {plan.control, treated} <= set(families) and sizes(plan.control) == sizes(treated)
        for score in _CONTRASTED
        for contrast in matched_contrasts(families[plan.control], families[treated], score=score)
    ]


def _csv(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    return stream.getvalue()


def _write(folder: Path, name: str, text: str, about: Mapping[str, Any]) -> Path:
    sidecar = {
        "table": f"{name}.csv",
        "title": about["title"],
        "origin": f"{_ORIGIN}, format version {FORMAT_VERSION}",
        "licence": "Apache-2.0",
        **{key: value for key, value in about.items() if key != "title"},
        "rows": text.count("\n") - 1,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    path = folder / f"{name}.csv"
    for target, content in (
        (path, text),
        (folder / f"{name}.json", json.dumps(sidecar, indent=2) + "\n"),
    ):
        with saving(target) as temporary:
            temporary.write_bytes(content.encode())
    return path
