"""`nullcline reproduce`: the ledger of the paper's claims, recomputed."""

import argparse
import dataclasses
import time
from pathlib import Path

from ..schemas import Estimator
from ._arguments import add_example, add_schema_arguments, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline reproduce`."""
    add_example(parser, "reproduce --out runs/claims")
    add_schema_arguments(parser, Estimator)
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write a record there (default: none)"
    )


def run(options: argparse.Namespace) -> None:
    """Build the ledger and print it."""
    from ... import dynamics
    from ..formats import to_json
    from ..ledger import build_ledger, ledger_to_dict, ledger_to_text
    from ..progress import report_parts
    from ..records import write_record

    started = time.monotonic()
    estimator = settings_from(options, Estimator)
    report = report_parts("reproduce")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    claims = build_ledger(n_boot=estimator.n_boot, seed=estimator.seed, on_progress=report)
    result = ledger_to_dict(claims)
    if options.out:
        names = (
            *("uniform", "published", "published_script", "frontier", "frontier_one_harness"),
            *("pythia_loss", "pythia_gradients", "internal_coupling", "organisms"),
            *("organism_heads", "organism_steering"),
        )
        write_record(
            options.out,
            command="reproduce",
            settings=dataclasses.asdict(estimator),
            inputs={f"{name}.csv": dynamics.load_origin(name)["sha256"] for name in names},
            result=result,
            started=started,
        )
    print(to_json(result) if options.json else ledger_to_text(claims))
