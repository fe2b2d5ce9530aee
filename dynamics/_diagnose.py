"""The main job: from a score table to the phase of each family, with its uncertainty."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsIndex, TypedDict, overload

import numpy as np
import pandas as pd

from ..common.checks import index_of
from ..common.display import shown
from ..common.nearest import there_are
from ..common.progress import Progress, silent, stepped
from ._controls.dimension import Dimension, DimensionChange, compare_dimension, effective_dimension
from ._controls.width import WidthRatio, width_ratio
from ._phases.clocks import ClockComparison, compare_clocks
from ._phases.common_turn import CommonTurn
from ._phases.coupling import Correlation, Step, correlate, steps
from ._phases.critical_family import u_test
from ._phases.critical_types import CriticalPoint, FamilyCritical
from ._phases.false_calls import expected_false_calls
from ._phases.own_slopes import Level
from ._phases.random_effects import RandomEffects, combine_families
from ._phases.scatter import Scatter
from ._phases.seed_turn import turn_over_seeds
from ._phases.slope import Slope, current_slope, errors_in_variables_slope
from ._phases.turn import slopes_about_turn
from ._phases.turning import TestedFamily, Turning, turning_families
from ._pooled import axes_of, common_turns, level_of, noise_of, pooled_points, scatter_of
from ._tables.account import NOTHING_SEEN, Account
from ._tables.benchmarks import benchmark
from ._tables.clock import Along, clock_of
from ._tables.named import more_is_better, named_benchmark
from ._tables.problems import TableError, TableWarning
from ._tables.question import default_reasoning, default_truth
from ._tables.read import as_table
from ._tables.replicates import SeedScores, average_seeds, incomplete_seeds, seed_scores
from ._tables.scores import ScoreTable

_MEASURED = 0.9
#: A phase that so many models say rests on borrowed scatter and on nothing to check it by.
_THIN = 2


class _Errors(TypedDict):
    """What every slope of a family is told of the errors of its scores."""

    x_stderr: np.ndarray
    y_stderr: np.ndarray
    scatter: Scatter


@dataclass(frozen=True)
class Support:
    """What a phase rests on: how many models, and whether these are only two (`thin`)."""

    models: int
    thin: bool


@shown
@dataclass(frozen=True)
class FamilyDiagnosis:
    """One family: what its models say of the coupling of the two scores.

    - `models`: names in order of `time`, their places on the clock `along` (log10 of counts, or
      years); `reasoning`, `truth` and their standard errors likewise.
    - `correlation`: with the trend's share beside it.
    - `slope`: coupling over all models; `current`: at the last ones; None below two places.
    - `steps`: from each place to the next.
    - `critical`: minimum of the truth score along the clock; where the table has several seeds of
      every place, they say whether it is one.
    - `about_turn`: coupling before and after that minimum, None where it is not bracketed.
    """

    family: str
    models: tuple[str, ...]
    along: Along
    time: np.ndarray
    reasoning: np.ndarray
    truth: np.ndarray
    reasoning_stderr: np.ndarray
    truth_stderr: np.ndarray
    correlation: Correlation
    slope: Slope | None
    current: Slope | None
    steps: tuple[Step, ...]
    critical: FamilyCritical
    about_turn: tuple[Slope, Slope] | None

    @property
    def log10_params(self) -> np.ndarray:
        """The sizes, where these are the clock. Raises ValueError along any other."""
        if self.along != "params":
            raise ValueError(f"{self.family} is along {self.along}; its places are in `time`")
        return self.time

    @property
    def phase(self) -> str:
        """Phase at the family's largest models; `undetermined` where the scores leave it open."""
        return self.current.phase if self.current else "undetermined"

    @property
    def support(self) -> Support:
        """How many models the phase rests on."""
        models = self.current.models if self.current else len(self.models)
        return Support(models, thin=models <= _THIN)


