"""The ledger as a page for a terminal."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from ...common.words import counted
from ..formats import interval, signed, size
from ..text import text_table
from ._claim import Claim, Control
from ._margin import Margin

_MOST_FIGURES = 3  # of each source
_WIDTH = 80
#: A number that only the paper's script gives.
_FROM_SCRIPT = "from script"


def ledger_to_text(claims: Sequence[Claim]) -> str:
    """How many claims hold; a line per claim; then each claim's numbers, control and reason."""
    header = ("claim", "number", "inference", "by experiment", "what is claimed")
    cells = [
        (claim.id, _number_verdict(claim), _words(claim.inference), _words(_tried(claim)))
        for claim in claims
    ]
    used = sum(max(map(len, column)) + 2 for column in zip(header[:-1], *cells, strict=True))
    rows = [
        row
        for claim, first in zip(claims, cells, strict=True)
        for row in _wrapped(first, claim.claim, _WIDTH - used)
    ]
    parts = [_filled(_holding(claims), indent=0), text_table(header, rows)]
    parts += [_entry(claim) for claim in claims]
    parts.append(_summary(claims))
    return "\n\n".join(parts)


def _wrapped(cells: tuple[str, ...], text: str, width: int) -> list[tuple[str, ...]]:
    """Rows of which the first holds the cells, and all of them the text."""
    lines = textwrap.wrap(text, width)
    return [(*(cells if i == 0 else ("",) * len(cells)), line) for i, line in enumerate(lines)]


def _entry(claim: Claim) -> str:
    lines = [_filled(f"{claim.id}  {claim.claim}", indent=0, hanging=5)]
    for source in dict.fromkeys(f.source for f in claim.figures.values()):
        lines += _figures(claim, source)
    lines.append(_filled(f"control: {_control(claim.control)}"))
    if claim.command:
        lines.append(f"     to compute it: {claim.command}")
    if claim.obstacle:
        lines.append(_filled(f"not computable: {claim.obstacle}"))
    lines.append(_filled(claim.reason))
    lines += _margins(claim.margins)
    if claim.by_experiment is not None:
        verdict = _words(claim.by_experiment.inference)
        lines.append(_filled(f"by experiment: {verdict}. {claim.by_experiment.reason}"))
        lines += _margins(claim.by_experiment.margins)
    return "\n".join(lines)


def _figures(claim: Claim, source: str) -> list[str]:
    """The first numbers that come from one source, and how many more do."""
    mine = {name: f for name, f in claim.figures.items() if f.source == source}
    lines = []
    for name, figure in list(mine.items())[:_MOST_FIGURES]:
        relation = {"equal": "", "below": "< ", "above": "> "}[figure.relation]
        published = "none" if figure.published is None else relation + _number(figure.published)
        computed = "none" if figure.computed is None else _number(figure.computed)
        lines.append(f"     {name}: published {published}, computed {computed}")
    rest = list(mine)[_MOST_FIGURES:]
    if rest:
        same = sum(name in claim.matched for name in rest)
        lines.append(f"     and {len(rest)} more, {same} of them reproduced (--json shows them)")
    return lines


def _margins(margins: Mapping[str, Margin]) -> list[str]:
    return [
        _filled(f"margin, {name.replace('_', ' ')}: {_number(margin.value)}, {margin.why}")
        for name, margin in margins.items()
    ]


def _filled(text: str, *, indent: int = 5, hanging: int | None = None) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_on_hyphens=False,
    )


def _number_verdict(claim: Claim) -> str:
    return _FROM_SCRIPT if claim.reproduced_from == ("script",) else _words(claim.number)


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
    if abs(value) >= 1e5:
        return size(value)
    return signed(value, 3) if abs(value) >= 1e-3 else f"{value:.2g}"


def _holding(claims: Sequence[Claim]) -> str:
    """How many numbers and how many inferences hold, in one sentence."""
    numbers = sum(claim.number == "reproduced" for claim in claims)
    inferences = Counter(claim.inference for claim in claims)
    both = sum(c.number == "reproduced" and c.inference == "supported" for c in claims)
    return (
        f"Of {counted(len(claims), 'claim')} the number is reproduced for {numbers or 'none'} and "
        f"the inference supported for {inferences['supported'] or 'none'} (both for "
        f"{both or 'none'}); {inferences['not_supported'] or 'no'} inferences are not supported "
        f"and {inferences['undetermined'] or 'none'} undetermined."
    )


def _summary(claims: Sequence[Claim]) -> str:
    numbers = Counter(claim.number for claim in claims)
    inferences = Counter(claim.inference for claim in claims)
    tried = Counter(_tried(claim) for claim in claims)
    typed = sum(claim.reproduced_from == ("script",) for claim in claims)
    return "\n".join(
        _filled(line, indent=0)
        for line in (
            f"{len(claims)} claims. Numbers: {numbers['reproduced']} reproduced ({typed} of them "
            "from values typed in the paper's script and not from its table), "
            f"{numbers['not_reproduced']} not, {numbers['not_computable']} not computable from "
            "these tables.",
            f"Inferences: {inferences['supported']} supported, "
            f"{inferences['not_supported']} not supported, "
            f"{inferences['undetermined']} undetermined.",
            f"By experiment, with families trained by nullcline: {tried['supported']} supported, "
            f"{tried['not_supported']} not supported, {tried['undetermined']} undetermined.",
        )
    )
