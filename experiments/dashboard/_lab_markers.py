"""Markers of models, each lab with a colour and a symbol of its own in every figure."""

from collections.abc import Sequence

import pandas as pd

from ._blocks import Plot, figure_text
from ._style import GROUPS, SYMBOLS, trace


def lab_markers(
    panel: pd.DataFrame,
    x: pd.Series,
    y: pd.Series,
    *,
    hover: str,
    order: Sequence[str] | None = None,
) -> list[Plot]:
    """A trace per lab of the panel, the labs with most models first.

    `x` and `y` are as drawn and share the panel's index; `order` are labs whose looks come first,
    so that a lab looks the same in the figures of two panels.
    """
    labs = panel["lab"].value_counts().index.tolist()
    known = list(dict.fromkeys([*(order or ()), *labs]))
    traces = []
    for lab in labs:
        mine = panel["lab"] == lab
        number = known.index(lab)
        traces.append(
            trace(
                x[mine].to_numpy(object).tolist(),
                y[mine].to_numpy(float),
                mode="markers",
                marker={
                    "size": 9,
                    "color": GROUPS[number % len(GROUPS)],
                    "symbol": SYMBOLS[(number * 3 + number // len(GROUPS)) % len(SYMBOLS)],
                },
                text=[figure_text(name) for name in panel.loc[mine, "model"]],
                hovertemplate=f"%{{text}}<br>{hover}<extra></extra>",
                name=figure_text(lab),
            )
        )
    return traces
