"""Claims: the ledger, each line opening to its definition, both estimates and the control."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from ..formats import interval, signed, size
from ..ledger import Claim, Margin
from ._blocks import Block, View, badge, csv_data, details, facts, lines, table
from ._blocks import view as make_view

_RELATION = {"equal": "", "below": "< ", "above": "> "}


def claims_view(claims: Sequence[Claim]) -> View:
    """A line per claim with its two verdicts."""
    numbers = Counter(claim.number for claim in claims)
    inferences = Counter(claim.inference for claim in claims)
    typed = sum(claim.reproduced_from == ("script",) for claim in claims)
    return make_view(
        "Claims",
        "Which published numbers come out of the tables again, and does the conclusion follow?",
        [
            facts(
                ("numbers reproduced", str(numbers["reproduced"]),
                 f"of {len(claims)} claims, {typed} of them from values typed in a script alone"),
                ("not reproduced", str(numbers["not_reproduced"]), "another value at the stated "
                 "tolerance"),
                ("not computable", str(numbers["not_computable"]), "from these tables"),
                ("inferences supported", str(inferences["supported"]),
                 f"{inferences['not_supported']} not supported, "
                 f"{inferences['undetermined']} undetermined"),
            ),
            lines("Published: arXiv:2605.18838 and, from C19 on, its companion arXiv:2605.18840. "
                  "Every number here is computed from the tables."),
            *(_claim(claim) for claim in claims),
            _all(claims),
        ],
    )  # fmt: skip


def _claim(claim: Claim) -> Block:
    rows = [
        (
            name.replace("_", " "),
            f.source,
            "none" if f.published is None else _RELATION[f.relation] + _number(f.published),
            "none" if f.computed is None else _number(f.computed),
            "±" + _number(f.tolerance) if f.tolerance else "exact",
            badge("same", "supported") if f.reproduced else badge("differs", "not_supported"),
        )
        for name, f in claim.figures.items()
    ]
    control = claim.control
    more = [(name.replace("_", " "), _optional(value)) for name, value in control.more.items()]
    ends = ""
    if control.low is not None and control.high is not None:
        ends = interval(control.low, control.high, _number)
    return details(
        f"{claim.id}  {claim.claim}",
        [
            table(
                "The published definition, computed again",
                ("number", "from the paper's", "published", "computed", "tolerance", "verdict"),
                rows,
                right=(2, 3, 4),
                note=f"Tolerance: {claim.tolerance_reason}.",
            ),
            lines(f"To compute it: {claim.command}") if claim.command else None,
            lines(f"Not computable: {claim.obstacle}.") if claim.obstacle else None,
            table(
                "The sound estimate and the control that decides",
                ("control", "figure", "95 %"),
                [(control.name, _optional(control.figure), ends), *((*m, "") for m in more)],
                right=(1,),
            ),
            lines(f"Rule: {claim.rule}.", claim.reason, *_margins(claim.margins)),
            *_tried(claim),
        ],
        badges=[
            badge("number " + claim.number.replace("_", " "), claim.number),
            badge("inference " + claim.inference.replace("_", " "), claim.inference),
            *(
                [badge("by experiment " + tried.replace("_", " "), tried)]
                if (tried := _verdict(claim))
                else []
            ),
        ],
    )


def _tried(claim: Claim) -> list[Block]:
    """What families that the project trained say of it."""
    evidence = claim.by_experiment
    if evidence is None:
        return []
    rows = [
        (
            effect.name,
            str(effect) if effect.status != "ok" else signed(effect.figure, 3),
            interval(effect.low, effect.high, _number) if effect.status == "ok" else "",
            "" if math.isnan(effect.p) else f"{effect.p:.3f}",
            str(effect.n),
        )
        for effect in evidence.effects
    ]
    return [
        table(
            "By experiment: families trained by nullcline",
            ("effect", "figure", "95 %", "exact p", "n"),
            rows,
            right=(1, 3, 4),
            note=f"Small synthetic models; from {', '.join(evidence.source)}.",
        ),
        lines(f"Rule: {evidence.rule}.", evidence.reason, *_margins(evidence.margins)),
    ]


def _margins(margins: Mapping[str, Margin]) -> list[str]:
    return [
        f"Margin, {name.replace('_', ' ')}: {_number(margin.value)}, {margin.why}."
        for name, margin in margins.items()
    ]


def _verdict(claim: Claim) -> str:
    return claim.by_experiment.inference if claim.by_experiment else ""


def _all(claims: Sequence[Claim]) -> Block:
    rows = [
        (c.id, c.number, c.inference, name, f.published, f.computed, f.tolerance, c.control.name,
         c.control.figure, c.control.low, c.control.high, _verdict(c))
        for c in claims
        for name, f in c.figures.items()
    ]  # fmt: skip
    columns = ("claim", "number", "inference", "name", "published", "computed", "tolerance",
               "control", "control_figure", "control_low", "control_high",
               "by_experiment")  # fmt: skip
    shown = [
        (c.id, c.claim, *(v.replace("_", " ") for v in (c.number, c.inference, _verdict(c) or "–")))
        for c in claims
    ]
    return table(
        "All claims",
        ("claim", "what is claimed", "number", "inference", "by experiment"),
        shown,
        data=csv_data("claims", columns, rows),
    )


def _optional(value: float | None) -> str:
    return "–" if value is None else _number(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e5:
        return f"{value:.0f}"
    if abs(value) >= 1e5:
        return size(value)
    return signed(value, 3) if abs(value) >= 1e-3 else f"{value:.2g}"
