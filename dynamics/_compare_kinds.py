"""Base models beside their tuned ones: gain, coupling before and after, coupling across tunes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..common.checks import check_known
from ..common.display import shown
from ._phases.post_training import (
    CouplingChange,
    Gain,
    GainPerDecade,
    TuneCoupling,
    coupling_across_tunes,
    coupling_change,
    enough_tunes,
    gain_per_decade,
    mean_gain,
)
from ._phases.scatter import Scatter, pooled_scatter, residuals_about_curve
from ._phases.slope import Slope, errors_in_variables_slope
from ._tables.benchmarks import benchmark
from ._tables.pairs import KindRows, kind_rows
from ._tables.problems import TableWarning
from ._tables.question import default_reasoning, default_truth
from ._tables.read import read_scores
from ._tables.scores import ScoreTable


class NoPairsError(ValueError):
    """A table without a base model beside a tuned one of its family and size."""


@shown
@dataclass(frozen=True)
class FamilyKinds:
    """One family before and after tuning.

    - `base`, `tuned`: names of the pairs in order of size; `log10_params` and the scores likewise.
    - `gain`: mean change of truth; `reasoning_gain`: of reasoning.
    - `before`, `after`: coupling over sizes; None below two sizes.
    """

    family: str
    base: tuple[str, ...]
    tuned: tuple[str, ...]
    log10_params: np.ndarray
    reasoning: np.ndarray
    truth: np.ndarray
    tuned_reasoning: np.ndarray
    tuned_truth: np.ndarray
    before: Slope | None
    after: Slope | None

    @property
    def gain(self) -> float:
        """Mean change of the truth score, a fraction."""
        return float(np.mean(self.tuned_truth - self.truth))

    @property
    def reasoning_gain(self) -> float:
        """Mean change of the reasoning score, a fraction."""
        return float(np.mean(self.tuned_reasoning - self.reasoning))


@shown
@dataclass(frozen=True)
class KindComparison:
    """What tuning changes in a table, and what it does not.

    - `gain`, `reasoning_gain`: mean change from base to tuned; `per_decade`: how that of truth
      grows with size.
    - `coupling`: over sizes, before and after; `hinges_on`: of the five families that weigh
      most, those without which an established change is established no longer.
    - `across_tunes`: name of a base model, or of a family of several -> coupling over its tunes.
    - `broken`: tunes that are in no coupling across tunes: reasoning less than halfway from chance
      to their base model's score.
    - `unpaired`: tuned models of the table whose base model is not in it.
    """

    table: str
    reasoning: str
    truth: str
    families: tuple[FamilyKinds, ...]
    gain: Gain
    reasoning_gain: Gain
    per_decade: GainPerDecade
    coupling: CouplingChange
    hinges_on: tuple[str, ...]
    across_tunes: dict[str, TuneCoupling]
    broken: tuple[str, ...]
    unpaired: tuple[str, ...]
    scatter: tuple[Scatter, Scatter]
    warnings: tuple[TableWarning, ...]

    def to_pandas(self) -> pd.DataFrame:
        """One row per pair; sizes are counts, scores fractions."""
        return pd.DataFrame(
            {
                "family": f.family,
                "base_model": f.base[i],
                "model": f.tuned[i],
                "params": 10 ** f.log10_params[i],
                "reasoning": f.reasoning[i],
                "tuned_reasoning": f.tuned_reasoning[i],
                "truth": f.truth[i],
                "tuned_truth": f.tuned_truth[i],
            }
            for f in self.families
            for i in range(len(f.base))
        )

    def _repr_html_(self) -> str:
        return self.to_pandas().to_html(index=False, float_format="{:.3g}".format)


def compare_kinds(
    table: ScoreTable | str | Path | pd.DataFrame,
    *,
    reasoning: str | None = None,
    truth: str | None = None,
) -> KindComparison:
    """Base models of `table` beside their tuned ones.

    - `table`: what `read_scores` reads, with base and tuned models in it: a column `kind`, or names
      that say so. A column `base_model` says which base model a tuned one began from; without it a
      tuned model belongs to the base model of its family whose size is within 5 %.
    - `reasoning`, `truth`: benchmarks; HellaSwag and TruthfulQA MC2 where not named.

    A pair stands in one family. Tuned models of another family that name a base model count for the
    coupling across tunes alone. Raises NoPairsError, a ValueError, where there is no pair.

    **Limits**: that data for tuning may hold the benchmark's questions is not corrected, and
    nothing in a table of scores can correct it. Public tunes are no sample of all tunes.
    """
    table = table if isinstance(table, ScoreTable) else read_scores(table, kind="all")
    reasoning = reasoning or default_reasoning(table)
    truth = truth or default_truth(table)
    check_known("benchmark", (reasoning, truth), table.benchmarks, of=table.name)
    rows = kind_rows(table, reasoning, truth)
    if rows.pairs.empty:
        raise NoPairsError(
            f"{table.name} has no base model beside a tuned one of its family and size; "
            "add a column kind (base, tuned), and base_model where names do not say it"
        )
    families, scatter = _families(rows.pairs)
    pairs = {c: rows.pairs[c].to_numpy() for c in ("family", "x", "y", "tuned_x", "tuned_y")}
    gain = pairs["tuned_y"] - pairs["y"]
    across, broken = _across_tunes(rows, chance=benchmark(reasoning).chance)
    return KindComparison(
        table=table.name,
        reasoning=reasoning,
        truth=truth,
        families=families,
        gain=mean_gain(gain, pairs["family"]),
        reasoning_gain=mean_gain(pairs["tuned_x"] - pairs["x"], pairs["family"]),
        per_decade=gain_per_decade(
            gain, np.log10(rows.pairs["params"].to_numpy()), pairs["family"]
        ),
        coupling=(coupling := _change(families)),
        hinges_on=_hinges(rows.pairs, families, scatter) if _moved(coupling) else (),
        across_tunes=across,
        broken=broken,
        unpaired=rows.unpaired,
        scatter=scatter,
        warnings=tuple(w for w in table.warnings if w.code not in _ABOUT_KINDS),
    )


def _change(families: Sequence[FamilyKinds]) -> CouplingChange:
    both = [(f.before, f.after) for f in families if f.before is not None and f.after is not None]
    return coupling_change([before for before, _ in both], [after for _, after in both])


def _moved(change: CouplingChange) -> bool:
    return change.difference.low > 0 or change.difference.high < 0


def _hinges(
    pairs: pd.DataFrame, families: Sequence[FamilyKinds], scatter: tuple[Scatter, Scatter]
) -> tuple[str, ...]:
    """Of the families that weigh most, those without which the change is not established; the
    scatter is estimated without them, too."""
    found = []
    for one in sorted(families, key=_width_of_change)[:_MOST_WITHOUT]:
        others = pairs[pairs["family"] != one.family]
        same = _scatters(others) == scatter
        rest = [f for f in families if f is not one] if same else _families(others)[0]
        if not _moved(_change(rest)):
            found.append(one.family)
    return tuple(found)


def _width_of_change(family: FamilyKinds) -> float:
    if family.before is None or family.after is None:
        return math.inf
    return math.hypot(*(slope.high - slope.low for slope in (family.before, family.after)))


#: Families whose absence is tried.
_MOST_WITHOUT = 5
#: Of the columns of a pair: its base model's and its tuned model's.
_PREFIXES = ("", "tuned_")
#: Warnings that say of tuned models that they do not belong among base models.
_ABOUT_KINDS = frozenset({"instruct_model", "base_model", "same_size"})


def _families(pairs: pd.DataFrame) -> tuple[tuple[FamilyKinds, ...], tuple[Scatter, Scatter]]:
    scatter = _scatters(pairs)
    groups = pairs.groupby("family", sort=False)
    return tuple(_family(str(name), group, scatter) for name, group in groups), scatter


def _scatters(pairs: pd.DataFrame) -> tuple[Scatter, Scatter]:
    """What models of one family differ by, base and tuned."""
    groups = [group for _, group in pairs.groupby("family", sort=False)]
    base, tuned = (
        pooled_scatter(
            residuals_about_curve(
                *(g[c].to_numpy(float) for c in ("log10_params", f"{kind}y", f"{kind}y_stderr"))
            )
            for g in groups
        )
        for kind in _PREFIXES
    )
    return base, tuned


def _family(name: str, group: pd.DataFrame, scatter: Sequence[Scatter]) -> FamilyKinds:
    group = group.sort_values("params", kind="stable")
    slopes: list[Slope | None] = [None, None]
    if group["params"].nunique() > 1:
        slopes = [
            errors_in_variables_slope(
                group[f"{kind}x"].to_numpy(float),
                group[f"{kind}y"].to_numpy(float),
                x_stderr=group[f"{kind}x_stderr"].to_numpy(float),
                y_stderr=group[f"{kind}y_stderr"].to_numpy(float),
                scatter=one,
            )
            for kind, one in zip(_PREFIXES, scatter, strict=True)
        ]
    columns = ("log10_params", "x", "y", "tuned_x", "tuned_y")
    return FamilyKinds(
        name,
        tuple(group["model"]),
        tuple(group["tuned_model"]),
        *(group[c].to_numpy(float) for c in columns),
        *slopes,
    )


def _across_tunes(
    rows: KindRows, *, chance: float
) -> tuple[dict[str, TuneCoupling], tuple[str, ...]]:
    tunes = rows.tunes
    broken = tunes["x"] < chance + 0.5 * (tunes["base_x"] - chance)
    found = {}
    whole = tunes[~broken]
    several = whole.groupby("base_model")["model"].transform("size") > 1  # one has no slope
    for family, group in whole[several].groupby("base_family", sort=False):
        bases = group["base_model"].unique()
        coupling = coupling_across_tunes(
            group["x"].to_numpy(float),
            group["y"].to_numpy(float),
            group["base_model"].to_numpy(str),
            group["maker"].to_numpy(str),
        )
        if enough_tunes(coupling.models, coupling.makers) and not math.isnan(coupling.slope):
            found[str(bases[0] if len(bases) == 1 else family)] = coupling
    return found, tuple(tunes["model"][broken])
