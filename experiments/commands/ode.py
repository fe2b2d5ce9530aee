"""`nullcline ode fit|predict|crossval`: the coupled capability ODE."""

import argparse

from ..schemas import CrossValidate, FitDynamics, PredictFamily
from ._run import add_study_arguments, run_study

_ACTIONS = {
    "fit": ("fit_dynamics", FitDynamics, "equations, inclusion probabilities, identifiability"),
    "predict": ("predict_family", PredictFamily, "larger models of a family, with bands"),
    "crossval": ("cross_validate", CrossValidate, "every method on families it never saw"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nullcline ode`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (_, schema, summary) in _ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary)
        add_study_arguments(action, schema)


def run(options: argparse.Namespace) -> None:
    """Run one action and print its result."""
    run_study(_ACTIONS[options.action][0], options)
