"""`nullcline diagnose`: a table in, the phase of each family out."""

import argparse
import time
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline diagnose`."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a CSV (family, model, params, benchmark columns), a folder of lm-evaluation-harness "
        "results, or leaderboard JSON; the shipped table where none is given",
    )
    parser.add_argument("--table", default=None, help="a shipped table: uniform or published")
    parser.add_argument("--reasoning", help="benchmark for the reasoning score (hellaswag)")
    parser.add_argument("--truth", help="benchmark for the truth score (truthfulqa_mc2)")
    parser.add_argument("--family", nargs="+", action="extend", metavar="NAME", help="only these")
    parser.add_argument("--n-boot", type=int, default=10_000, help="resamples (10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="JSON alone on stdout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a record and figures there")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write all views as one file")
    parser.add_argument("--all-warnings", action="store_true", help="every warning, row by row")


def run(options: argparse.Namespace) -> None:
    """Diagnose and print."""
    from ... import dynamics
    from ..formats import to_json
    from ..progress import report_parts
    from ..records import write_record
    from ..studies.diagnosis import diagnosis_to_dict, diagnosis_to_text
    from .checks import check_resampling

    started = time.monotonic()
    if options.paths and options.table:
        raise ValueError("give PATH or --table, not both")
    check_resampling(options)
    report = report_parts("diagnose")
    if options.report:
        from .report import check_report

        check_report(options.report)
    if options.paths:
        table = dynamics.combine_tables([dynamics.read_scores(path) for path in options.paths])
    else:
        table = dynamics.load_table(options.table or "uniform")
    if options.family:
        table = table.select(options.family)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)  # before the work, so that a bad one is said
    diagnosis = dynamics.diagnose(
        table,
        reasoning=options.reasoning,
        truth=options.truth,
        n_boot=options.n_boot,
        seed=options.seed,
        on_progress=report,
    )
    result = diagnosis_to_dict(diagnosis)
    if options.out:
        from ..figures import write_diagnosis_figures

        report("figures")
        write_diagnosis_figures(diagnosis, options.out)
        write_record(
            options.out,
            command="diagnose",
            settings={
                "reasoning": diagnosis.reasoning,
                "truth": diagnosis.truth,
                "families": options.family,
                "n_boot": options.n_boot,
                "seed": options.seed,
            },
            inputs={table.name: table.sha256},
            result=result,
            started=started,
        )
    if options.report:
        from .report import write_report

        write_report(options.report, table, diagnosis, records=None, on_progress=report)
    if options.json:
        print(to_json(result))
    else:
        print(diagnosis_to_text(diagnosis, all_warnings=options.all_warnings))
