"""Which families teach the dynamics of a prediction, and which only say how far it may err."""

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from ...common.checks import check_known
from .._tables.model_names import plain_name
from .._tables.scores import ScoreTable
from .._tables.shipped import load_table
from .names import TrainedOn
from .protocol import Cohort, CohortFamily, held_out_benchmarks, held_out_cohort, longer_than

#: Shipped tables: the first one's families teach, the further ones of all measure the bands.
SHIPPED_TEACHERS = ("uniform", "leaderboard")


@dataclass(frozen=True)
class Teachers:
    """What a prediction of one family learns from.

    - `cohort`: families of three sizes or more that the dynamics are fitted to.
    - `judges`: families of two sizes or more that the fit does not see; their errors widen the
      bands, as the family to predict is one that the fit does not see either.
    - `trained_on`: `uniform`, `own` or `both`.
    """

    cohort: Cohort
    judges: tuple[CohortFamily, ...]
    trained_on: TrainedOn


def settle(
    table: ScoreTable, trained_on: TrainedOn | None, benchmarks: Sequence[str] | None
) -> tuple[TrainedOn, tuple[str, ...]]:
    """Which families teach what is predicted of `table`, and which benchmarks that concerns.

    **Arguments:** `trained_on`, by default `own` for the uniform table itself and `both` for any
    other; `benchmarks`, by default those of the held-out study that all tables used have.

    Raises ValueError for another word, and where the tables have no benchmark in common.
    """
    uniform, is_uniform = _shipped("uniform"), _is_uniform(table)
    if trained_on not in (None, *get_args(TrainedOn)):
        raise ValueError(f"trained_on is {trained_on!r}; it is uniform, own or both")
    if table.along != "params":
        if trained_on not in (None, "own"):
            raise ValueError(
                f"the shipped families are along params and {table.name} along {table.along}; "
                "learn from its own with trained_on=own"
            )
        return "own", held_out_benchmarks(table, benchmarks)
    if is_uniform or trained_on == "own":
        return "own", held_out_benchmarks(table, benchmarks)
    if benchmarks is not None:
        check_known("benchmark", benchmarks, uniform.benchmarks, of="uniform")
        return trained_on or "both", held_out_benchmarks(table, benchmarks)
    common = [name for name in held_out_benchmarks(uniform) if name in table.benchmarks]
    if not common:
        there = ", ".join(held_out_benchmarks(uniform))
        hint = "learn from your own alone with trained_on=own"
        raise ValueError(
            f"{table.name} has none of {there}, which the shipped families have; {hint}"
        )
    return trained_on or "both", tuple(common)


def choose_teachers(
    table: ScoreTable,
    target: CohortFamily,
    trained_on: TrainedOn,
    benchmarks: tuple[str, ...],
    *,
    given: int = 1,
) -> Teachers:
    """The families of `table`, of the shipped uniform table, or of both, without `target`.

    A family of the target's name, or with one of its models, is not used, whichever table it is in;
    nor is a shipped family that the user's table has too.
    """
    if trained_on == "own":
        cohort = held_out_cohort(
            table, benchmarks=benchmarks, partial_after=partial_after(table, given=1)
        )
        others = longer_than(_without(cohort, [target]), given)
        if table.along != "params":  # a lab is then a family and size: another run of the target's
            kept = tuple(f for f in others.families if f.lab != target.lab)
            others = dataclasses.replace(others, families=kept)
        return Teachers(others, (), trained_on)
    cohort = _shipped_cohort(benchmarks)
    own = ()
    if trained_on == "both":
        own = _families(table, benchmarks, min_models=3, partial_after=1)
    shipped = _without(cohort, [target, *own]).families
    cohort = _without(dataclasses.replace(cohort, families=(*own, *shipped)), [target])
    further = [family for name in SHIPPED_TEACHERS for family in _shipped_judges(name, benchmarks)]
    judges = _without(
        dataclasses.replace(cohort, families=tuple(further)), [target, *cohort.families]
    )
    return Teachers(cohort, judges.families, trained_on)


def partial_after(table: ScoreTable, *, given: int) -> int | None:
    """After how many complete models of a family others may lack scores: `given`, as a prediction
    starts from these. None of the uniform table may, whose study is defined on whole rows."""
    return None if _is_uniform(table) else given


def _is_uniform(table: ScoreTable) -> bool:
    return table.sha256 == _shipped("uniform").sha256


@functools.cache
def _shipped(name: str) -> ScoreTable:
    """A shipped table, read once: one prediction asks for it several times."""
    return load_table(name)


# One prediction after another learns from the same shipped families.
@functools.lru_cache(maxsize=32)
def _shipped_cohort(benchmarks: tuple[str, ...]) -> Cohort:
    return held_out_cohort(_shipped("uniform"), benchmarks=benchmarks)


@functools.lru_cache(maxsize=32)
def _shipped_judges(name: str, benchmarks: tuple[str, ...]) -> tuple[CohortFamily, ...]:
    return _families(_shipped(name), benchmarks, min_models=2, same_size="first")


def _families(table: ScoreTable, benchmarks: Sequence[str], **limits) -> tuple[CohortFamily, ...]:
    """The families of a table that a study can use; none where it has no such family."""
    if not set(benchmarks) <= set(table.benchmarks):
        return ()
    try:
        return held_out_cohort(table, benchmarks=benchmarks, **limits).families
    except ValueError:  # no family is long enough
        return ()


def _without(cohort: Cohort, known: Iterable[CohortFamily]) -> Cohort:
    """The cohort without families of the same name as a known one, or with a model of it."""
    known = list(known)
    names = {family.name.casefold() for family in known}
    models = {plain_name(model) for family in known for model in family.models}
    others = tuple(
        family
        for family in cohort.families
        if family.name.casefold() not in names
        and not models & {plain_name(model) for model in family.models}
    )
    return dataclasses.replace(cohort, families=others)
