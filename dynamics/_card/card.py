"""One model among the families of a table: what can be said of it, and what cannot."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from ...common.display import shown
from ...common.nearest import there_are
from ...common.progress import Progress, silent
from .._pooled import scatter_of
from .._tables.benchmarks import benchmark, canonical_benchmark
from .._tables.question import default_reasoning, default_truth
from .._tables.scores import ScoreTable
from .._tables.shipped import load_table
from .given import GivenModel
from .measure import Measure, other_benchmarks, other_sizes
from .neighbourhood import Neighbourhood, neighbourhood
from .next_size import NextSize, next_size
from .population import NearModel, Rank, is_outside, levels, nearest_models, without_twins
from .residual import Residual, expected_truth, residual_of

_PARTS = "models near it, the next size, the next measurement"
_NEIGHBOURS = 8
_NEAREST = 5


@shown
@dataclass(frozen=True)
class ModelCard:
    """Where one model lies among the families of the table `among`, scores as fractions.

    - `model`, `params` (a count, NaN where not known), `scores`, `stderrs`; `reasoning`, `truth`:
      the pair.
    - `levels`: rank of each score among the `models` other models of `families` families.
    - `nearest`: models nearest in standardised scores; `outside`: none is near in all scores, or
      in size.
    - `neighbourhood`: coupling of the families near it; `own_coupling` is always `undetermined`:
      a coupling needs two sizes.
    - `residual`: truth above the line of all other models, None where a score of the pair is
      missing or too few models have them.
    - `next`: what the forecaster expects of the next size.
    - `measure_next`: which measurement would say most, the most useful first.
    - `left_out`: rows of the table that are this model itself; `own_family`: their family, which is
      there too and has a coupling of its own.
    - `missing`: what could not be said, and why, one sentence each.
    """

    model: str
    params: float
    params_from_name: bool
    tuned: bool
    scores: dict[str, float]
    stderrs: dict[str, float]
    reasoning: str
    truth: str
    among: str
    models: int
    families: int
    levels: tuple[Rank, ...]
    nearest: tuple[NearModel, ...]
    outside: bool
    neighbourhood: Neighbourhood
    residual: Residual | None
    next: NextSize
    measure_next: tuple[Measure, ...]
    left_out: tuple[str, ...]
    own_family: str
    missing: tuple[str, ...]
    own_coupling: Literal["undetermined"] = "undetermined"


def model_card(
    model: GivenModel,
    *,
    among: ScoreTable | str = "uniform",
    reasoning: str | None = None,
    truth: str | None = None,
    neighbours: int = _NEIGHBOURS,
    nearest: int = _NEAREST,
    next_params: float | None = None,
    level: float = 0.9,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> ModelCard:
    """What can be said of one model from where it lies among the families of a table.

    **Arguments:** `model`, from `read_model` or `model_in_table`; `among`, a table or a shipped
    one's name; `reasoning`, `truth`, the pair (HellaSwag and TruthfulQA MC2; where the model has no
    HellaSwag, the first other score that it has); `neighbours`, families whose coupling is taken;
    `nearest`, models named; `next_params`, the size to forecast (twice the model's); `level` of the
    forecast's bands; `seed` of simulated measurements; `on_progress`
    counts the parts of the card.

    Rows that are the model itself, by name or by equal scores, are left out of everything.
    Raises ValueError for a pair that the table does not have, `neighbours` below 3, and
    `next_params` not above the model's size.
    """
    if neighbours < 3 or nearest < 1:
        raise ValueError(f"neighbours is {neighbours}, nearest {nearest}; give at least 3 and 1")
    say = on_progress or silent
    table = load_table(among) if isinstance(among, str) else among
    reasoning, truth = _pair_of(model, table, reasoning, truth)
    keep = without_twins(model, table.frame)
    left, frame = table.frame[~keep], table.frame[keep].reset_index(drop=True)
    say(_PARTS, 0, 3)
    pair = _compared(frame, table, reasoning, truth)
    given = _compared_model(model)
    scatter = scatter_of(group for _, group in _with_both(pair).groupby("family", sort=False))
    # The truth score chooses no family, so it puts none far away either.
    blind = replace(model, scores={b: v for b, v in model.scores.items() if b == reasoning})
    near = neighbourhood(
        _with_both(pair),
        reasoning=reasoning,
        score=given.scores.get(reasoning, math.nan),
        log10_params=math.log10(model.params) if model.params > 0 else math.nan,
        count=neighbours,
        scatter=scatter,
        outside=is_outside(blind, table, frame),
    )
    residual, columns = _residual(given, pair, reasoning, truth)
    say(_PARTS, 1, 3)
    further = next_size(model, table, params=next_params, level=level)
    say(_PARTS, 2, 3)
    measures = _measures(
        given, pair, near, residual, columns, reasoning=reasoning, truth=truth, scatter=scatter,
        names=tuple(b for b in table.benchmarks if b not in model.scores), seed=seed,
    )  # fmt: skip
    say(_PARTS, 3, 3)
    return ModelCard(
        model=model.name,
        params=model.params,
        params_from_name=model.params_from_name,
        tuned=model.tuned,
        scores=dict(model.scores),
        stderrs={name: model.stderr(name) for name in model.scores},
        reasoning=reasoning,
        truth=truth,
        among=table.name,
        models=len(frame),
        families=int(frame["family"].nunique()),
        levels=levels(model, frame),
        nearest=nearest_models(model, table, frame, count=nearest),
        outside=is_outside(model, table, frame),
        neighbourhood=near,
        residual=residual,
        next=further,
        measure_next=measures,
        left_out=tuple(map(str, left["model"])),
        own_family=str(left["family"].iloc[0]) if len(left) else "",
        missing=_missing(model, near, residual, further, reasoning, truth),
    )


def _pair_of(
    model: GivenModel, table: ScoreTable, reasoning: str | None, truth: str | None
) -> tuple[str, str]:
    """The pair: as named, else as for a table, else with the model's first other score."""
    chosen = []
    for name, role in ((reasoning, "reasoning"), (truth, "truth")):
        found = name or ""
        if found and found not in table.benchmarks:
            found = canonical_benchmark(found)
        if found and found not in table.benchmarks:
            there = there_are(name, table.benchmarks)
            raise ValueError(f"{table.name}: no benchmark {name!r} for {role}; {there}")
        chosen.append(found)
    y = chosen[1] or default_truth(table)
    x = chosen[0] or default_reasoning(table)
    if not chosen[0] and x not in model.scores:
        x = next((name for name in model.scores if name != y), x)
    if x == y:
        raise ValueError(f"the pair holds {y!r} twice; name two benchmarks")
    for name in (x, y):
        if name not in table.benchmarks:
            raise ValueError(f"{table.name} has no {name}; name a pair that it has")
    return x, y


def _compared(frame: pd.DataFrame, table: ScoreTable, reasoning: str, truth: str) -> pd.DataFrame:
    """The models with `x`, `y` and their errors, more being better, and `time`, log10 of size."""
    flipped = {b: 1 - frame[b] for b in table.benchmarks if benchmark(b).lower_is_better}
    return frame.assign(
        **flipped,
        x_stderr=table.stderr(reasoning, frame),
        y_stderr=table.stderr(truth, frame),
        time=np.log10(frame["params"].to_numpy(float)),
        x=flipped.get(reasoning, frame[reasoning]),
        y=flipped.get(truth, frame[truth]),
    )


def _compared_model(model: GivenModel) -> GivenModel:
    """The model with its scores so that more is better; the errors stay what they are."""
    flipped = {
        name: 1 - score if benchmark(name).lower_is_better else score
        for name, score in model.scores.items()
    }
    errors = {name: model.stderr(name) for name in model.scores}
    return GivenModel(model.name, flipped, model.params, errors)


def _with_both(pair: pd.DataFrame) -> pd.DataFrame:
    return pair.dropna(subset=["x", "y", "time"])


def _residual(
    model: GivenModel, pair: pd.DataFrame, reasoning: str, truth: str
) -> tuple[Residual | None, dict[str, float]]:
    """The residual, and the columns that the line is drawn along at the model's values."""
    columns: dict[str, float] = {}
    if reasoning in model.scores:
        columns["x"] = model.scores[reasoning]
    if math.isfinite(model.params):
        columns["time"] = math.log10(model.params)
    if reasoning not in model.scores or truth not in model.scores:
        return None, columns
    noise = pair["y_stderr"].to_numpy(float) ** 2
    line = expected_truth(pair, columns, y="y", noise=noise)
    if line is None:
        return None, columns
    names = {"x": reasoning, "time": "log10_params"}
    return residual_of(
        line,
        model.scores[truth],
        given=tuple(names[column] for column in columns),
        truth_stderr=model.stderr(truth),
        reasoning_stderr=model.stderr(reasoning),
    ), columns


def _measures(
    model: GivenModel,
    pair: pd.DataFrame,
    near: Neighbourhood,
    residual: Residual | None,
    columns: dict[str, float],
    *,
    reasoning: str,
    truth: str,
    scatter,
    names: tuple[str, ...],
    seed: int,
) -> tuple[Measure, ...]:
    found: list[Measure] = []
    noise = pair["y_stderr"].to_numpy(float) ** 2
    if columns and truth not in model.scores:
        line = expected_truth(pair, columns, y="y", noise=noise)
        if line is not None:
            found.append(_missing_truth(model, truth, line.sd))
    if reasoning not in model.scores:
        cost = benchmark(reasoning).items * model.params
        found.append(
            Measure("benchmark", "truth above the line", math.inf, math.nan,
                    benchmark=reasoning, cost=cost or math.nan)
        )  # fmt: skip
    if residual is not None:
        found += other_sizes(
            model, near, reasoning=reasoning, truth=truth, scatter=scatter, seed=seed
        )
    if not math.isfinite(model.params):
        found.append(Measure("params", "own coupling", math.inf, math.nan))
    if residual is not None:
        found += other_benchmarks(model, pair, columns, names=names, noise=noise)
    return tuple(found)


def _missing_truth(model: GivenModel, truth: str, sd: float) -> Measure:
    """Measuring the truth score itself: from where the line expects it to its own error."""
    items = benchmark(truth).items
    then = 4 * math.sqrt(0.25 / items) if items else math.nan
    return Measure("benchmark", "truth above the line", 4 * sd, then, benchmark=truth,
                   cost=items * model.params or math.nan)  # fmt: skip


def _missing(
    model: GivenModel,
    near: Neighbourhood,
    residual: Residual | None,
    further: NextSize,
    reasoning: str,
    truth: str,
) -> tuple[str, ...]:
    said = []
    for name in (reasoning, truth):
        if name not in model.scores:
            said.append(f"no {name} score is given, so there is no residual from the line")
    if residual is None and {reasoning, truth} <= set(model.scores):
        said.append("too few models have both scores for a line")
    if not math.isfinite(model.params):
        said.append("no size is given, so it is compared by scores alone")
    if near.why:
        said.append(f"the phase of the neighbourhood stays open: {near.why}")
    if further.status != "ok":
        said.append(f"no forecast of the next size: {further.why}")
    return tuple(said)