class FamilyDiagnoses(tuple[FamilyDiagnosis, ...]):
    """The families of a diagnosis in the order of the table; also by name: `["Pythia"]`."""

    @overload
    def __getitem__(self, key: str | SupportsIndex) -> FamilyDiagnosis: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[FamilyDiagnosis, ...]: ...
    def __getitem__(
        self, key: str | SupportsIndex | slice
    ) -> FamilyDiagnosis | tuple[FamilyDiagnosis, ...]:
        if not isinstance(key, str):
            return super().__getitem__(key)
        names = [family.family for family in self]
        return super().__getitem__(index_of(key, names, kind="family", error=KeyError))


@shown
@dataclass(frozen=True)
class Diagnosis:
    """What a score table says about one pair of benchmarks. `to_pandas()` gives a row per family.

    - `coupling`: the families' couplings over all their models, combined.
    - `turning`: which families turn inside their own sizes, judged together.
    - `common_turn`: axis -> whether the families share a turn and where, for the axes that the
      table has; `pooled`: axis -> critical point of all families *if* they turn.
    - `level`: how the families' couplings go with their mean reasoning score.
    - `scatter`: between models of one family beyond known errors, in every slope; at this scatter
      `expected_false_calls` families would be called tax or bonus if no scores were coupled.
    - `width`: family -> published ratio to width with its null, where d_model is known.
    - `dimension`: participation ratio over `dimension_benchmarks` (those that nine of ten models
      have); `dimension_change`: models of families in tax beside those in bonus, None where there
      are none.
    - `account`: what was seen of the table's files, and what became of it.
    - `along`: the clock that puts the models of a family in order.
    - `clocks`: what explains the truth score, where two clocks are known and none of them is the
      other.

    A score of which less is better (`Benchmark.lower_is_better`) counts as 1 - score.
    """

    table: str
    reasoning: str
    truth: str
    models: int
    families: FamilyDiagnoses
    coupling: RandomEffects
    pooled: dict[str, CriticalPoint]
    turning: Turning
    common_turn: dict[str, CommonTurn]
    level: Level
    scatter: Scatter
    expected_false_calls: float
    width: dict[str, WidthRatio]
    dimension: Dimension
    dimension_benchmarks: tuple[str, ...]
    dimension_change: DimensionChange | None
    warnings: tuple[TableWarning, ...]
    n_boot: int
    seed: int
    account: Account = NOTHING_SEEN
    along: Along = "params"
    clocks: ClockComparison | None = None

    def to_pandas(self) -> pd.DataFrame:
        """One row per family; places are counts (`critical_params` along `params`,
        `critical_tokens` along `tokens`, ...) or years, scores fractions."""
        value = clock_of(self.along).value
        return pd.DataFrame(
            {
                "family": f.family,
                "models": len(f.models),
                "r": f.correlation.r,
                "partial_r": f.correlation.partial_r,
                "phase": f.phase,
                "gamma": f.current.gamma if f.current else math.nan,
                "gamma_low": f.current.low if f.current else -math.inf,
                "gamma_high": f.current.high if f.current else math.inf,
                "critical_status": f.critical.status,
                f"critical_{self.along}": value(f.critical.vertex),
                "critical_low": value(f.critical.low),
                "critical_high": value(f.critical.high),
            }
            for f in self.families
        )

    def _repr_html_(self) -> str:
        return self.to_pandas().to_html(index=False, float_format="{:.3g}".format)


