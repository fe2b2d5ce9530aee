"""An attribution on a terminal (plain text) and in a notebook (a heat map with hover)."""

import html
from typing import TYPE_CHECKING

from ...common.numbers import added

if TYPE_CHECKING:
    from .attribution import Head, HeadAttribution

SHOWN_ON_TERMINAL = 10


def to_text(attribution: "HeadAttribution") -> str:
    """A few lines: what was read, how complete it is, and the largest heads."""
    model, truth = attribution.model, attribution.truth
    residual, allowed = attribution.completeness
    lines = [
        f"heads of {model.name}: {len(truth.pairs)} pairs, logit difference "
        f"{added(truth.logit_difference, 3)}, completeness residual {residual:.1e} "
        f"(error above {allowed:.1e})",
        f"{len(attribution.significant())} of {model.n_layers * model.n_heads} heads act on the "
        f"truth at a false-discovery rate of {attribution.false_discovery_rate:g}",
    ]
    lines += [_line(head) for head in attribution.top(SHOWN_ON_TERMINAL)]
    if attribution.reasoning is not None:
        share, low, high = attribution.share_competing()
        lines.append(
            f"competing heads: {len(attribution.competing())} "
            f"({share:.0%} [{low:.0%}, {high:.0%}]), "
            f"{len(attribution.replicated)} in both halves"
        )
    return "\n".join(lines)


def to_html(attribution: "HeadAttribution") -> str:
    """A table of layers x heads, red for heads that push to the false answer, blue to the true
    one; the figures of a head appear when the pointer is over it."""
    heads = attribution.heads()
    largest = max(abs(head.truth) for head in heads) or 1.0
    rows = []
    for layer in range(attribution.model.n_layers):
        cells = "".join(_cell(head, largest) for head in heads if head.layer == layer)
        rows.append(f'<tr><th scope="row">layer {layer}</th>{cells}</tr>')
    head_names = "".join(f'<th scope="col">{n}</th>' for n in range(attribution.model.n_heads))
    text = html.escape(to_text(attribution).split("\n", 1)[0])
    return (
        f"<div><p>{text}</p><table><thead><tr><th>head</th>{head_names}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _line(head: "Head") -> str:
    text = (
        f"  {head.layer}.{head.head:<3d} {added(head.truth, 3):>8} [{added(head.truth_low, 3)}, "
        f"{added(head.truth_high, 3)}] p {head.truth_p:.4f} q {head.truth_q:.4f}"
    )
    if head.reasoning is not None:
        text += f"   reasoning {added(head.reasoning, 3)}"
    return text + ("   competing" if head.competing else "")


def _cell(head: "Head", largest: float) -> str:
    strength = abs(head.truth) / largest
    colour = "33, 102, 172" if head.truth > 0 else "178, 24, 43"
    mark = "&#9679;" if head.competing else "&nbsp;"
    ink = "#fff" if strength > 0.5 else "#222"
    return (
        f'<td title="{html.escape(_line(head).strip())}" style="background: rgba({colour}, '
        f'{strength:.3f}); color: {ink}; width: 2em; text-align: center">{mark}</td>'
    )
