"""The ledger as a page for a terminal."""

import textwrap
from collections import Counter
from collections.abc import Sequence

from ..formats import interval, signed
from ..text import text_table
from . import Claim, Control

_MOST_FIGURES = 3
_WIDTH = 98


def ledger_to_text(claims: Sequence[Claim]) -> str:
    """A line per claim, then each claim's numbers, control and reason."""
    rows = [
        (
            claim.id,
            *(_words(v) for v in (claim.number, claim.inference, _tried(claim))),
            claim.claim,
        )
        for claim in claims
    ]
    header = ("claim", "number", "inference", "by experiment", "what is claimed")
    parts = [text_table(header, rows)]
    parts += [_entry(claim) for claim in claims]
    parts.append(_summary(claims))
    return "\n\n".join(parts)


def _entry(claim: Claim) -> str:
    lines = [f"{claim.id}  {claim.claim}"]
    shown = list(claim.figures.items())[:_MOST_FIGURES]
    for name, figure in shown:
        relation = {"equal": "", "below": "< ", "above": "> "}[figure.relation]
        published = "none" if figure.published is None else relation + _number(figure.published)
        computed = "none" if figure.computed is None else _number(figure.computed)
        lines.append(f"     {name}: published {published}, computed {computed}")
    if rest := len(claim.figures) - len(shown):
        same = sum(name in claim.matched for name in list(claim.figures)[_MOST_FIGURES:])
        lines.append(f"     and {rest} more, {same} of them reproduced (--json shows them)")
    lines.append(f"     control: {_control(claim.control)}")
    if claim.command:
        lines.append(f"     to compute it: {claim.command}")
    lines.append(_filled(claim.reason))
    if claim.by_experiment is not None:
        verdict = _words(claim.by_experiment.inference)
        lines.append(_filled(f"by experiment: {verdict}. {claim.by_experiment.reason}"))
    return "\n".join(lines)


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 5)


def _tried(claim: Claim) -> str:
    return claim.by_experiment.inference if claim.by_experiment else "–"


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _control(control: Control) -> str:
    if control.figure is None:
        return control.name
    ends = ""
    if control.low is not None and control.high is not None:
        ends = " " + interval(control.low, control.high, _number)
    return f"{control.name} {_number(control.figure)}{ends}"


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1e5:
        return f"{value:.0f}"
    return signed(value, 3) if 1e-3 <= abs(value) < 1e5 else f"{value:.2g}"


def _summary(claims: Sequence[Claim]) -> str:
    numbers = Counter(claim.number for claim in claims)
    inferences = Counter(claim.inference for claim in claims)
    tried = Counter(_tried(claim) for claim in claims)
    return (
        f"{len(claims)} claims. Numbers: {numbers['reproduced']} reproduced, "
        f"{numbers['not_reproduced']} not, {numbers['not_computable']} not computable from these "
        f"tables.\nInferences: {inferences['supported']} supported, "
        f"{inferences['not_supported']} not supported, {inferences['undetermined']} undetermined.\n"
        f"By experiment, with families trained by nullcline: {tried['supported']} supported, "
        f"{tried['not_supported']} not supported, {tried['undetermined']} undetermined."
    )
