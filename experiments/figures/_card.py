"""One model among the families as a small picture for a model card."""

import io
import math
import textwrap
import warnings
from pathlib import Path

import matplotlib as mpl

from ... import dynamics
from ...common.files import write_whole
from ...dynamics import ModelCard, benchmark
from ..formats import size
from ..studies.card import phase_words, residual_words
from ._style import FAINT, INK, PHASE_COLOURS, canvas

_LONGEST = 48


def card_svg(card: ModelCard, among: str) -> bytes:
    """SVG: the models of `among` in grey with a line per family, this model, the phase in words."""
    table = dynamics.load_table(among)
    x, y = card.reasoning, card.truth
    frame = table.frame.dropna(subset=[x, y]).sort_values("params", kind="stable")
    colour = PHASE_COLOURS[card.neighbourhood.phase]
    # Text stays text: light, to be found and read aloud; matplotlib escapes it.
    with mpl.rc_context({"svg.fonttype": "none"}), canvas(6.25, 4.6) as figure:
        axes = figure.subplots()
        near = {family.family for family in card.neighbourhood.families}
        for family, rows in frame.groupby("family", sort=False):
            shade = colour if family in near else FAINT
            axes.plot(
                100 * rows[x], 100 * rows[y], "-o", color=shade, linewidth=0.8, markersize=2.5,
                alpha=0.7,
            )  # fmt: skip
        _mark(axes, card)
        axes.set_xlabel(f"{benchmark(x).title} (%)")
        axes.set_ylabel(f"{benchmark(y).title} (%)")
        axes.set_title(_cut(card.model) + _size(card.params), parse_math=False)
        words = "\n".join(
            textwrap.fill(line, 92) for line in (phase_words(card), residual_words(card))
        )
        figure.supxlabel(words, x=0.02, ha="left", fontsize=8, parse_math=False)
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            # A name in letters that the font lacks is drawn by the reader's own fonts.
            warnings.filterwarnings("ignore", "Glyph .* missing")
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Title": card.model})
    return buffer.getvalue()


def write_card(svg: bytes, path: Path) -> None:
    """Write the picture, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, svg)


def _mark(axes, card: ModelCard) -> None:
    """The model where it lies; a line at the score that is known where the other is not."""
    x, y = (card.scores.get(name, math.nan) for name in (card.reasoning, card.truth))
    if math.isnan(x) and math.isnan(y):
        return
    label = _cut(card.model, 28)
    if math.isnan(y) or math.isnan(x):
        line, score = (axes.axvline, x) if math.isnan(y) else (axes.axhline, y)
        line(100 * score, color=INK, linewidth=1, linestyle="--", label=label)
    else:
        axes.errorbar(
            100 * x, 100 * y, xerr=_error(card, card.reasoning), yerr=_error(card, card.truth),
            fmt="D", color=INK, markersize=6, capsize=2, label=label, zorder=5,
        )  # fmt: skip
    legend = axes.legend(fontsize=8, loc="upper left")
    for text in legend.get_texts():
        text.set_parse_math(False)


def _error(card: ModelCard, name: str) -> float | None:
    error = card.stderrs.get(name, math.nan)
    return 196 * error if math.isfinite(error) else None


def _cut(name: str, most: int = _LONGEST) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _size(params: float) -> str:
    return f" ({size(params)})" if params > 0 else ""
