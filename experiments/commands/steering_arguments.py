"""The arguments that `truth` and `evaluate` share: sets, controls, and how a vector is found."""

import argparse
from pathlib import Path
from typing import Any


def add_set_arguments(parser: argparse.ArgumentParser) -> None:
    """What the model is asked, and the controls."""
    parser.add_argument(
        "--statements",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="CSV: statement,label",
    )
    parser.add_argument(
        "--questions", metavar="FILE|SET", help="JSON as TruthfulQA's, or cities, elements, …"
    )
    parser.add_argument(
        "--count", type=int, default=240, metavar="N", help="of each generated set (240)"
    )
    parser.add_argument(
        "--random", type=int, default=20, metavar="N", help="random directions of equal norm (20)"
    )
    parser.add_argument("--seed", type=int, default=0)


def add_search_arguments(parser: argparse.ArgumentParser) -> None:
    """Where a vector is looked for, and what it may cost."""
    parser.add_argument(
        "--method",
        nargs="+",
        metavar="METHOD",
        help="mass-mean, logistic, gradient, trained (all four by default), cue",
    )
    parser.add_argument("--layers", nargs="+", default=["all"], metavar="N", help="layers, or all")
    parser.add_argument("--site", choices=("attention", "block"), help="inside or after layers")
    parser.add_argument(
        "--where",
        choices=("best", "everywhere", "asked"),
        default="best",
        help="add it everywhere, only where a plain question is recognised, or whichever is best",
    )
    parser.add_argument("--positions", choices=("all", "last"), default="all")
    parser.add_argument("--preset", choices=("published",), help="the published rule: no search")
    budget = parser.add_argument_group("budget on the validation split")
    budget.add_argument("--kl", type=float, default=0.1, metavar="NATS", help="median KL (.1)")
    budget.add_argument("--lost", type=float, default=0.05, help="right answers lost (.05)")
    budget.add_argument("--reasoning-loss", type=float, default=0.02, help="of reasoning (.02)")


def check_sets(options: argparse.Namespace) -> None:
    """Refuse numbers that mean nothing, before anything is loaded."""
    if options.count < 6:
        raise ValueError(f"--count {options.count}: three splits need 6 or more")
    if options.random < 20:
        raise ValueError(f"--random {options.random}: a control needs 20 directions or more")
    if options.seed < 0:
        raise ValueError(f"--seed {options.seed} is negative; give 0 or more")


def load_asked(options: argparse.Namespace) -> tuple[Any, Any, dict[str, str]]:
    """The model that the options name, its sets, and the digests of what they were read from."""
    from ..studies.steering import choose_sets
    from .loading import load_chosen

    model = load_chosen(options)
    sets, inputs = choose_sets(
        model,
        statements=options.statements,
        questions=options.questions,
        count=options.count,
        seed=options.seed,
    )
    return model, sets, inputs


def search_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `truth_study.study_truth` that the options stand for.

    **Raises** `ValueError` for layers that are no numbers and for budgets below zero.
    """
    from .loading import import_interp

    interp = import_interp()
    for name in ("kl", "lost", "reasoning_loss"):
        if not getattr(options, name) >= 0:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(options, name)}: give 0 or more")
    settings: dict[str, Any] = {
        "where": options.where,
        "positions": options.positions,
        "layers": layer_numbers(options.layers),
        "budget": interp.Budget(kl=options.kl, lost=options.lost, reasoning=options.reasoning_loss),
    }
    if options.method:
        settings["methods"] = tuple(options.method)
    if options.site:
        settings["sites"] = (options.site,)
    return settings


def layer_numbers(given: list[str]) -> list[int] | None:
    """Layer numbers, None for all."""
    if given == ["all"]:
        return None
    try:
        return [int(number) for number in given]
    except ValueError:
        raise ValueError(f"--layers {' '.join(given)}: give numbers, or all") from None


def plain_options(options: argparse.Namespace) -> dict[str, Any]:
    """The options as a record keeps them."""
    hidden = ("command", "run", "json", "out", "output", "lm_eval", "export")
    found = {key: value for key, value in vars(options).items() if key not in hidden}
    return {key: _plain(value) for key, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
