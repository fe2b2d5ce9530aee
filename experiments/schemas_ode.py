"""What `nullcline ode` can be told: the fit of a table or of trajectories, and its predictions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .options import Options, group, option, words_of
from .schemas import FamilyChoice, Launched, OfClock

if TYPE_CHECKING:
    from ..dynamics import Leave, PenaltyName, Protocol, TrainedOn
else:  # OmegaConf knows no Literal: to Hydra they are text, whose words `choices` checks
    Leave = PenaltyName = Protocol = TrainedOn = str

_SCORES = "the five of the held-out study that the table has, else all"


@dataclass
class Penalty(Options):
    """How the coefficients of an ODE are drawn to zero; `strength` where the penalty has one (the
    library's own where it is not given)."""

    prefix: ClassVar[str] = "penalty"
    name: PenaltyName = option(
        "ridge", "of the coefficients", flag="--penalty",
        choices=words_of("dynamics", "PenaltyName"),
    )  # fmt: skip
    strength: float | None = option(
        None, "of ridge and l1; threshold of stlsq", unset="the penalty's own"
    )


@dataclass
class FitDynamics(OfClock):
    """The study `fit_dynamics`: a table, families, a library's degree and a penalty."""

    benchmarks: list[str] | None = option(
        None, "the scores to use", unset="all of the table", metavar="NAME"
    )
    degree: int = option(1, "of the polynomials", choices=lambda: (1, 2, 3))
    members: int = option(1000, "resamples of families", least=100)
    seed: int = option(0, "of the resamples", least=0)
    family: FamilyChoice = group(FamilyChoice, "all")
    penalty: Penalty = group(Penalty, "ridge")


@dataclass
class FitSystem(Launched):
    """The study `fit_system`: a file of trajectories of any system, and what may stand in its
    equations. Where `penalty` is named, the terms are those of one library (degree 2 where none is
    given) and the penalty chooses among them."""

    path: str | None = option(None, "a table with one row per time", flag="PATH")
    time: str | None = option(
        None,
        "the column of times of any system's trajectories",
        metavar="COLUMN",
        unset="none, PATH is a table of scores",
    )
    states: list[str] = option(
        [], "the columns of its states", unset="all others", metavar="COLUMN"
    )
    trajectory: str | None = option(
        None, "the column that tells them apart", unset="none, there is one", metavar="COLUMN"
    )
    weight: str | None = option(
        None, "a column: how often a row counts", unset="none, once", metavar="COLUMN"
    )
    log_time: bool = option(False, "the clock is log10 of the column")
    bound: list[str] = option(
        [], "'STATE: TERM <= 0', of its coefficient", unset="none", metavar="BOUND"
    )
    degree: int | None = option(None, "of the polynomials", choices=lambda: (1, 2, 3))
    penalty: PenaltyName | None = option(
        None, "of the coefficients", choices=words_of("dynamics", "PenaltyName")
    )
    strength: float | None = option(None, "of ridge and l1; threshold of stlsq")
    members: int = option(200, "resamples", least=0)
    seed: int = option(0, "of the resamples", least=0)


@dataclass
class PredictFamily(OfClock):
    """The study `predict_family`: what the other families say of the larger models of one."""

    holdout: str | None = option(
        None,
        "predict what was measured",
        metavar="FAMILY",
        instead_of="family",
        unset="none, give this one or --extend",
    )
    extend: str | None = option(
        None,
        "predict sizes that do not exist yet",
        metavar="FAMILY",
        instead_of="family",
        unset="none, give this one or --holdout",
    )
    protocol: Protocol = option(
        "A",
        "one or two models given, or a third of a run",
        choices=words_of("dynamics", "Protocol"),
    )
    params: list[str] = option([], "sizes for --extend: 70B", unset="none", metavar="SIZE")
    at: list[str] = option(
        [], "places for --extend on another clock: 600B tokens", unset="none", metavar="PLACE"
    )
    trained_on: TrainedOn | None = option(
        None,
        "whose families teach",
        unset="own for the uniform table, else both",
        choices=words_of("dynamics", "TrainedOn"),
    )
    benchmarks: list[str] | None = option(None, "the scores to use", unset=_SCORES, metavar="NAME")
    seed: int = option(0, "of the resamples", least=0)


@dataclass
class CrossValidate(OfClock):
    """The study `cross_validate`: every method on families, or labs, that it never saw."""

    leave: Leave = option("family", "what is left out", choices=words_of("dynamics", "Leave"))
    protocol: Protocol = option(
        "A",
        "one or two models given, or a third of a run",
        choices=words_of("dynamics", "Protocol"),
    )
    benchmarks: list[str] | None = option(None, "the scores to use", unset=_SCORES, metavar="NAME")
    seed: int = option(0, "of the resamples", least=0)
