"""`nullcline ode fit|predict|crossval`: the coupled capability ODE."""

import argparse
import time
from pathlib import Path

_PENALTIES = ("ridge", "l1", "stlsq", "best-subset", "trajectory")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline ode`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fit = actions.add_parser("fit", help="equations, inclusion probabilities, identifiability")
    fit.add_argument("--degree", type=int, default=1, choices=(1, 2, 3))
    fit.add_argument("--penalty", choices=_PENALTIES, default="ridge")
    fit.add_argument("--strength", type=float, help="of ridge and l1; threshold of stlsq")
    fit.add_argument("--family", nargs="+", action="extend", metavar="NAME", help="only these")
    fit.add_argument("--members", type=int, default=1000, help="resamples of families (1000)")
    predict = actions.add_parser("predict", help="larger models of a family, with bands")
    which = predict.add_mutually_exclusive_group(required=True)
    which.add_argument("--holdout", metavar="FAMILY", help="predict what was measured")
    which.add_argument("--extend", metavar="FAMILY", help="predict sizes that do not exist yet")
    predict.add_argument("--protocol", choices=("A", "B"), default="A", help="one or two given")
    predict.add_argument("--params", nargs="+", metavar="SIZE", help="sizes for --extend: 70B")
    crossval = actions.add_parser("crossval", help="every method on families it never saw")
    crossval.add_argument("--leave", choices=("family", "lab"), default="family")
    crossval.add_argument("--protocol", choices=("A", "B"), default="A", help="one or two given")
    for action in (fit, predict, crossval):
        action.add_argument("path", nargs="?", metavar="PATH", help="the shipped table if none")
        action.add_argument("--benchmarks", nargs="+", metavar="NAME", help="the scores to use")
        action.add_argument("--seed", type=int, default=0)
        action.add_argument("--json", action="store_true", help="JSON alone on stdout")
        action.add_argument("--out", type=Path, metavar="DIR", help="write a record there")


def run(options: argparse.Namespace) -> None:
    """Run one action and print its result."""
    from ... import dynamics
    from ..formats import to_json
    from ..progress import report_parts
    from ..records import write_record

    started = time.monotonic()
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is negative; give 0 or more")
    table = dynamics.read_scores(options.path) if options.path else dynamics.load_table("uniform")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    report = report_parts("ode")
    action = {"fit": _fit, "predict": _predict, "crossval": _crossval}[options.action]
    result, text = action(options, table, report)
    if options.out:
        hidden = ("command", "action", "run", "json", "out", "path")
        write_record(
            options.out,
            command=f"ode {options.action}",
            settings={k: v for k, v in vars(options).items() if k not in hidden},
            inputs={table.name: table.sha256},
            result=result,
            started=started,
        )
    print(to_json(result) if options.json else text)


def _fit(options, table, report):
    from ..studies.ode import fit_report, fit_to_dict, fit_to_text

    found = fit_report(
        table,
        degree=options.degree,
        penalty=options.penalty,
        strength=options.strength,
        families=options.family,
        benchmarks=options.benchmarks,
        members=options.members,
        seed=options.seed,
        on_progress=report,
    )
    return fit_to_dict(found), fit_to_text(found)


def _predict(options, table, report):
    from ... import dynamics
    from ..studies.ode import prediction_to_dict, prediction_to_text

    table.select([options.extend or options.holdout])  # an unknown name is said at once
    if options.extend:
        if not options.params:
            raise ValueError("--extend needs --params, the sizes to predict, such as 70B")
        params = [_size(text) for text in options.params]
        report("fitting the other families")
        found = dynamics.extend(
            table,
            options.extend,
            params=params,
            benchmarks=options.benchmarks,
        )
    else:
        if options.params:
            raise ValueError("--params goes with --extend; --holdout predicts the measured sizes")
        report("fitting the other families")
        found = dynamics.hold_out(
            table, options.holdout, protocol=options.protocol, benchmarks=options.benchmarks
        )
    return prediction_to_dict(found), prediction_to_text(found)


def _size(text: str) -> float:
    from ... import dynamics

    params = dynamics.parse_count(text)
    if not params > 0:
        raise ValueError(f"--params {text} is no size; write 70B, 410M or a count")
    return params


def _crossval(options, table, report):
    from ... import dynamics
    from ..studies.ode import crossval_to_dict, crossval_to_text

    report("baselines")
    found = dynamics.cross_validate(
        table,
        leave=options.leave,
        protocol=options.protocol,
        benchmarks=options.benchmarks,
        seed=options.seed,
        progress=lambda done, total: report(f"{done} of {total} folds"),
    )
    return crossval_to_dict(found), crossval_to_text(found)
