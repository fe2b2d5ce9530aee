"""A fitted system beside the data that it was fitted to."""

from pathlib import Path

import numpy as np

from ...dynamics import SystemFit, TimeSeries
from ._style import INK, canvas, save

_MOST = 6  # trajectories drawn
_COLOURS = ("#1f77b4", "#d9822b", "#2a9d6f", "#8e5ea2", "#c44e52", "#7f7f7f")


def write_system_figure(series: TimeSeries, fit: SystemFit, folder: Path) -> None:
    """One panel per state: points as measured, the solution from the fitted first states."""
    with canvas(7, 1.2 + 1.6 * series.dims) as figure:
        panels = figure.subplots(series.dims, sharex=True, squeeze=False)[:, 0]
        for f, (t, x) in enumerate(zip(series.times[:_MOST], series.states, strict=False)):
            colour = _COLOURS[f]
            grid = np.linspace(t[0], t[-1], 600)
            solution = fit.simulate(fit.first[f], grid)
            for d, axes in enumerate(panels):
                axes.plot(t, x[:, d], ".", color=colour, markersize=3, alpha=0.6)
                axes.plot(grid, solution[:, d], color=colour, linewidth=1.2)
        for name, axes in zip(series.names, panels, strict=True):
            axes.set_ylabel(name)
            low, high = (
                np.nanmin([np.nanmin(x, axis=0) for x in series.states], axis=0),
                np.nanmax([np.nanmax(x, axis=0) for x in series.states], axis=0),
            )
            d = series.names.index(name)
            room = 0.1 * (high[d] - low[d]) or 1.0
            axes.set_ylim(low[d] - room, high[d] + room)
        panels[0].plot([], [], ".", color=INK, label="measured")
        panels[0].plot([], [], color=INK, label="fitted system")
        panels[0].legend(fontsize=8, ncols=2)
        panels[0].set_title("" if fit.result == "successful" else fit.result.replace("_", " "))
        panels[-1].set_xlabel(series.time)
        save(figure, folder, "simulation")
