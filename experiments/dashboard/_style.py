"""The look of figures: one layout, and colours by name, which style.css says for each theme."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..formats import plain, size
from ._blocks import Plot

#: Colours are variables of the style sheet, which the page puts in for the theme that is shown.
PAGE = "var(--page)"
INK = "var(--ink)"
MUTED = "var(--muted)"
FAINT = "var(--line)"
GRID = "var(--grid)"
CONTEXT = "var(--context)"  # what stands behind that which is looked at
ACCENT = "var(--accent)"
ACCENT_BAND = "var(--accent-band)"
BAND = "var(--band)"
PHASES = {
    "tax": "var(--tax)",
    "transition": "var(--transition)",
    "bonus": "var(--bonus)",
    "undetermined": "var(--undetermined)",
}
#: A phase is told by the form of its markers too: down, level, up, open.
PHASE_SYMBOLS = {
    "tax": "triangle-down",
    "transition": "diamond",
    "bonus": "triangle-up",
    "undetermined": "circle-open",
}
#: For groups without an order (labs): their symbols differ too, for readers who see no colours.
GROUPS = tuple(f"var(--group-{number})" for number in range(1, 13))
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
#: From against one another to together.
DIVERGING = [[0, PHASES["tax"]], [0.5, "var(--middle)"], [1, PHASES["bonus"]]]


def layout(*, x: Plot | None = None, y: Plot | None = None, **more: object) -> Plot:
    """The layout of every figure, with axes `x` and `y`."""
    axis: Plot = {
        "showline": True,
        "linecolor": FAINT,
        "gridcolor": GRID,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": FAINT,
        "automargin": True,
        "title": {"standoff": 8},
    }
    base: Plot = {
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": PAGE,
        "plot_bgcolor": PAGE,
        "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
        "hoverlabel": {"bgcolor": PAGE, "bordercolor": MUTED, "font": {"color": INK}},
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 12},
        },
        "xaxis": merged(axis, x or {}),
        "yaxis": merged(axis, y or {}),
    }
    return merged(base, more)


def merged(base: Plot, over: Plot) -> Plot:
    """`over` laid upon `base`, one level deep for mappings inside."""
    out = dict(base)
    for key, value in over.items():
        below = out.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = {**below, **value}
        out[key] = value
    return out


def titled(text: str, **more: object) -> Plot:
    """An axis with a title."""
    return {"title": {"text": text}, **more}


def percent(text: str, **more: object) -> Plot:
    """An axis of scores in percent, which have no more than 100; markers at an end are whole."""
    return titled(f"{text} (%)", minallowed=-3, maxallowed=103, **more)


def whole_numbers(text: str, count: int, **more: object) -> Plot:
    """An axis of layers, heads or dimensions, `count` of them: no ticks between."""
    return titled(text, dtick=max(1, -(-count // 12)), **more)


def size_axis(log10_low: float, log10_high: float, text: str = "parameters N") -> Plot:
    """A logarithmic axis of parameter counts, given in log10, with ticks such as 1B."""
    powers = np.arange(np.floor(log10_low), np.ceil(log10_high) + 1)
    return titled(
        text,
        range=[float(log10_low), float(log10_high)],
        tickvals=[float(p) for p in powers],
        ticktext=[size(10.0**p) for p in powers],
    )


def trace(x: Sequence | np.ndarray, y: Sequence | np.ndarray, **more: object) -> Plot:
    """A scatter trace of plain numbers; what is not finite is a gap."""
    return plain({"type": "scatter", "x": x, "y": y, **more})


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, *, name: str, **more: object) -> Plot:
    """A shaded band as one closed outline; points without an end are left out."""
    known = np.isfinite(low) & np.isfinite(high)
    x, low, high = (np.asarray(v, dtype=float)[known] for v in (x, low, high))
    return trace(
        np.concatenate([x, x[::-1]]),
        np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=more.pop("fillcolor", BAND),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name=name,
        **more,
    )
