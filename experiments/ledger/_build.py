"""The ledger: every claim in order, from the tables."""

from ...common.progress import Progress, silent, stepped
from ._by_experiment import with_evidence
from ._cascade import saturation, second_crash
from ._claim import Claim
from ._confounds import dimension, isocline, width_normalisation
from ._correlations import cohort, other_correlations, pythia_correlation
from ._critical_scale import critical_scale
from ._dated import dated
from ._exponent import dimension_at_scale, exponent
from ._fingerprint import fingerprint, lab_slopes
from ._frontier import frontier
from ._internals import competing_heads, output_bottleneck, recipe, steering
from ._large_models import large_models
from ._loss import loss
from ._prediction import ode_held_out, ode_in_sample
from ._running_coupling import running_coupling
from ._tables import LedgerTables, load_ledger_tables
from ._turns_by_family import turns_by_family

_CLAIMS = (
    cohort,
    pythia_correlation,
    other_correlations,
    large_models,
    running_coupling,
    critical_scale,
    turns_by_family,
    width_normalisation,
    dimension,
    ode_in_sample,
    ode_held_out,
    competing_heads,
    output_bottleneck,
    steering,
    frontier,
    isocline,
    recipe,
    loss,
    fingerprint,
    lab_slopes,
    second_crash,
    saturation,
    exponent,
    dimension_at_scale,
    dated,
)


def build_ledger(
    tables: LedgerTables | None = None,
    *,
    n_boot: int = 10_000,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> tuple[Claim, ...]:
    """C01 to C25 in order, each computed from the tables, with what experiments say of it.

    - `tables`: the shipped ones where not given.
    - `n_boot`: resamples, permutations and draws of nulls; `seed` makes the result repeatable.
    - `on_progress`: called with the claims that are done.
    """
    tables = tables or load_ledger_tables()
    report = on_progress or silent
    claims = []
    for compute in stepped(report, "claims", _CLAIMS):
        claims.append(with_evidence(compute(tables, n_boot=n_boot, seed=seed), tables))
    return tuple(claims)
