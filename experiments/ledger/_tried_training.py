"""C17 by experiment: do text and training move the critical size, or the fall before it?"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ... import organisms
from ._evidence import Effect, Evidence, effect_of, holm_by_name
from ._judge import judge
from ._margin import ALPHA, Margin, equivalence_p
from ._seeds import CONTROL, SOURCE, curves_of, shift_of, values_of
from ._tables import LedgerTables

_DOSE = "depth of the fall per unit of forum share, within seeds"


@dataclass(frozen=True)
class _DoseResponse:
    """Depth of the fall over shares of forum text: `slopes` by seed, `p` of no trend (Page)."""

    shares: dict[str, float]
    depths: dict[str, Effect]
    slopes: np.ndarray
    p: float


def training(tables: LedgerTables) -> Evidence:
    """Every treatment of text or training, and the doses of forum text together."""
    treated = [t for name in ("curation", "training") for t in organisms.EXPERIMENTS[name].treated]
    sizes = {t: shift_of(tables, t, "log10_critical", "log10 N_c") for t in treated}
    depths = {t: shift_of(tables, t, "depth", "depth of the fall") for t in treated}
    dose = _dose_response(tables)
    slope = effect_of(_DOSE, dose.slopes)
    tests = {_DOSE: dose.p} | {e.name: e.p for e in (*sizes.values(), *depths.values())}
    adjusted = holm_by_name(tests)
    moved, changed = (
        [t for t, e in found.items() if adjusted.get(e.name, 1.0) < ALPHA]
        for found in (sizes, depths)
    )
    graded = adjusted.get(_DOSE, 1.0) < ALPHA
    margin = Margin(
        float(tables.organisms["world_truth_stderr"].median()),
        "the median standard error of one model's truth score: a fall that no text at all would "
        "change by more is below what the questions of one model can show",
    )
    none = equivalence_p(dose.slopes, margin.value)
    unseen = {t: e for t, e in sizes.items() if e.status in ("no_fall", "no_rise")}
    return Evidence(
        inference=judge(
            holds=graded or bool(moved) or bool(changed),
            fails=not (graded or moved or changed) and none < ALPHA,
        ),
        rule=(
            "same shapes; joint Holm over all tests: the dose-response of the depth of the fall "
            "over shares of forum text (Page's exact trend test within seeds), and the shift of "
            "log10 N_c and of the depth by every treatment (exact sign flips over seeds); "
            "supported if any has p < .05; not_supported if none has and the dose-response is "
            "shown to lie inside the margin; undetermined otherwise"
        ),
        reason=(
            f"Over {len(dose.shares)} shares of forum text the fall gets deeper by {slope} per "
            f"unit of share (Page, p = {adjusted.get(_DOSE, 1.0):.2g} after Holm's correction over "
            f"{len(adjusted)} tests): {_doses(dose)}. Alone {len(changed)} of {len(depths)} "
            f"treatments change the depth and {len(moved)} of the "
            f"{sum(e.status == 'ok' for e in sizes.values())} with an N_c move it (exact p of "
            f"{max(e.n for e in depths.values())} seeds, the smallest "
            f"{min(tests[e.name] for e in depths.values()):.3f}); no turn is seen in "
            f"{len(unseen)} ({', '.join(unseen) or 'none'}), which does not show that there "
            "is none."
        ),
        effects=(slope, *dose.depths.values(), *sizes.values(), *depths.values()),
        source=SOURCE,
        margins={"dose_response": margin},
    )


def _dose_response(tables: LedgerTables) -> _DoseResponse:
    plan = organisms.EXPERIMENTS["curation"]
    curves = {name: curves_of(tables, name) for name in (CONTROL, *plan.treated)}
    shares = {n: organisms.load_recipe(n).corpus.forum for n, group in curves.items() if group}
    names = sorted(shares, key=lambda name: shares[name])
    common = (
        sorted(set.intersection(*({c.seed for c in curves[n]} for n in names))) if names else []
    )
    by_seed = {
        name: values_of([c for c in curves[name] if c.seed in common], "depth") for name in names
    }
    depth = np.array([[by_seed[name][seed] for name in names] for seed in common])
    x = np.array([shares[name] for name in names])
    return _DoseResponse(
        shares={name: shares[name] for name in names},
        depths={
            n: effect_of(f"depth of the fall, {n}, forum share {shares[n]:g}", depth[:, i])
            for i, n in enumerate(names)
        },
        slopes=np.polyfit(x, depth.T, 1)[0] if len(common) else np.empty(0),
        p=_trend_p(depth),
    )


def _trend_p(depth: np.ndarray) -> float:
    """Two-sided: which way the dose works is not taken as known. Page (1963), JASA 58."""
    if min(depth.shape, default=0) < 2 or depth.shape[1] < 3:
        return float("nan")
    up, down = (stats.page_trend_test(rows).pvalue for rows in (depth, depth[:, ::-1]))
    return min(1.0, 2 * float(min(up, down)))


def _doses(dose: _DoseResponse) -> str:
    return ", ".join(f"{dose.shares[n]:g}: {dose.depths[n]}" for n in dose.shares)
