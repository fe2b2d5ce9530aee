"""The result files of the trained families: score table and experiments, each with its origin."""

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import OrganismError
from .._names import ScoreName
from .._training.export import load_model
from .._training.family import recipe_of_folder
from .._training.organism import Organism
from .._training.saving import saving
from .._world.corpus import make_corpus
from .._world.vocabulary import FORMAT_VERSION
from .curves import Curve, curves
from .experiments import EXPERIMENTS, compare, matched_contrasts
from .loss_blindness import loss_blindness
from .probe import probe_truth
from .score_table import score_table
from .summary import summarise

_ORIGIN = "trained by nullcline, package organisms"


def write_tables(organisms: Sequence[Organism], folder: Path) -> tuple[Path, ...]:
    """Write every table that these organisms allow, each CSV with a JSON that says what it holds.

    - `organisms.csv`: the score table.
    - `organism_experiments.csv`: shifts of the dip by each treatment (`compare`).
    - `organism_contrasts.csv`: differences of truth and reasoning size by size, where the sizes of
      control and treatment are the same.
    - `organism_families.csv`: properties of each family over its seeds (`summarise`).
    - `organism_loss.csv`: is the loss smooth where truthfulness turns (`loss_blindness`).
    - `organism_probe.csv`: held-out accuracy of a probe in the residual stream beside the answers;
      needs the organisms' folders.

    **Returns** the paths of the CSV files. **Raises** `OrganismError` for no organisms and for a
    full disk.
    """
    if not organisms:
        raise OrganismError("there are no organisms to write tables of")
    probed = [_probed(organism) for organism in organisms]
    written = [_write(folder, "organisms", score_table(organisms), _SCORES)]
    rows = {
        "organism_families": _summaries(organisms, probed),
        "organism_experiments": _shifts(organisms),
        "organism_contrasts": _contrasts(organisms),
        "organism_loss": [
            dataclasses.asdict(loss_blindness(curve))
            for curve in curves(organisms)
            if len(curve.loss) > 1
        ],
        "organism_probe": probed,
    }
    for name, entries in rows.items():
        if entries:
            written.append(_write(folder, name, _csv(entries), _ABOUT[name]))
    return tuple(written)


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


def _summaries(
    organisms: Sequence[Organism], probed: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    gains: dict[str, dict[int, list[float]]] = {}
    for row in sorted(probed, key=lambda row: row["params"]):
        of_family = gains.setdefault(row["family"], {})
        of_family.setdefault(row["seed"], []).append(row["probe_best"] - row["probe_embedding"])
    return [
        dataclasses.asdict(estimate)
        for family, group in _whole(organisms).items()
        for estimate in summarise(
            group, probe_gain={seed: np.array(v) for seed, v in gains[family].items()}
        )
    ]


def _whole(organisms: Sequence[Organism]) -> dict[str, list[Curve]]:
    """Families with three sizes or more, the same in every seed."""
    groups: dict[str, list[Curve]] = {}
    for curve in curves(organisms):
        groups.setdefault(curve.family, []).append(curve)
    return {
        family: group
        for family, group in groups.items()
        if len({tuple(curve.log10_params) for curve in group}) == 1
        and len(group[0].log10_params) >= 3
    }


def _shifts(organisms: Sequence[Organism]) -> list[dict[str, Any]]:
    families = _whole(organisms)
    whole = [organism for organism in organisms if organism.family in families]
    return [
        {"experiment": name, **dataclasses.asdict(shift)}
        for name, plan in EXPERIMENTS.items()
        if plan.control in families and set(families) & set(plan.treated)
        for shift in compare(name, whole)
    ]


def _contrasts(organisms: Sequence[Organism]) -> list[dict[str, Any]]:
    families: dict[str, list[Organism]] = {}
    for organism in organisms:
        families.setdefault(organism.family, []).append(organism)

    def sizes(family: str) -> set[tuple[int, int]]:
        return {(o.params, o.width) for o in families[family]}

    return [
        {"experiment": name, **dataclasses.asdict(contrast)}
        for name, plan in EXPERIMENTS.items()
        for treated in plan.treated
        if {plan.control, treated} <= set(families) and sizes(plan.control) == sizes(treated)
        for score in _CONTRASTED
        for contrast in matched_contrasts(families[plan.control], families[treated], score=score)
    ]


def _probed(organism: Organism) -> dict[str, Any]:
    recipe = recipe_of_folder(organism.path)
    world = make_corpus(recipe.corpus, seed=organism.corpus_seed).world
    probe = probe_truth(load_model(organism.path), world)
    values = np.array([share.value for share in probe.accuracy])
    return {
        "family": organism.family,
        "model": organism.name,
        "seed": organism.seed,
        "params": organism.params,
        "truth": organism.truth,
        "truth_plain": organism.truth_plain,
        "truth_reference": organism.truth_reference,
        "probe_embedding": float(values[0]),
        "probe_best": float(values[1:].max()),
        "probe_last": float(values[-1]),
        "probe_items": probe.items,
    }


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
