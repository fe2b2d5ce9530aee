"""A diagnosis as a page for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....dynamics import TableWarning, benchmark
from ...formats import interval, signed, size
from ...text import text_table

if TYPE_CHECKING:
    from ....dynamics import CriticalPoint, Diagnosis, FamilyDiagnosis

_MOST_WARNINGS = 12
_MOST_WIDTHS = 8
_CRITICAL = {
    "bracketed": "",
    "not_bracketed": "minimum not inside its sizes",
    "monotone": "no turn: monotone",
    "underdetermined": "too few models",
}


def diagnosis_to_text(diagnosis: Diagnosis, *, all_warnings: bool = False) -> str:
    """The whole page: warnings, families, pooled picture, confounds, what follows."""
    parts = [
        _heading(diagnosis),
        "\n".join(_warnings(diagnosis.warnings, all_warnings)),
        _families(diagnosis),
        _turns(diagnosis),
        _pooled(diagnosis),
        _confounds(diagnosis),
        "What follows\n" + "\n".join(_wrapped(line) for line in conclusions(diagnosis)),
    ]
    return "\n\n".join(part for part in parts if part)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 98, initial_indent="  ", subsequent_indent="  ")


def _heading(diagnosis: Diagnosis) -> str:
    pair = f"{benchmark(diagnosis.reasoning).title} × {benchmark(diagnosis.truth).title}"
    single = sum(len(f.models) == 1 for f in diagnosis.families)
    families = f"{len(diagnosis.families)} families"
    alone = f" ({single} of one model, not listed)" if single else ""
    return f"{diagnosis.table}: {pair}, {diagnosis.models} models, {families}{alone}"


def _warnings(warnings: tuple[TableWarning, ...], everything: bool) -> Iterator[str]:
    if not warnings:
        return
    shown = warnings if everything else warnings[:_MOST_WARNINGS]
    yield f"Warnings ({len(warnings)})"
    for warning in shown:
        row = "" if warning.row is None else f"row {warning.row}: "
        yield f"  {warning.code}: {row}{warning.message}"
    if rest := Counter(w.code for w in warnings[len(shown) :]):
        kinds = ", ".join(f"{n} {code}" for code, n in sorted(rest.items()))
        yield f"  and {kinds} (--all-warnings shows them)"


def _families(diagnosis: Diagnosis) -> str:
    order = {"tax": 0, "transition": 1, "undetermined": 2, "bonus": 3}
    several = [f for f in diagnosis.families if len(f.models) > 1]
    rows = [
        (
            family.family,
            str(len(family.models)),
            size(10 ** family.log10_params[0]) + "–" + size(10 ** family.log10_params[-1]),
            signed(family.correlation.r) + ("*" if family.correlation.notes else ""),
            signed(family.correlation.partial_r),
            family.phase,
            gamma_text(family),
            _turn(family),
        )
        for family in sorted(several, key=lambda f: (order[f.phase], -len(f.models)))
    ]
    header = ("family", "n", "sizes", "r", "r | N", "phase", "γ now [95 %]", "turns at N [95 %]")
    legend = (
        "r: correlation of the two scores (* says little: under 5 models, or each score follows\n"
        "size at |r| > .9); r | N: given log N; γ: points of truth per point of reasoning at the\n"
        "family's largest models (in brackets how many), tax below -0.1, bonus above 0.1;\n"
        "° the smallest of them is near chance, part of the fall is leaving chance."
    )
    return text_table(header, rows, right=(1,)) + "\n" + legend


def gamma_text(family: FamilyDiagnosis) -> str:
    """The coupling at the largest models with its interval."""
    slope = family.current
    if slope is None:
        return "–"
    # The first step of the window tells whether its smallest model is near chance.
    window = family.steps[-(slope.models - 1) :]
    mark = "°" if window and window[0].near_chance else ""
    return f"{signed(slope.gamma)}{mark} {interval(slope.low, slope.high)} ({slope.models})"


def _turn(family: FamilyDiagnosis) -> str:
    critical = family.critical
    if critical.status == "bracketed":
        return f"{_size(critical.vertex)} {interval(critical.low, critical.high, _size)}"
    return _CRITICAL[critical.status]


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
    header = ("family", "γ before it [95 %]", "γ after it [95 %]", "p of no U")
    return (
        "On either side of a family's own turn\n" + text_table(header, rows) + "\n"
        "before: from the smallest model to the one nearest to the turn; after: from there to the\n"
        "largest; p of no U: of the test that truth does not both fall and rise inside the sizes."
    )


def _size(log10_params: float) -> str:
    if not math.isfinite(log10_params):
        return "0" if log10_params < 0 else signed(log10_params)
    return size(10**log10_params) if log10_params < 16 else ">1000T"


def _pooled(diagnosis: Diagnosis) -> str:
    names = {
        "reasoning": (benchmark(diagnosis.reasoning).title, lambda v: signed(100 * v, 1) + " %"),
        "log10_params": ("parameters", _size),
        "log10_flops": ("training FLOPs", lambda v: f"1e{signed(v, 1)}"),
    }
    rows = []
    for axis, point in diagnosis.pooled.items():
        title, show = names[axis]
        rows.append((title, *_pooled_cells(point, show)))
    header = ("axis", "turns at", "95 %", "within R²", "no minimum", "models", "families")
    table = text_table(header, rows, right=(5, 6))
    return (
        "Where truth turns, all families together (an offset for each)\n" + table + "\n"
        "within R²: share of the variance inside families; no minimum: share of resamples of "
        "families\nwhose curve has none."
    )


def _pooled_cells(point: CriticalPoint, show) -> tuple[str, ...]:
    shares = (
        signed(point.within_r2),
        "–" if math.isnan(point.no_minimum_share) else f"{100 * point.no_minimum_share:.0f} %",
        str(point.models),
        str(point.families),
    )
    ends = interval(point.low, point.high, show)
    if point.status == "ok":
        return (show(point.vertex), ends, *shares)
    # An interval without an end does not establish a turn: no place is printed.
    open_ended = point.status == "unbounded"
    return ("not established" if open_ended else point.status.replace("_", " "), ends, *shares)


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
            f"(participation ratio of the correlations of {dimension.benchmarks} benchmarks)"
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


def conclusions(diagnosis: Diagnosis) -> list[str]:
    """What the figures allow to say, in two or three sentences."""
    several = [f for f in diagnosis.families if f.current is not None]
    phases = Counter(f.phase for f in several)
    tax = [f.family for f in several if f.phase == "tax"]
    named = f" ({', '.join(tax)})" if 0 < len(tax) <= 8 else ""
    lines = [
        f"Of {len(several)} families with two sizes or more, {phases['tax']} are in the tax phase "
        f"at their largest models{named}, {phases['bonus']} in the bonus phase, "
        f"{phases['transition']} between; for {phases['undetermined']} the scores do not decide."
    ]
    brackets = [f.family for f in several if f.critical.status == "bracketed"]
    testable = sum(f.critical.status != "underdetermined" for f in several)
    which = f" ({', '.join(brackets)})" if 0 < len(brackets) <= 6 else ""
    lines.append(
        f"{len(brackets)} of {testable} families with enough models show their own turn inside "
        f"their sizes{which}."
    )
    lines.append(_axes(diagnosis))
    trend = [f for f in several if len(f.models) >= 5 and abs(f.correlation.r) > 0.9]
    left = [f for f in trend if f.correlation.partial_p < 0.05]
    if trend:
        lines.append(
            f"{len(trend)} families of 5 models or more have |r| > .9; given log N, "
            f"{len(left)} keep a correlation at p < .05."
        )
    return lines


def _axes(diagnosis: Diagnosis) -> str:
    """Which axes show one turning point for all families, and what each explains."""
    title = {
        "reasoning": f"the {benchmark(diagnosis.reasoning).title} score",
        "log10_params": "log N",
        "log10_flops": "log FLOPs",
    }
    turns = [title[axis] for axis, point in diagnosis.pooled.items() if point.status == "ok"]
    rest = [title[axis] for axis, point in diagnosis.pooled.items() if point.status != "ok"]
    explained = ", ".join(
        f"{title[axis]} {signed(point.within_r2)}"
        for axis, point in diagnosis.pooled.items()
        if math.isfinite(point.within_r2)
    )
    if not turns:
        return "No axis supports one turning point for all families."
    without = f", not along {' and '.join(rest)}" if rest else ""
    return (
        f"One turning point for all families is supported along {' and '.join(turns)}{without} "
        f"(share explained within families: {explained})."
    )
