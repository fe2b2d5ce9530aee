"""What `nullcline card` and `nullcline plan` can be told."""

from dataclasses import dataclass

from .options import group, option
from .schemas import FamilyChoice, Launched, OfTable


def _cost(text: str) -> float:
    """A number of questions times parameters: `1e14`, `100T`."""
    from ..dynamics import parse_count

    cost = parse_count(text)
    if not cost > 0:
        raise ValueError("give questions times parameters, such as 1e14 or 100T")
    return cost


@dataclass
class Card(Launched):
    """The study `card`: one model by its scores and size, or by its row in a table."""

    given: list[str] = option(
        [],
        "scores of one model (hellaswag=78.2 truthfulqa_mc2=43.1 params=7B), or a table that has "
        "it; the shipped table where neither is given",
        flag="NAME=SCORE|PATH",
    )
    name: str = option(
        "",
        "the model's name, that of its row in a table",
        unset="none, it is needed",
        flag="--model",
    )
    among: str = option(
        "uniform",
        "a shipped table, whose families it is compared with",
        choices=lambda: ("uniform", "leaderboard", "published"),
    )
    reasoning: str | None = option(
        None, "benchmark for the reasoning score", unset="hellaswag", metavar="NAME"
    )
    truth: str | None = option(
        None, "benchmark for the truth score", unset="truthfulqa_mc2", metavar="NAME"
    )
    neighbours: int = option(8, "families whose coupling is taken", metavar="N", least=3)
    nearest: int = option(5, "models named as nearest", metavar="N", least=1)
    next: str | None = option(None, "size to forecast", unset="twice the model's", metavar="SIZE")
    seed: int = option(0, "of simulated measurements", least=0)


@dataclass
class PlanMeasurements(OfTable):
    """The study `plan_measurements`: a table, families, and what may be spent on measuring."""

    budget: float = option(
        1e14, "questions times parameters: 817 questions to a 7B model are 5.7e12",
        metavar="COST", above=0, below=1e30, parse=_cost,
    )  # fmt: skip
    truth: str | None = option(
        None, "benchmark whose turn is looked for", unset="truthfulqa_mc2", metavar="NAME"
    )
    margin: float = option(1.0, "decades beyond a family's sizes that are tried", least=0)
    draws: int = option(200, "simulated outcomes", metavar="N", least=2)
    seed: int = option(0, "of the simulation", least=0)
    family: FamilyChoice = group(FamilyChoice, "all")
