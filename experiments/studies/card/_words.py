"""What a card says, sentence by sentence; the page, the terminal and the picture say the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....common.words import counted
from ....dynamics import benchmark
from ...formats import interval, signed, size

if TYPE_CHECKING:
    from ....dynamics import ModelCard
    from ....dynamics.phases import Measure

_UNUSUAL = 0.05


def card_facts(card: ModelCard) -> list[str]:
    """The answer: phase around the model, residual, next size, own coupling, what to measure."""
    return [
        phase_words(card),
        residual_words(card),
        next_words(card),
        "Its own coupling: undetermined. One model has none; that needs two sizes of its family."
        + _own_family(card),
        *_measure_words(card),
        *_about(card),
    ]


def title(name: str) -> str:
    """A benchmark as it is compared."""
    return benchmark(name).compared


def phase_words(card: ModelCard) -> str:
    """The phase of the neighbourhood in one sentence."""
    near = card.neighbourhood
    if not math.isfinite(near.gamma):
        return f"Families near it: undetermined; {near.why}."
    said = (
        f"{counted(len(near.families), 'family')} near it (by {near.by}): {near.phase}, "
        f"{signed(near.gamma)} {interval(near.low, near.high)} points of {title(card.truth)} per "
        f"point of {title(card.reasoning)}"
    )
    why = f"; {near.why}" if near.why else ""
    chance = "; near chance, where a fall is partly leaving chance" if near.near_chance else ""
    return f"{said}{why}{chance}. Single families differ by {signed(near.between_sd)} (sd)."


def residual_words(card: ModelCard) -> str:
    """The residual with its standard error, and whether it is unusual."""
    residual = card.residual
    if residual is None:
        return "Truth above the line of all models: it cannot be said without both scores."
    way = "above" if residual.value >= 0 else "below"
    usual = "unusual" if residual.p < _UNUSUAL else "not unusual"
    given = " and size" if "log10_params" in residual.given else ""
    return (
        f"{title(card.truth)} is {signed(abs(100 * residual.value), 1)} pp {way} what "
        f"{title(card.reasoning)}{given} predict (standard error "
        f"{signed(100 * residual.stderr, 1)}): {usual}, {100 * residual.farther:.0f} % of "
        f"{counted(residual.models, 'model')} lie farther away."
    )


def next_words(card: ModelCard) -> str:
    """What is expected of the next size."""
    further = card.next
    if further.status != "ok":
        return f"The next size: {further.why}."
    scores = ", ".join(
        f"{title(s.benchmark)} {_percent(s.expected)} {_band(s.low, s.high)}"
        for s in further.scores
        if s.benchmark in (card.reasoning, card.truth)
    )
    level = f"{100 * further.level:.0f} % bands"
    far = "; no model like it taught the forecaster" if card.outside else ""
    wanted = scores or "the scores below"
    return f"At {size(further.params)} the forecaster expects {wanted} ({level}){far}."


def measure_rows(card: ModelCard) -> list[tuple[str, str, str, str, str]]:
    """What to measure, what it answers, now, then, cost: a row each."""
    return [
        (
            _what(measure, card),
            measure.question,
            _width(measure, measure.now),
            _width(measure, measure.then),
            "–" if math.isnan(measure.cost) else f"{measure.cost:.1e}",
        )
        for measure in card.measure_next
    ]


def _what(measure: Measure, card: ModelCard) -> str:
    if measure.kind == "size":
        return f"a model of {size(measure.params)}"
    if measure.kind == "benchmark":
        return title(measure.benchmark)
    return "state the size (params=7B)"


def _width(measure: Measure, width: float) -> str:
    if not math.isfinite(width):
        return "no end" if math.isinf(width) else "–"
    if measure.question == "own coupling":
        return signed(width)
    return f"{100 * width:.1f} pp"


def _measure_words(card: ModelCard) -> Iterator[str]:
    if not card.measure_next:
        return
    best = card.measure_next[0]
    what, then = _what(best, card), _width(best, best.then)
    if best.kind == "size":
        yield (
            f"To measure next: {what} of its family. Its own coupling would then have an "
            f"interval of length {then} ({100 * best.decided:.0f} % of outcomes name a phase)."
        )
    elif best.kind == "benchmark":
        end = f", from {_width(best, best.now)} to {then}" if math.isfinite(best.now) else ""
        yield f"To measure next: its {what} score{end}."
    else:
        yield f"To measure next: {what}."


def _own_family(card: ModelCard) -> str:
    if not card.own_family:
        return ""
    return f" (nullcline diagnose --family {card.own_family!r} has its family's.)"


def _about(card: ModelCard) -> Iterator[str]:
    if card.left_out:
        names = ", ".join(card.left_out)
        yield f"{names} of {card.among} is this model, and is left out of all comparisons."
    if card.tuned:
        yield (
            f"Its name or table says that it was tuned; the models of {card.among} are base "
            "models, so the residual also holds what tuning did."
        )
    if card.outside:
        yield f"It lies outside of what the models of {card.among} cover: nothing here is reliable."
    if card.params_from_name:
        yield f"Its size, {size(card.params)}, is that in its name."


def _percent(score: float) -> str:
    return signed(100 * score, 1)


def _band(low: float, high: float) -> str:
    return interval(100 * low, 100 * high, lambda v: signed(v, 1))
