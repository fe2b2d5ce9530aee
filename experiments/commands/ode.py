"""`nullcline ode fit|predict|crossval`: the coupled capability ODE, and that of any system."""

import argparse
from typing import Any

from ..schemas_ode import CrossValidate, FitDynamics, FitSystem, PredictFamily
from ._arguments import add_example, add_schema_arguments
from ._length import add_length_arguments
from ._run import add_study_arguments, run_study

_ACTIONS = {
    "fit": ("fit_dynamics", FitDynamics, "equations, inclusion probabilities, identifiability"),
    "predict": ("predict_family", PredictFamily, "larger models of a family, with bands"),
    "crossval": ("cross_validate", CrossValidate, "every method on families it never saw"),
}
_EXAMPLES = {
    "fit": "ode fit my_scores.csv --degree 1",
    "predict": "ode predict --holdout Llama-2",
    "crossval": "ode crossval --leave lab",
}
_FULL = {
    "fit": "how sure each term is, and the fixed points",
    "crossval": "every method and column",
}
#: What the fits of a table and of trajectories have in common, from the schema of the former.
_SHARED = ("path", "degree", "penalty", "strength", "members", "seed")
_OF_SYSTEMS = ("time", "states", "trajectory", "weight", "log_time", "bound")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline ode`."""
    add_example(parser, _EXAMPLES["predict"])
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (_, schema, summary) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        add_example(action, _EXAMPLES[name])
        add_study_arguments(action, schema)
        if name != "predict":
            add_length_arguments(action, full=_FULL[name])
        if name == "fit":
            group = action.add_argument_group("trajectories of any system, with --time")
            add_schema_arguments(group, FitSystem, without=_SHARED)


def run(options: argparse.Namespace) -> None:
    """Run one action and print its result."""
    if options.action == "fit" and _is_system(options):
        _run_system(options)
        return
    run_study(_ACTIONS[options.action][0], options)


def _is_system(options: argparse.Namespace) -> bool:
    given = [name for name in _OF_SYSTEMS if hasattr(options, name)]
    if given and not hasattr(options, "time"):
        flag = given[0].replace("_", "-")
        raise ValueError(f"--{flag}: give --time too, the column of times of the trajectories")
    return bool(given)


def _run_system(options: argparse.Namespace) -> None:
    for name in ("table", "family_names", "benchmarks", "kind", "name"):
        if hasattr(options, name):
            flag = name.removesuffix("_names")
            raise ValueError(f"--{flag} goes with tables of scores; leave it out beside --time")
    for name in ("full", "quiet"):
        if getattr(options, name):
            raise ValueError(f"--{name} goes with tables of scores; leave it out beside --time")
    path = getattr(options, "path", None)
    if not isinstance(path, str):
        raise ValueError("--time: give one PATH, the file of the trajectories")
    given: dict[str, Any] = {"path": path}
    if hasattr(options, "penalty_name"):
        given["penalty"] = options.penalty_name
    if hasattr(options, "penalty_strength"):
        given["strength"] = options.penalty_strength
    run_study("fit_system", options, **given)
