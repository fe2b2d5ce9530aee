"""What `nullcline card` can be told."""

from dataclasses import dataclass

from .options import option
from .schemas import Launched


@dataclass
class Card(Launched):
    """The study `card`: one model by its scores and size, or by its row in a table."""

    given: list[str] = option(
        [],
        "scores of one model (hellaswag=78.2 truthfulqa_mc2=43.1 params=7B), or a table that has "
        "it; the shipped table where neither is given",
        flag="NAME=SCORE|PATH",
    )
    name: str = option("", "the model's name, that of its row in a table", flag="--model")
    among: str = option(
        "uniform",
        "a shipped table, whose families it is compared with",
        choices=lambda: ("uniform", "leaderboard", "published"),
    )
    reasoning: str | None = option(None, "benchmark for the reasoning score (hellaswag)")
    truth: str | None = option(None, "benchmark for the truth score (truthfulqa_mc2)")
    neighbours: int = option(8, "families whose coupling is taken", metavar="N", least=3)
    nearest: int = option(5, "models named as nearest", metavar="N", least=1)
    next: str | None = option(None, "size to forecast (twice the model's)", metavar="SIZE")
    seed: int = option(0, "of simulated measurements", least=0)
