"""Base models beside their tuned ones: what tuning changes, size by size."""

from functools import lru_cache

from ... import dynamics
from ...dynamics import KindComparison, ScoreTable, benchmark
from ..formats import added, size
from ..studies.diagnosis import (
    KINDS_HEADER,
    KINDS_NOTE,
    TUNES_HEADER,
    TUNES_NOTE,
    kinds_conclusions,
    kinds_rows,
    tunes_rows,
)
from ._blocks import Block, Details, Plot, csv_data, details, figure, figure_text, lines, table
from ._style import FAINT, INK, layout, size_axis, titled, trace


def kinds_block(table_: ScoreTable, *, reasoning: str, truth: str) -> Details:
    """The comparison of the table's own pairs, or of the shipped ones where it has none."""
    found = _own_pairs(table_, reasoning, truth)
    title = "After post-training: base models of this table beside tuned ones"
    if found is None:
        found = _shipped_pairs()
        title = "After post-training: the shipped pairs, as this table has none of two families"
    return details(
        title,
        [
            lines(*kinds_conclusions(found)),
            _gains(found),
            table(
                "Families before and after tuning",
                KINDS_HEADER,
                kinds_rows(found),
                right=(1, 2, 3),
                note=KINDS_NOTE,
            ),
            table(
                "Across tunes of one base model",
                TUNES_HEADER,
                tunes_rows(found),
                right=(1, 2, 4),
                note=TUNES_NOTE,
            )
            if found.across_tunes
            else None,
        ],
    )


def _own_pairs(table_: ScoreTable, reasoning: str, truth: str) -> KindComparison | None:
    """The comparison of the table's own pairs where they are of two families or more."""
    try:
        found = dynamics.compare_kinds(table_, reasoning=reasoning, truth=truth)
    except dynamics.NoPairsError:
        return None
    return found if found.gain.families > 1 else None


@lru_cache(maxsize=1)
def _shipped_pairs() -> KindComparison:
    return dynamics.compare_kinds(dynamics.load_table("post_training"))


def _gains(found: KindComparison) -> Block:
    """Change of truth along the size, a line per family."""
    title = benchmark(found.truth).compared
    sizes = [s for f in found.families for s in f.log10_params]
    traces: list[Plot] = [
        trace(
            f.log10_params,
            100 * (f.tuned_truth - f.truth),
            mode="lines+markers",
            line={"color": FAINT, "width": 1.2},
            marker={"size": 7, "color": INK},
            text=[
                figure_text(f.family, f"{base} → {tuned}", size(10**s), f"{added(gain, 1)} pp")
                for base, tuned, s, gain in zip(
                    f.base, f.tuned, f.log10_params, 100 * (f.tuned_truth - f.truth), strict=True
                )
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
        for f in found.families
    ]
    zero = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
        "line": {"color": FAINT, "width": 1}, "layer": "below",
    }  # fmt: skip
    frame = found.to_pandas()
    return figure(
        "gain-of-truth",
        f"{title}, tuned less base, along the number of parameters",
        traces=traces,
        layout=layout(
            x=size_axis(min(sizes) - 0.3, max(sizes) + 0.3),
            y=titled("change (pp)"),
            shapes=[zero],
        ),
        alt=f"The change of {title} from each base model to its tuned one by size, a line per "
        "family; the table below has the means of families.",
        data=csv_data("gain-of-truth", list(frame.columns), frame.to_numpy(object).tolist()),
        note="Same weights, same size: what differs is tuning and its data.",
        height=360,
    )
