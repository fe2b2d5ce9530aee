"""Held-out protocols: who is left out, what is given of it, how a prediction is scored.

Protocol A gives the smallest model's scores of a family and has all larger ones predicted; protocol
B gives the two smallest; `third` gives what lies in the first third of a run, in steps, tokens or
whatever its clock counts. Nothing else of the held-out family, or of any family of the held-out
lab, is seen by what predicts. Errors are absolute, averaged over benchmarks and sizes within a
family (given models left out), then over families, each family counting once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from jaxtyping import Bool, Float

from ...common.checks import check_known, index_of
from .._statistics.resampling import drawn_families, padded_families, percentile_interval
from .._statistics.threefry import fold_in, key_of
from .._tables.clock import CLOCKS, Along, Clock, clock_of
from .._tables.scores import ScoreTable
from .names import Leave, Protocol, SameSize

#: The benchmarks of the held-out targets, measured for nearly all models under one harness.
HELD_OUT_BENCHMARKS = ("hellaswag", "truthfulqa_mc2", "arc_challenge", "winogrande", "mmlu")

#: Families drawn at once when families are resampled.
_MOST_DRAWS = 2**20


#: A family trained on so many tokens needs no drift of its own beyond the constants.
_TOKEN_ORIGIN = 1e12


def token_inputs(tokens: float | None) -> Float[np.ndarray, " inputs"]:
    """The log of a number of tokens over 10^12 as the one input of a system; none without it."""
    return np.zeros(0) if tokens is None else np.log([tokens / _TOKEN_ORIGIN])


@dataclass(frozen=True)
class CohortFamily:
    """One family's models by size: `log10_n` rises strictly, `scores` are fractions.

    Along another clock than the size `log10_n` is the place on it, moved to where sizes lie (see
    `Clock.middle`).

    The first model has all scores; of later ones some may be missing (NaN) where a study allows it.
    `tokens`: how many the first model was trained on, where the study uses them.
    """

    name: str
    lab: str
    models: tuple[str, ...]
    log10_n: Float[np.ndarray, " models"]
    scores: Float[np.ndarray, "models benchmarks"]
    tokens: float | None = None

    @property
    def inputs(self) -> Float[np.ndarray, " inputs"]:
        """What drives the family from outside: the log of its tokens, or nothing."""
        return token_inputs(self.tokens)

    def complete(self) -> "CohortFamily":
        """The family with only the models that have all scores."""
        rows = np.asarray(~np.isnan(self.scores).any(axis=1))
        if rows.all():
            return self
        models = tuple(m for m, there in zip(self.models, rows, strict=True) if there)
        return replace(self, models=models, log10_n=self.log10_n[rows], scores=self.scores[rows])


@dataclass(frozen=True)
class Cohort:
    """The families that a held-out study uses.

    `left_out` lists (model or family, reason) of what the table holds and the cohort does not:
    `incomplete_scores`, `mixture_of_experts`, `several_models_of_one_size`, `too_few_sizes`,
    `unknown_tokens`, and what the table itself left out.
    """

    families: tuple[CohortFamily, ...]
    benchmarks: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def models(self) -> int:
        """The number of models."""
        return sum(len(family.models) for family in self.families)

    def index(self, name: str) -> int:
        """The index of the named family (case does not matter).

        Raises ValueError for a family that is not there: with the reason if it was left out, with
        the names of those that are there if it is unknown.
        """
        names = [family.name for family in self.families]
        reason = {who.lower(): reason for who, reason in self.left_out}.get(name.lower())
        if reason in _HINTS and name.lower() not in map(str.lower, names):
            raise ValueError(f"{name} cannot be held out: {_HINTS[reason]}")
        return index_of(name, names, kind="family")


_HINTS = {
    "too_few_sizes": "it has too few sizes with all benchmarks; name fewer benchmarks",
    "several_models_of_one_size": (
        "several of its models have one size, so it is no single trajectory; "
        "take same_size='first' to keep the first of each"
    ),
    "unknown_tokens": "it is not known on how many tokens its smallest model was trained",
}


def held_out_cohort(
    table: ScoreTable,
    *,
    benchmarks: Sequence[str] | None = None,
    min_models: int = 3,
    same_size: SameSize = "leave_out",
    mixtures: bool = False,
    partial_after: int | None = None,
    tokens: bool = False,
) -> Cohort:
    """The families of `table` with at least `min_models` sizes and all scores.

    **Arguments:** `benchmarks`, by default the five of `HELD_OUT_BENCHMARKS` that the table has
    (all of the table's if it has fewer than two of them); `same_size`, what becomes of a family
    that lists two different models of one size, which is several recipes under one name:
    `leave_out` the family, or keep the `first` model of each size; `mixtures`, whether mixtures of
    experts count (their total and active sizes differ, so their position on the axis is unclear);
    `partial_after`, after how many models with all scores of a family larger ones may lack some
    (by default none may); `tokens`, whether the number of tokens of a family's smallest model
    drives the dynamics, too: families where it is not known are left out then.

    Raises ValueError for a benchmark that is not in the table and when no family remains.
    """
    chosen = held_out_benchmarks(table, benchmarks)
    frame, clock = table.frame, clock_of(table.along)
    left_out = [(str(row.model), str(row.reason)) for row in table.left_out.itertuples()]
    families = []
    for name, rows in frame.groupby("family", sort=False):
        rows = rows.assign(time=table.time(rows)).sort_values("time", kind="stable")
        usable = _usable(rows[list(chosen)].notna().to_numpy(), partial_after)
        left_out += [(str(model), "incomplete_scores") for model in rows["model"][~usable]]
        rows = rows[usable]
        if not mixtures and "active_params" in rows and clock.name == "params":
            sparse = rows["active_params"].notna() & (rows["active_params"] < rows["params"])
            left_out += [(str(model), "mixture_of_experts") for model in rows["model"][sparse]]
            rows = rows[~sparse]
        if rows["time"].duplicated().any() and same_size == "leave_out":
            left_out.append((str(name), "several_models_of_one_size"))
            continue
        rows = rows.drop_duplicates("time")
        if len(rows) < min_models:
            left_out.append((str(name), "too_few_sizes"))
            continue
        count = float(rows["tokens"].iloc[0]) if tokens and "tokens" in rows else np.nan
        if tokens and not count > 0:
            left_out.append((str(name), "unknown_tokens"))
            continue
        lab = str(rows["lab"].iloc[0]) if "lab" in rows else str(name)
        families.append(
            CohortFamily(
                name=str(name),
                lab=lab or str(name),
                models=tuple(map(str, rows["model"])),
                log10_n=rows["time"].to_numpy(float) + usual_place(clock),
                scores=rows[list(chosen)].to_numpy(float),
                tokens=count if tokens else None,
            )
        )
    if not families and len(table.families) == 1:
        name, reason = left_out[-1]
        raise ValueError(f"{name} cannot be used: {_HINTS[reason]}")
    if not families:
        raise ValueError(
            f"{table.name}: no family has {min_models} sizes with all of {', '.join(chosen)}; "
            "name fewer benchmarks or add models"
        )
    return Cohort(tuple(families), chosen, tuple(left_out))


def _usable(
    there: Bool[np.ndarray, "models benchmarks"], partial_after: int | None
) -> Bool[np.ndarray, " models"]:
    """Models with all scores, and beyond the first `partial_after` of these any with one."""
    complete = np.asarray(there.all(axis=1))
    if partial_after is None:
        return complete
    given_before = np.cumsum(complete) - complete >= partial_after
    return complete | (given_before & np.asarray(there.any(axis=1)))


def held_out_benchmarks(
    table: ScoreTable, benchmarks: Sequence[str] | None = None
) -> tuple[str, ...]:
    """The named benchmarks, by default the five of the study that the table has, or all of it."""
    if benchmarks is None:
        known = tuple(name for name in HELD_OUT_BENCHMARKS if name in table.benchmarks)
        return known if len(known) > 1 else table.benchmarks
    check_known("benchmark", benchmarks, table.benchmarks, of=table.name)
    return tuple(benchmarks)


def usual_place(clock: Clock) -> float:
    """What moves places on a clock to where sizes lie; 0 for the size itself."""
    return CLOCKS["params"].middle - clock.middle


def fewest_given(protocol: Protocol) -> int:
    """How many of the first models are given at least, before any family is known.

    Raises ValueError for another word.
    """
    if protocol not in get_args(Protocol):
        raise ValueError(
            f"protocol is {protocol!r}; it is 'A' (smallest given), 'B' (two) or 'third' (of a run)"
        )
    return 1 if protocol == "A" else 2


def given_models(
    protocol: Protocol, families: Sequence[CohortFamily] = (), *, along: Along = "params"
) -> int:
    """How many of the first models of a held-out family are given.

    By `third` the number that a family has in the first third of its run, the median of `families`;
    at least one. Raises ValueError for another word.
    """
    fewest = fewest_given(protocol)
    if protocol != "third":
        return fewest
    return max(1, int(np.median([_in_first_third(f.log10_n, along) for f in families])))


def _in_first_third(log10_n: Float[np.ndarray, " models"], along: Along) -> int:
    if clock_of(along).is_date:
        return int((log10_n <= log10_n[0] + np.ptp(log10_n) / 3).sum())
    return int((log10_n <= log10_n[-1] - np.log10(3)).sum())


def longer_than(cohort: Cohort, given: int) -> Cohort:
    """The cohort without families that have no model beyond the `given` ones."""
    short = [family for family in cohort.families if len(family.models) <= given]
    if not short:
        return cohort
    return replace(
        cohort,
        families=tuple(f for f in cohort.families if len(f.models) > given),
        left_out=(*cohort.left_out, *((f.name, "too_few_sizes") for f in short)),
    )


def held_out_groups(
    families: Sequence[CohortFamily], *, leave: Leave, given: int
) -> tuple[tuple[int, ...], ...]:
    """Indices of the families that are left out together: each family, or all of one lab.

    Raises ValueError if a family has no model beyond the `given` ones, and if fewer than 3 groups
    remain: two to learn from are the least that a nested validation can use.
    """
    if leave not in get_args(Leave):
        raise ValueError(f"leave is {leave!r}; it is 'family' or 'lab'")
    groups: dict[str, list[int]] = {}
    for index, family in enumerate(families):
        if len(family.models) <= given:
            raise ValueError(
                f"{family.name} has {len(family.models)} models and {given} are given, so nothing "
                "is left to predict; raise min_models"
            )
        groups.setdefault(family.name if leave == "family" else family.lab, []).append(index)
    if len(groups) < 3:
        raise ValueError(f"{len(groups)} to leave out by {leave}; at least 3 are needed")
    return tuple(map(tuple, groups.values()))


def family_errors(
    families: Sequence[CohortFamily], predictions: Sequence[Float[np.ndarray, "_ _"]], *, given: int
) -> Float[np.ndarray, " families"]:
    """Mean absolute error of each family, a fraction; the given models are left out, and so are
    scores that are missing."""
    sizes = np.concatenate(
        [
            np.abs(predicted - family.scores[given:])
            for family, predicted in zip(families, predictions, strict=True)
        ]
    )
    rows = [len(predicted) for predicted in predictions]
    first = np.cumsum([0, *rows[:-1]])
    there = ~np.isnan(sizes)
    total = np.add.reduceat(np.where(there, sizes, 0).sum(axis=1), first)
    return total / np.add.reduceat(there.sum(axis=1), first)


def relative_error(
    predicted: Float[np.ndarray, "models benchmarks"],
    observed: Float[np.ndarray, "models benchmarks"],
) -> float:
    """Mean of |predicted - observed| / observed over what is observed; NaN where that is 0."""
    if (observed == 0).any():
        return float("nan")
    return float(np.nanmean(np.abs(predicted - observed) / observed))


def family_interval(
    values: Float[np.ndarray, " families"],
    *,
    level: float = 0.95,
    n_boot: int = 10_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of the mean over families, whole families resampled.

    For the difference of two methods give the families' differences: the resampling is then
    paired.
    """
    return family_intervals(values[None], level=level, n_boot=n_boot, seed=seed)[0]


def family_intervals(
    values: Float[np.ndarray, "rows families"],
    *,
    level: float = 0.95,
    n_boot: int = 10_000,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """`family_interval` of each row, by the same resamples."""
    count = values.shape[1]
    padded = padded_families(count)
    # Resamples in blocks, so that memory does not grow with the table; the shipped tables need one.
    block = max(1, _MOST_DRAWS // padded)
    means = np.empty((len(values), n_boot))
    for first in range(0, n_boot, block):
        key = fold_in(key_of(seed), first) if first else key_of(seed)
        rows = range(min(block, n_boot - first))
        drawn = drawn_families(key, count, rows=rows, row_length=padded)
        for row, mean in zip(values, means, strict=True):
            mean[first : first + len(rows)] = row[drawn].mean(axis=1)
    return [percentile_interval(mean, level=level) for mean in means]