def diagnose(
    table: ScoreTable | str | Path | pd.DataFrame,
    *,
    reasoning: str | None = None,
    truth: str | None = None,
    along: Along | None = None,
    n_boot: int = 10_000,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Diagnosis:
    """The phase of every family in `table`, and the pooled picture.

    - `table`: a score table, or what `read_scores` reads: a path or a DataFrame.
    - `reasoning`, `truth`: benchmarks of the table, in any spelling; HellaSwag and TruthfulQA MC2
      where not named.
    - `along`: the clock, see `along_clock`; the table's own (`params` as it is read) by default.
    - `n_boot`: bootstrap resamples and permutations; `seed` makes the result repeatable.
    - `on_progress`: called with the name of each part as it begins.

    Rows that differ by seed only count as one model (`average_seeds`); whether and where such a
    family turns its seeds say one by one (`common.turns`). A model without one of the
    two scores is left out of this pair, with a warning. A family of one model is listed as
    undetermined. Raises ValueError for a benchmark that the table does not have, TableError where
    fewer than two models have both scores.

    ```pycon
    >>> from nullcline import dynamics
    >>> table = dynamics.load_table("uniform").select(["Pythia", "Llama"])
    >>> found = dynamics.diagnose(table, n_boot=200)
    >>> now = found.families["Pythia"].current
    >>> now.phase, round(now.gamma, 2)
    ('tax', -0.3)

    ```
    """
    by_seed = as_table(table, along=along)
    table = average_seeds(by_seed)
    reasoning = named_benchmark(table, reasoning) if reasoning else default_reasoning(table)
    truth = named_benchmark(table, truth) if truth else default_truth(table)
    pair, missing = _pair(table, reasoning, truth)
    report = on_progress or silent
    clock = clock_of(table.along)
    chance = benchmark(reasoning).chance
    groups = {name: group for name in table.families if len(group := pair[pair["family"] == name])}
    scatter = scatter_of(groups.values())
    seeds = {
        name: seed_scores(by_seed, truth, family=name, time=group["time"].to_numpy(float))
        for name, group in groups.items()
    }
    families = FamilyDiagnoses(
        _diagnose_family(
            name,
            group,
            along=table.along,
            chance=chance,
            scatter=scatter,
            seeds=seeds[name],
            n_permutations=n_boot,
            seed=seed,
        )
        for name, group in stepped(report, "families", groups.items())
    )
    report("pooled")
    axes = axes_of(pair, clock)
    pooled = pooled_points(pair, axes, n_boot=n_boot, seed=seed)
    turns = common_turns(pair, axes, pooled, scatter, seed=seed)
    report("width and dimension")
    measured = [b for b in table.benchmarks if pair[b].notna().mean() >= _MEASURED]
    return Diagnosis(
        table=table.name,
        reasoning=reasoning,
        truth=truth,
        models=len(pair),
        families=families,
        coupling=combine_families([f.slope for f in families if f.slope is not None]),
        pooled=pooled,
        turning=turning_families(
            {f.family: TestedFamily(f.critical, f.time, f.truth_stderr) for f in families},
            curve=turns[clock.axis].curve,
            noise=noise_of(pair, scatter),
            seed=seed,
        ),
        common_turn=turns,
        level=level_of(pair, scatter),
        scatter=scatter,
        expected_false_calls=_false_calls(families, scatter, seed),
        width=_width(families, pair, n_null=n_boot, seed=seed),
        dimension=effective_dimension(pair[measured].to_numpy(float), n_boot=n_boot, seed=seed),
        dimension_benchmarks=tuple(measured),
        dimension_change=_dimension_change(pair, measured, families, n_boot=n_boot, seed=seed),
        warnings=(
            *_warnings(table, pair, missing, reasoning, truth),
            *(w for name, of in seeds.items() if of and (w := incomplete_seeds(name, of))),
        ),
        n_boot=n_boot,
        seed=seed,
        account=table.account,
        along=table.along,
        clocks=compare_clocks(pair, along=table.along, seed=seed),
    )


def _pair(table: ScoreTable, reasoning: str, truth: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The models with both scores in order of time, and those without; `x`, `y` are the scores,
    more being better."""
    for name in (reasoning, truth):
        if name not in table.benchmarks:
            there = there_are(name, table.benchmarks)
            raise ValueError(
                f"{table.name}: no benchmark {name!r}; {there}; name a pair of them with "
                "reasoning=... and truth=..."
            )
    if reasoning == truth:
        raise ValueError(f"the pair holds {truth!r} twice; name two benchmarks")
    frame = table.frame.assign(
        x=more_is_better(table.frame, reasoning),
        y=more_is_better(table.frame, truth),
        x_stderr=table.stderr(reasoning),
        y_stderr=table.stderr(truth),
        time=table.time(),
    )
    missing = frame[frame[["x", "y"]].isna().any(axis=1)]
    pair = frame.drop(index=missing.index).sort_values("time", kind="stable")
    if len(pair) < 2:
        problem = f"{len(pair)} models have both {reasoning} and {truth}"
        raise TableError(table.name, problem, "give at least two models with both scores")
    return pair, missing


def _diagnose_family(
    name: str,
    group: pd.DataFrame,
    *,
    along: Along,
    chance: float,
    scatter: Scatter,
    seeds: SeedScores | None,
    n_permutations: int,
    seed: int,
) -> FamilyDiagnosis:
    x, y, x_stderr, y_stderr, time = (
        group[c].to_numpy(float) for c in ("x", "y", "x_stderr", "y_stderr", "time")
    )
    models = tuple(group["model"])
    errors: _Errors = {"x_stderr": x_stderr, "y_stderr": y_stderr, "scatter": scatter}
    several = len(np.unique(time)) > 1
    critical = u_test(time, y, family=name, y_stderr=y_stderr)
    if seeds is not None:
        critical = turn_over_seeds(critical, time, seeds.scores)
    return FamilyDiagnosis(
        family=name,
        models=models,
        along=along,
        time=time,
        reasoning=x,
        truth=y,
        reasoning_stderr=x_stderr,
        truth_stderr=y_stderr,
        correlation=correlate(x, y, log10_params=time, n_permutations=n_permutations, seed=seed),
        slope=errors_in_variables_slope(x, y, **errors) if several else None,
        current=current_slope(x, y, **errors) if several else None,
        steps=steps(x, y, **errors, log10_params=time, models=models, chance=chance),
        critical=critical,
        about_turn=slopes_about_turn(x, y, **errors, log10_params=time, critical=critical),
    )


def _width(
    families: tuple[FamilyDiagnosis, ...], pair: pd.DataFrame, *, n_null: int, seed: int
) -> dict[str, WidthRatio]:
    if "d_model" not in pair:
        return {}
    ratios = {}
    for family in families:
        width = pair["d_model"][pair["family"] == family.family].to_numpy(float)
        if np.isfinite(width).sum() > 2:
            ratios[family.family] = width_ratio(
                family.reasoning, family.truth, width, n_null=n_null, seed=seed
            )
    return ratios


def _dimension_change(
    pair: pd.DataFrame,
    measured: list[str],
    families: tuple[FamilyDiagnosis, ...],
    *,
    n_boot: int,
    seed: int,
) -> DimensionChange | None:
    groups = []
    for phase in ("tax", "bonus"):
        names = [f.family for f in families if f.phase == phase]
        groups.append(pair[pair["family"].isin(names)][measured].to_numpy(float))
    if min(len(group) for group in groups) == 0:
        return None
    return compare_dimension(*groups, n_boot=n_boot, seed=seed)


def _false_calls(families: FamilyDiagnoses, scatter: Scatter, seed: int) -> float:
    several = ((f.reasoning, f.truth_stderr) for f in families if f.current is not None)
    return expected_false_calls(several, scatter=scatter, seed=seed)


def _warnings(
    table: ScoreTable, pair: pd.DataFrame, missing: pd.DataFrame, reasoning: str, truth: str
) -> tuple[TableWarning, ...]:
    """What a reader must know of this pair; scores missing elsewhere do not matter to it."""
    return (
        *(w for w in table.warnings if w.code != "missing_score"),
        *_missing_scores(missing, reasoning, truth),
        *_without_errors(pair, reasoning, truth),
    )


def _missing_scores(missing: pd.DataFrame, reasoning: str, truth: str) -> list[TableWarning]:
    warnings = []
    for row, model, x, y in zip(
        missing["row"], missing["model"], missing["x"], missing["y"], strict=True
    ):
        names = " and ".join(n for n, v in ((reasoning, x), (truth, y)) if math.isnan(v))
        message = f"{model} has no {names}; left out of this pair"
        warnings.append(TableWarning("missing_score", int(row), message))
    return warnings


def _without_errors(pair: pd.DataFrame, reasoning: str, truth: str) -> list[TableWarning]:
    """No standard error known: correlations are given, phases cannot be."""
    warnings = []
    for name, column in ((reasoning, "x_stderr"), (truth, "y_stderr")):
        if pair[column].isna().any():
            message = (
                f"no standard error is known for {name}; phases stay undetermined: "
                f"add a column {name}_stderr"
            )
            warnings.append(TableWarning("unknown_stderr", None, message))
    return warnings
