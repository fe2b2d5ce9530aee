"""A diagnosis as a page for a terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ....common.words import counted, safe_line
from ....dynamics import CLOCKS, TableWarning, benchmark
from ...accounts import account_line
from ...formats import interval, signed
from ...text import Paint, text_table
from ._answers import POOLED_HEADER, POOLED_NOTE, conclusions, place_value, pooled_rows

if TYPE_CHECKING:
    from ....dynamics import Diagnosis, FamilyDiagnosis

_MOST_WARNINGS = 12
_MOST_WIDTHS = 8
_CRITICAL = {
    "bracketed": "",
    "not_bracketed": "minimum not inside its {points}",
    "monotone": "no turn: monotone",
    "underdetermined": "too few models",
}
#: How families with several seeds of every size are judged.
SEEDS_NOTE = (
    "Scores are means over seeds. Whether and where a family turns is judged seed by seed: scores "
    "must fall to the size at which the other seeds are lowest, and rise from it (t over seeds, "
    "each p < .05); the place is the mean of the sizes at which seeds are lowest."
)


def diagnosis_to_text(
    diagnosis: Diagnosis, *, all_warnings: bool = False, paint: Paint | None = None
) -> str:
    """The whole page: what follows, families, pooled picture, confounds, warnings.

    `paint` colours the phases of the table of families.
    """
    parts = [
        safe_line(heading(diagnosis)) + "\n" + safe_line(account_line(diagnosis.account)),
        "What follows\n" + "\n".join(_wrapped(line) for line in conclusions(diagnosis)),
        _families(diagnosis, paint),
        _turns(diagnosis),
        _pooled(diagnosis),
        _confounds(diagnosis),
        "\n".join(_warnings(diagnosis.warnings, all_warnings)),
    ]
    return "\n\n".join(part for part in parts if part)


def _wrapped(line: str) -> str:
    return textwrap.fill(safe_line(line), 98, initial_indent="  ", subsequent_indent="  ")


def heading(diagnosis: Diagnosis) -> str:
    """The table, the pair, how many models and families."""
    pair = f"{benchmark(diagnosis.reasoning).compared} × {benchmark(diagnosis.truth).compared}"
    single = sum(len(f.models) == 1 for f in diagnosis.families)
    families = f"{counted(len(diagnosis.families), 'family')}"
    alone = f" ({single} of one model, not listed)" if single else ""
    return f"{diagnosis.table}: {pair}, {counted(diagnosis.models, 'model')}, {families}{alone}"


def _warnings(warnings: tuple[TableWarning, ...], everything: bool) -> Iterator[str]:
    if not warnings:
        return
    shown = warnings if everything else warnings[:_MOST_WARNINGS]
    yield f"Warnings ({len(warnings)})"
    for warning in shown:
        row = "" if warning.row is None else f"row {warning.row}: "
        yield safe_line(f"  {warning.code}: {row}{warning.message}")
    if rest := Counter(w.code for w in warnings[len(shown) :]):
        kinds = ", ".join(f"{n} {code}" for code, n in sorted(rest.items()))
        yield f"  and {kinds} (--all-warnings shows them)"


def _families(diagnosis: Diagnosis, paint: Paint | None) -> str:
    order = {"tax": 0, "transition": 1, "undetermined": 2, "bonus": 3}
    several = [f for f in diagnosis.families if len(f.models) > 1]
    clock, show = CLOCKS[diagnosis.along], place_value(diagnosis)
    follows = "size" if clock.name == "params" else "it"
    rows = [
        (
            family.family,
            str(len(family.models)),
            f"{show(family.time[0])}–{show(family.time[-1])}",
            signed(family.correlation.r) + ("*" if family.correlation.notes else ""),
            signed(family.correlation.partial_r),
            family.phase,
            gamma_text(family),
            _turn(family, show),
        )
        for family in sorted(
            several, key=lambda f: (order[f.phase], f.support.thin, -len(f.models))
        )
    ]
    one = clock.symbol
    header = ("family", "n", clock.points, "r", f"r | {one}", "phase", "γ now [95 %]",
              f"turns at {one} [95 %]")  # fmt: skip
    legend = (
        "r: correlation of the two scores (* says little: under 5 models, or either score follows\n"
        f"{follows} at |r| > .9); r | {one}: given {clock.title}; γ: points of truth per point of "
        "reasoning at\n"
        f"the family's {clock.last.removeprefix('the ')} (in brackets how many), tax below -0.1, "
        "bonus above 0.1;\n"
        "° the first of them is near chance, part of the fall is leaving chance."
    )
    if any(family.critical.by_seeds for family in several):
        legend += "\n" + textwrap.fill(SEEDS_NOTE, 96)
    paints = None if paint is None else {header.index("phase"): paint}
    return text_table(header, rows, right=(1,), paint=paints) + "\n" + legend


def gamma_text(family: FamilyDiagnosis) -> str:
    """The coupling at the largest models with its interval."""
    slope = family.current
    if slope is None:
        return "–"
    # The first step of the window tells whether its smallest model is near chance.
    window = family.steps[-(slope.models - 1) :]
    mark = "°" if window and window[0].near_chance else ""
    return f"{signed(slope.gamma)}{mark} {interval(slope.low, slope.high)} ({slope.models})"


def unseen_over_seeds(family: FamilyDiagnosis) -> str:
    """What the seeds of a family are not seen to do: `no fall over 5 seeds`; empty without seeds,
    and where they turn."""
    judged = family.critical.by_seeds
    if judged is None or judged.status == "ok":
        return ""
    return f"{judged.status.replace('_', ' ')} over {counted(judged.seeds, 'seed')}"


def _turn(family: FamilyDiagnosis, show: Callable[[float], str]) -> str:
    critical = family.critical
    if critical.status == "bracketed":
        return f"{show(critical.vertex)} {interval(critical.low, critical.high, show)}"
    unturned = _CRITICAL[critical.status].format(points=CLOCKS[family.along].points)
    return unseen_over_seeds(family) or unturned


def _turns(diagnosis: Diagnosis) -> str:
    """Both sides of the turn, for the families that bracket one."""
    rows = []
    for family in diagnosis.families:
        if family.about_turn is not None:
            sides = [
                f"{signed(slope.gamma)} {interval(slope.low, slope.high)} {slope.phase}"
                for slope in family.about_turn
            ]
            p = family.critical.p_value
            rows.append((family.family, *sides, "<.0001" if p < 1e-4 else signed(p, 4)))
    if not rows:
        return ""
    header = ("family", "γ before it [95 %]", "γ after it [95 %]", "p of no turn")
    return (
        "On either side of a family's own turn\n" + text_table(header, rows) + "\n"
        "before: from the smallest model to the one nearest to the turn; after: from there to the\n"
        "largest; p of no turn: that truth does not both fall and rise inside the "
        f"{CLOCKS[diagnosis.along].points}."
    )


def _pooled(diagnosis: Diagnosis) -> str:
    table = text_table(POOLED_HEADER, pooled_rows(diagnosis), right=(3, 4, 6, 7))
    title = "Where truth turns, all families together (an offset for each)"
    return f"{title}\n{table}\n{textwrap.fill(POOLED_NOTE, 98)}"


def _confounds(diagnosis: Diagnosis) -> str:
    parts = []
    widest = sorted(diagnosis.width.items(), key=lambda item: -item[1].models)[:_MOST_WIDTHS]
    if widest:
        rows = [
            (
                family,
                str(width.models),
                signed(width.ratio_r, 3),
                interval(width.null_low, width.null_high, lambda v: signed(v, 3)),
                signed(width.partial_r),
                signed(width.vif, 0),
            )
            for family, width in widest
        ]
        header = ("family", "n", "r of ratios", "null [95 %]", "r | width", "VIF")
        parts.append(
            "Width: both scores divided by d_model, beside independent scores over the same "
            "widths\n" + text_table(header, rows, right=(1,)) + "\n"
            "r | width: given log width; VIF above 10: width and size cannot be told apart here."
        )
    dimension = diagnosis.dimension
    if dimension.status == "ok":
        ends = interval(dimension.correlation_low, dimension.correlation_high)
        parts.append(
            f"Dimension: {signed(dimension.correlation)} {ends} of {dimension.benchmarks} "
            f"(participation ratio of the correlations of "
            f"{counted(dimension.benchmarks, 'benchmark')})"
        )
    change = diagnosis.dimension_change
    if change is not None and change.status == "ok":
        first, second = change.first, change.second
        parts[-1] += (
            f";\nfamilies in tax {signed(first.correlation)} (n = {first.models}), in bonus "
            f"{signed(second.correlation)} (n = {second.models}), permutation p of the "
            f"difference {signed(change.correlation_p, 3)}"
        )
    return "\n\n".join(parts)
