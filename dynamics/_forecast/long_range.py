"""What a forecaster's systems do beyond the data: eigenvalues, and ten times the largest model."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from .forecast import Forecaster
from .protocol import Cohort

#: A fall of the prediction by more than this (a fraction) counts as a reversal.
_REVERSAL = 0.01
#: Parts of an eigenvalue below it are rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class LongRange:
    """How the systems of a forecaster go on where no model has been measured.

    - `eigenvalues`: of each averaged system's couplings, one row per member, per unit of its clock
      (per decade at 10^9.5 parameters). Positive real parts grow without end in log odds.
    - `growing`, `oscillating`: how many members have an eigenvalue with positive real part, and one
      with an imaginary part. `turns`: greatest share of a full turn, over members and complex
      pairs, that fits into the clock time of the longest observed family.
    - `families`, `largest`, `beyond`: mean predicted scores at each family's largest model (as
      observed) and at `factor` times its size.
    - `reversals`: (family, benchmark) whose predicted score falls by more than a point from the
      largest model to `factor` times it; `seen_falling`: those of them whose observed score also
      fell over the family's last step. A reversal that is not among these is a property of the
      fitted system that no data of this family show.
    """

    benchmarks: tuple[str, ...]
    eigenvalues: Complex[np.ndarray, "members benchmarks"]
    growing: int
    oscillating: int
    turns: float
    factor: float
    families: tuple[str, ...]
    largest: Float[np.ndarray, "families benchmarks"]
    beyond: Float[np.ndarray, "families benchmarks"]
    reversals: tuple[tuple[str, str], ...]
    seen_falling: tuple[tuple[str, str], ...]

    @property
    def unsupported(self) -> tuple[tuple[str, str], ...]:
        """Predicted reversals that the family's own data do not show."""
        return tuple(pair for pair in self.reversals if pair not in self.seen_falling)


def long_range(forecaster: Forecaster, cohort: Cohort, *, factor: float = 10.0) -> LongRange:
    """Follow every family of `cohort` from its largest model to `factor` times its size.

    Raises ValueError for a factor of at most 1 and for other benchmarks than the forecaster's.
    """
    if not factor > 1:
        raise ValueError(f"factor is {factor!r}; it is above 1")
    if cohort.benchmarks != forecaster.benchmarks:
        raise ValueError("the cohort and the forecaster have different benchmarks")
    values = np.stack(
        [
            np.linalg.eigvals(member.drift[:, -len(cohort.benchmarks) :].astype(complex))
            for member in forecaster.members
        ]
    )
    turns = 0.0
    for member, row in zip(forecaster.members, values, strict=True):
        clocks = [member.setting.time(family.log10_n) for family in cohort.families]
        longest = max(clock[-1] - clock[0] for clock in clocks)
        turns = max(turns, float(np.abs(row.imag).max() * longest / (2 * np.pi)))
    largest = np.stack([family.scores[-1] for family in cohort.families])
    beyond = np.stack(
        [
            forecaster.scores(
                family.scores[-1:],
                family.log10_n[-1:],
                family.log10_n[-1:] + np.log10(factor),
                tokens=family.tokens,
            )[0]
            for family in cohort.families
        ]
    )
    reversals, falling = [], []
    for f, family in enumerate(cohort.families):
        for b, name in enumerate(cohort.benchmarks):
            if beyond[f, b] < largest[f, b] - _REVERSAL:
                reversals.append((family.name, name))
                if family.scores[-1, b] < family.scores[-2, b]:
                    falling.append((family.name, name))
    return LongRange(
        benchmarks=cohort.benchmarks,
        eigenvalues=values,
        growing=int((values.real > _ROUNDING).any(axis=1).sum()),
        oscillating=int((np.abs(values.imag) > _ROUNDING).any(axis=1).sum()),
        turns=turns,
        factor=factor,
        families=tuple(family.name for family in cohort.families),
        largest=largest,
        beyond=beyond,
        reversals=tuple(reversals),
        seen_falling=tuple(falling),
    )
