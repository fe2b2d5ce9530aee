"""How many families are called tax or bonus although no scores are coupled."""

from collections.abc import Mapping

import numpy as np

from nullcline.dynamics._phases.false_calls import expected_false_calls
from nullcline.dynamics.phases import current_slope

from .section import Row, Section, Size, Table
from .turn import TruthTable, scatter_of
from .uniform import REASONING_ITEMS, draw, real_layout

#: sd between models of a family beyond binomial error.
_DESIGNS = {f"scatter {100 * sd:.0f} pp": sd for sd in (0.0, 0.01, 0.02, 0.03)}


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    """Mean number of families that are called, of those on two models, of those expected."""
    layout = real_layout()
    counts = []
    for seed in range(size.sims):
        table = draw(layout, _uncoupled, generator, scatter=_DESIGNS[name])
        counts.append(_calls(table, seed))
    calls, thin, expected = np.mean(counts, axis=0).tolist()
    return {
        "families": float(layout.families),
        "called": calls,
        "on_two_models": thin,
        "expected": expected,
    }


def _uncoupled(layout, generator: np.random.Generator) -> np.ndarray:
    return np.zeros(layout.reasoning.size)


def _calls(table: TruthTable, seed: int) -> tuple[int, int, float]:
    scatter = scatter_of(table)
    x_stderr = np.sqrt(table.x * (1 - table.x) / REASONING_ITEMS)
    calls = thin = 0
    layouts = []
    for f in np.unique(table.family):
        mine = np.flatnonzero(table.family == f)
        mine = mine[np.argsort(table.log10_params[mine], kind="stable")]
        x, y, y_stderr = table.x[mine], table.y[mine], table.y_stderr[mine]
        layouts.append((x, y_stderr))
        slope = current_slope(x, y, x_stderr=x_stderr[mine], y_stderr=y_stderr, scatter=scatter)
        called = slope.phase in ("tax", "bonus")
        calls += called
        thin += called and slope.models == 2
    return calls, thin, expected_false_calls(layouts, scatter=scatter, seed=seed)


def _table(rows: Mapping[str, Row]) -> Table:
    lines = [
        [name, *(f"{row[key]:.2f}" for key in ("called", "on_two_models", "expected"))]
        for name, row in rows.items()
    ]
    families = f"{next(iter(rows.values()))['families']:.0f}"
    return Table([f"no coupling in any of {families} families", "called", "two", "said"], lines)


PHASES = Section(
    name="phases",
    title="phases where no scores are coupled",
    columns="called: mean number of families in tax or bonus, two: of these calls on two models; "
    "said: the number that `diagnose` prints",
    seed=2718,
    sims=100,
    designs={name: number for number, name in enumerate(_DESIGNS)},
    measure=_measure,
    table=_table,
)
