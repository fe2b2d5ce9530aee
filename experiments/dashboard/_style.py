"""The look of figures: one layout, few colours, each readable on white."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..formats import plain, size
from ._blocks import Plot

INK = "#1d2329"
MUTED = "#5b6570"
FAINT = "#d5d9de"
ACCENT = "#1f5f8b"
BAND = "rgba(29, 35, 41, 0.12)"
PHASES = {
    "tax": "#a63a26",
    "transition": "#8a6410",
    "bonus": "#1f5f8b",
    "undetermined": "#5b6570",
}
#: For groups without an order (labs): their symbols differ too, for readers who see no colours.
GROUPS = (
    *("#1f5f8b", "#a63a26", "#3f7d3a", "#7a4fa0", "#8a6410", "#1d7d7d", "#b0447c", "#5b6570"),
    *("#d0681c", "#2c2f8e", "#6f8f1f", "#6b3f2a"),
)
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")


def layout(*, x: Plot | None = None, y: Plot | None = None, **more: object) -> Plot:
    """The layout of every figure, with axes `x` and `y`."""
    axis: Plot = {
        "showline": True,
        "linecolor": FAINT,
        "gridcolor": "#eceff2",
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": FAINT,
        "automargin": True,
        "title": {"standoff": 8},
    }
    return {
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": FAINT, "font": {"color": INK}},
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
        **more,
    }


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
