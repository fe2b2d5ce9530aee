"""How often the gate of a shared turn opens although no turn is shared."""

from collections.abc import Mapping
from functools import cache
from itertools import product

import numpy as np

from .curves import NULLS
from .section import Row, Section, Size, Table, share
from .turn import gate
from .uniform import Layout, TruthTable, draw, real_layout

_SCATTERS = (0.0, 0.012, 0.02)
_X_ERROR = 0.02
#: The streams of designs that were added later; those between are the turns of `place`.
_LATER = 1000

# Name of the curve, scatter between models, error of x beyond the binomial one.
_Spec = tuple[str, float, float]


def _name(curve: str, scatter: float, x_error: float) -> str:
    error = f", error of x {100 * x_error:.0f} pp" if x_error else ""
    return f"{curve}{error}, scatter {100 * scatter:.1f} pp"


_FIRST: list[_Spec] = [(curve, sd, 0.0) for curve, sd in product(NULLS, _SCATTERS)]
_NOISY: list[_Spec] = [
    (curve, sd, _X_ERROR)
    for curve, sd in product(
        ("own lines of the real table", "convex, rising, cube", "saturating fall, fast"), _SCATTERS
    )
]
_DESIGNS = {_name(*spec): spec for spec in (*_FIRST, *_NOISY)}


def _measure(name: str, generator: np.random.Generator, size: Size) -> Row:
    """Share of tables at which the gate opens, and each of its three tests."""
    curve, scatter, x_error = _DESIGNS[name]
    layout = _layout()
    p = []
    for _ in range(size.sims):
        table = draw(layout, NULLS[curve], generator, scatter=scatter, x_error=x_error)
        p.append(_p_values(table))
    opened = np.nan_to_num(np.array(p), nan=1.0) < 0.05
    return dict(zip(("gate", "bend", "fall", "rise"), opened.mean(axis=0).tolist(), strict=True))


@cache
def _layout() -> Layout:
    return real_layout()


def _p_values(table: TruthTable) -> list[float]:
    found = gate(table)
    return [found.p, found.bend.p, found.before.p, found.after.p]


def _table(rows: Mapping[str, Row]) -> Table:
    """The scatters of one curve in one line."""
    grouped: dict[str, list[Row]] = {}
    for name, row in rows.items():
        grouped.setdefault(name.rpartition(", scatter")[0], []).append(row)
    lines = [
        [name, *(" / ".join(share(row[key]) for row in of) for key in ("gate", "bend"))]
        for name, of in grouped.items()
    ]
    return Table(["design without a turn", "gate opens", "bend"], lines)


NULL = Section(
    name="null",
    title="the gate of a shared turn where none is shared",
    columns="at scatter 0 / 1.2 / 2 pp between models of a family; bend: the first test alone",
    seed=2718,
    sims=300,
    designs={
        name: number if number < len(_FIRST) else _LATER + number - len(_FIRST)
        for number, name in enumerate(_DESIGNS)
    },
    measure=_measure,
    table=_table,
)
