"""Base models beside their tuned ones: sentences, a page for a terminal, and JSON."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ....common.words import counted, safe_line
from ....dynamics import benchmark
from ...formats import added, interval, pick, plain, signed
from ...records import SCHEMA_VERSION
from ...text import text_table

if TYPE_CHECKING:
    from ....dynamics import KindComparison, Slope
    from ....dynamics.phases import RandomEffects, TuneCoupling

KINDS_HEADER = ("family", "n", "Δt", "Δr", "γ before", "γ after")
KINDS_NOTE = (
    "n: pairs; Δt, Δr: truth and reasoning, tuned less base, mean over sizes, pp; γ: points of "
    "truth per point of reasoning from size to size. All intervals 95 %."
)
TUNES_NOTE = (
    "slope: points of truth per point of reasoning from tune to tune, with an offset for each base "
    "model and errors clustered by maker; rank r: Spearman's, each base model's mean taken away."
)
TUNES_HEADER = ("tunes of", "n", "makers", "slope [95 %]", "rank r")
CONTAMINATION = (
    "Data for tuning can hold the benchmarks' own questions, or answers written for them. A gain "
    "may then be memory; a table of scores cannot tell, and nothing here is corrected for it."
)
_WIDTH = 80
_MOST_NAMES = 3


def kinds_conclusions(found: KindComparison) -> list[str]:
    """Gain, its growth with size, coupling before and after, coupling across tunes, the caveat."""
    truth, reasoning = benchmark(found.truth).compared, benchmark(found.reasoning).compared
    gain, other = found.gain, found.reasoning_gain
    lines = [
        f"Tuning changes {truth} by {_points(gain.mean, gain.low, gain.high)} and {reasoning} by "
        f"{_points(other.mean, other.low, other.high)} (mean of "
        f"{counted(gain.families, 'family')}, "
        f"{counted(gain.pairs, 'pair')})."
    ]
    growth = found.per_decade
    if growth.families > 2:
        grows = growth.low > 0 or growth.high < 0
        lines.append(
            f"Per decade of parameters the change of {truth} "
            f"{'grows by' if grows else 'is not known to grow:'} "
            f"{_points(growth.slope, growth.low, growth.high)} "
            f"({counted(growth.families, 'family')} of two "
            "sizes or more)."
        )
    lines += [_change(found), *_across(found), CONTAMINATION]
    return lines


def kinds_rows(found: KindComparison) -> list[tuple[str, ...]]:
    """A row per family under `KINDS_HEADER`."""
    return [
        (
            f.family,
            str(len(f.base)),
            _pp(f.gain),
            _pp(f.reasoning_gain),
            _slope(f.before),
            _slope(f.after),
        )
        for f in sorted(found.families, key=lambda f: -len(f.base))
    ]


def tunes_rows(found: KindComparison) -> list[tuple[str, ...]]:
    """A row per base model, or family of several, under `TUNES_HEADER`."""
    return [
        (
            _tuned_from(name, tunes),
            str(tunes.models),
            str(tunes.makers),
            f"{signed(tunes.slope)} {interval(tunes.low, tunes.high)}",
            signed(tunes.rank_r),
        )
        for name, tunes in found.across_tunes.items()
    ]


def kinds_to_text(found: KindComparison) -> str:
    """The whole page for a terminal of 80 columns."""
    pair = f"{benchmark(found.reasoning).compared} × {benchmark(found.truth).compared}"
    parts = [
        safe_line(
            f"{found.table}: {pair}, {counted(found.gain.pairs, 'pair')} of base and tuned models"
        ),
        "What follows\n" + "\n".join(_wrapped(line) for line in kinds_conclusions(found)),
        text_table(KINDS_HEADER, kinds_rows(found), right=(1, 2, 3))
        + "\n"
        + textwrap.fill(KINDS_NOTE, _WIDTH),
    ]
    if found.across_tunes:
        table = text_table(TUNES_HEADER, tunes_rows(found), right=(1, 2, 4))
        note = textwrap.fill(TUNES_NOTE, _WIDTH)
        parts.append(f"Across tunes of one base model\n{table}\n{note}")
    parts += list(_left_out(found))
    return "\n\n".join(parts)


def kinds_to_dict(found: KindComparison) -> dict:
    """JSON-ready: fractions, counts of parameters, 95 % intervals; null where there is no end."""
    return plain(
        {
            "schema_version": SCHEMA_VERSION,
            "table": found.table,
            "pair": pick(found, "reasoning truth"),
            "gain": found.gain,
            "reasoning_gain": found.reasoning_gain,
            "gain_per_decade": found.per_decade,
            "coupling": found.coupling,
            "across_tunes": [
                {"base_model": name, **plain(tunes)} for name, tunes in found.across_tunes.items()
            ],
            **pick(found, "hinges_on broken unpaired warnings"),
            "scatter": {"base": found.scatter[0], "tuned": found.scatter[1]},
            "by_family": [
                {
                    "family": f.family,
                    "pairs": len(f.base),
                    **pick(f, "gain reasoning_gain"),
                    "before": _plain_slope(f.before),
                    "after": _plain_slope(f.after),
                }
                for f in found.families
            ],
            "pairs": found.to_pandas().to_dict("records"),
        }
    )


def _change(found: KindComparison) -> str:
    change = found.coupling
    if change.difference.families < 2:
        return (
            "Coupling over sizes before and after: it takes two families of several sizes whose "
            "couplings are bounded."
        )
    difference = change.difference
    moved = difference.low > 0 or difference.high < 0
    said = "established" if moved else "not established"
    if moved and found.hinges_on:
        said += f", but not without {', or without '.join(found.hinges_on)}"
    return (
        f"Coupling over sizes, families combined: {_effect(change.before)} before tuning, "
        f"{_effect(change.after)} after; its change is {_effect(difference)} "
        f"({counted(difference.families, 'family')}): {said}."
    )


def _across(found: KindComparison) -> list[str]:
    """What the signs across tunes allow to say."""
    if not found.across_tunes:
        return []
    signs = {"bonus": [], "tax": [], "open": []}
    for name, tunes in found.across_tunes.items():
        side = "bonus" if tunes.low > 0 else "tax" if tunes.high < 0 else "open"
        signs[side].append(_tuned_from(name, tunes))
    said = [
        f"{words} for {', '.join(names)}"
        for words, names in (
            ("truth rises with reasoning", signs["bonus"]),
            ("truth falls as reasoning rises", signs["tax"]),
            ("no direction is established", signs["open"]),
        )
        if names
    ]
    return [f"From tune to tune of one base model: {'; '.join(said)}."]


def _left_out(found: KindComparison):
    for title, names in (
        ("Tuned models whose base model is not in the table", found.unpaired),
        ("Broken tunes, less than halfway from chance to their base model, left out", found.broken),
    ):
        if names:
            more = len(names) - _MOST_NAMES
            rest = f" and {more} more (--json has all)" if more > 0 else ""
            shown = ", ".join(names[:_MOST_NAMES])
            yield textwrap.fill(safe_line(f"{title} ({len(names)}): {shown}{rest}"), _WIDTH)
    doubles = sum(w.code in ("duplicate_model", "conflicting_duplicate") for w in found.warnings)
    if doubles:
        yield (
            f"{counted(doubles, 'row')} left out as a second model of one name (--json says which)."
        )


def _tuned_from(name: str, tunes: TuneCoupling) -> str:
    short = name.rpartition("/")[2]
    return short if tunes.bases == 1 else f"{short} ({counted(tunes.bases, 'size')})"


def _plain_slope(slope: Slope | None) -> dict | None:
    return None if slope is None else pick(slope, "gamma low high phase models")


def _slope(slope: Slope | None) -> str:
    return "–" if slope is None else f"{signed(slope.gamma)} {interval(slope.low, slope.high)}"


def _effect(effect: RandomEffects) -> str:
    return f"{signed(effect.mean)} {interval(effect.low, effect.high)}"


def _pp(value: float) -> str:
    return added(100 * value, 1)


def _points(value: float, low: float, high: float) -> str:
    return f"{_pp(value)} pp {interval(100 * low, 100 * high, lambda v: signed(v, 1))}"


def _wrapped(line: str) -> str:
    return textwrap.fill(safe_line(line), _WIDTH, initial_indent="  ", subsequent_indent="  ")
