"""Dynamics: the flow of the fitted ODE in the plane of reasoning and truth."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ... import dynamics
from ...common.words import counted
from ...dynamics import benchmark
from ..formats import axis_value, clock_value, signed
from ..studies.ode import fit_data
from ._blocks import Block, Plot, View, csv_data, figure, figure_text, lines, notice, table
from ._blocks import view as make_view
from ._style import ACCENT, ACCENT_BAND, CONTEXT, INK, MUTED, band, layout, titled, trace
from ._unseen import unseen_blocks

_MEMBERS = 1000
_BANDED = 100  # members that the nullcline's band is drawn from
_SLIDER = 9
_ARROWS = 15
_DECADE = 0.18  # length of an arrow, in decades of growth
_QUESTION = "Where do the fitted equations lead a family, and on which curve does the tax end?"


Window = tuple[tuple[float, float], tuple[float, float]]  # of the reasoning score, of truth's


@dataclass(frozen=True)
class _Flow:
    """A fit, its ensemble, and the plane that it is looked at in."""

    fit: dynamics.ODEFit
    ensemble: dynamics.Ensemble | None
    trajectories: dynamics.Trajectories
    reasoning: int
    truth: int
    reference: np.ndarray  # scores at each step of the slider, all benchmarks
    log10_n: np.ndarray  # the slider's steps
    courses: tuple[np.ndarray, ...]  # each family's predicted course: place, then scores
    clock: dynamics.Clock

    @property
    def show(self) -> Callable[[float], str]:
        """How a place on the clock is written."""
        return axis_value(self.clock.axis)


def dynamics_view(
    table_: dynamics.ScoreTable,
    *,
    reasoning: str,
    truth: str,
    penalty: str = "l1",
    unseen: str | None = None,
    trained_on: dynamics.TrainedOn | None = None,
    seed: int = 0,
) -> View:
    """The fitted ODE: flow field, nullcline, trajectories, equations, fixed points, all along the
    table's clock; and the family `unseen` predicted by dynamics that never saw it."""
    five = [name for name in dynamics.forecast.HELD_OUT_BENCHMARKS if name in table_.benchmarks]
    chosen = tuple(dict.fromkeys([reasoning, truth, *five]))
    try:
        trajectories, enough = fit_data(table_, chosen)
        fit = dynamics.fit_ode(
            trajectories,
            dynamics.PolynomialLibrary(degree=1),
            penalty=dynamics.ode.penalty_of(penalty),
            throw=False,
        )
    except ValueError as error:
        return make_view("Dynamics", _QUESTION, [notice("No equations", str(error))])
    ensemble = (
        dynamics.bootstrap(fit, trajectories, key=jax.random.key(seed), members=_MEMBERS)
        if enough
        else None
    )
    flow = _flow(fit, ensemble, trajectories, reasoning, truth, dynamics.CLOCKS[table_.along])
    return make_view(
        "Dynamics",
        _QUESTION,
        [
            _status(flow),
            _figure(flow),
            lines(f"Equations, s = {flow.clock.title}, scores as fractions:", *fit.equations()),
            _terms(flow),
            _fixed_points(flow),
            *([] if unseen is None else unseen_blocks(table_, unseen, trained_on, chosen)),
        ],
    )


def _flow(
    fit: dynamics.ODEFit,
    ensemble: dynamics.Ensemble | None,
    trajectories: dynamics.Trajectories,
    reasoning: str,
    truth: str,
    clock: dynamics.Clock,
) -> _Flow:
    names = fit.ode.benchmarks
    families = [_observed(trajectories, row) for row in range(len(trajectories.families))]
    first = np.array([scores[0] for _, scores in families])
    starts = np.array([sizes[0] for sizes, _ in families])
    low, high = starts.min(), max(sizes[-1] for sizes, _ in families)
    log10_n = np.linspace(low, high, _SLIDER)
    middle = float(starts.mean())
    # The equations' own course from the mean first model, forwards and backwards in size.
    later, earlier = log10_n[log10_n >= middle], log10_n[log10_n < middle]
    parts = []
    for grid, back in ((earlier[::-1], True), (later, False)):
        if len(grid):
            solved = dynamics.integrate(
                fit.ode, first.mean(axis=0), log10_n=grid, start=middle, throw=False
            )
            scores = np.asarray(solved.x)
            parts.append(scores[::-1] if back else scores)
    reference = np.clip(np.concatenate(parts), 0, 1)
    courses = []
    for sizes, scores in families:
        grid = np.linspace(sizes[0], sizes[-1], 25)
        solved = dynamics.integrate(fit.ode, scores[0], log10_n=grid, throw=False)
        courses.append(np.column_stack([grid, np.asarray(solved.x)]))
    return _Flow(
        fit,
        ensemble,
        trajectories,
        names.index(reasoning),
        names.index(truth),
        np.where(np.isfinite(reference), reference, first.mean(axis=0)),
        log10_n,
        tuple(courses),
        clock,
    )


def _observed(trajectories: dynamics.Trajectories, row: int) -> tuple[np.ndarray, np.ndarray]:
    measured = np.asarray(trajectories.mask[row], bool)
    sizes = np.asarray(trajectories.s[row])[measured]
    return sizes, np.asarray(trajectories.x[row])[measured]


def _status(flow: _Flow) -> Block:
    """What the data determine; in red where there are more terms than data."""
    known = flow.fit.identifiability
    text = (
        f"{int(np.asarray(known.active).sum())} active coefficients on "
        f"{int(np.asarray(known.increments).sum())} increments of "
        f"{counted(len(flow.fit.families), 'family')}."
    )
    if bool(flow.fit.result == dynamics.RESULTS.successful):
        return lines(text)
    return notice(
        dynamics.ode.result_name(flow.fit.result).replace("_", " "),
        str(dynamics.RESULTS[flow.fit.result]),
        text,
        tone="error" if known.underdetermined else "warning",
    )


def _figure(flow: _Flow) -> Block:
    names = flow.fit.ode.benchmarks
    titles = benchmark(names[flow.reasoning]).title, benchmark(names[flow.truth]).title
    window = _window(flow)
    observed = _observed_trace(flow)
    steps = [_step(flow, step, window) for step in range(len(flow.log10_n))]
    here = len(steps) // 2
    rows = [
        (family, clock_value(flow.clock, float(row[0])), *(float(v) for v in row[1:]))
        for family, course in zip(flow.trajectories.families, flow.courses, strict=True)
        for row in course
    ]
    return figure(
        "flow",
        f"Flow of the fitted equations, {titles[1]} against {titles[0]}",
        traces=[observed, *steps[here]],
        layout=layout(
            x=titled(f"{titles[0]} (%)", range=[100 * v for v in window[0]]),
            y=titled(f"{titles[1]} (%)", range=[100 * v for v in window[1]]),
        ),
        alt="Arrows show where the equations lead from each pair of scores; the nullcline is where "
        "the truth score stands still; lines are the families' predicted courses.",
        data=csv_data("courses", ("family", flow.clock.name, *names), rows),
        note="The other scores are held where the equations' own course from the mean first "
        f"model has them at the slider's place. Arrows: {_DECADE:g} {_unit(flow)} of growth. "
        "Courses start from each family's first model and are drawn up to that place."
        + _band_note(flow, window),
        height=520,
        steps={
            "label": "parameters N" if flow.clock.name == "params" else flow.clock.symbol,
            "state": "n",
            "at": here,
            "labels": [flow.show(s) for s in flow.log10_n],
            "fixed": 1,
            "traces": steps,
        },
    )


def _unit(flow: _Flow) -> str:
    return "years" if flow.clock.is_date else "decades"


def _band_note(flow: _Flow, window: Window) -> str:
    """In how many resamples there is a nullcline to make a band of."""
    if flow.ensemble is None:
        return " Too few families to resample: no band."
    share = 100 * float(
        np.median(_nullcline_band(flow, flow.reference[_SLIDER // 2], window).share)
    )
    return (
        f" In the middle the truth score's equation has a nullcline in this plane in "
        f"{share:.0f} % of the resamples of families; a band is drawn where more than half do."
    )


def _window(flow: _Flow) -> Window:
    """What the families' scores span, with a margin."""
    spans = []
    for column in (flow.reasoning, flow.truth):
        values = np.concatenate(
            [_observed(flow.trajectories, i)[1][:, column] for i in range(len(flow.courses))]
        )
        margin = 0.08 * float(np.ptp(values)) + 0.01
        spans.append((max(float(values.min()) - margin, 0.0), min(values.max() + margin, 1.0)))
    return spans[0], spans[1]


def _observed_trace(flow: _Flow) -> Plot:
    x, y, text = [], [], []
    for row, family in enumerate(flow.trajectories.families):
        sizes, scores = _observed(flow.trajectories, row)
        x += [*(100 * scores[:, flow.reasoning]), None]
        y += [*(100 * scores[:, flow.truth]), None]
        text += [*(f"{figure_text(family)} {flow.show(s)}" for s in sizes), ""]
    return trace(
        x,
        y,
        mode="markers",
        marker={"size": 5, "color": MUTED, "opacity": 0.55},
        text=text,
        hovertemplate="%{text}<br>%{x:.1f} %, %{y:.1f} %<extra></extra>",
        name="measured models",
    )


def _step(flow: _Flow, step: int, window: Window) -> list[Plot]:
    """What the slider changes: arrows, nullcline and courses at one size."""
    others = flow.reference[step]
    return [
        _arrows(flow, others, window),
        *_nullcline(flow, others, window),
        *_courses(flow, float(flow.log10_n[step])),
    ]


def _arrows(flow: _Flow, others: np.ndarray, window: Window) -> Plot:
    grid_x, grid_y = (np.linspace(low, high, _ARROWS + 2)[1:-1] for low, high in window)
    x, y = (values.reshape(-1) for values in np.meshgrid(grid_x, grid_y))
    states = np.tile(others, (len(x), 1))
    states[:, flow.reasoning], states[:, flow.truth] = x, y
    speed = np.asarray(jax.vmap(flow.fit.ode.velocity)(jnp.asarray(states)))
    tip_x = x + _DECADE * speed[:, flow.reasoning]
    tip_y = y + _DECADE * speed[:, flow.truth]
    gap = np.full_like(x, np.nan)
    # A marker of plotly that points along the line makes the head of the arrow.
    return trace(
        np.round(100 * np.column_stack([x, tip_x, gap]).reshape(-1), 2),
        np.round(100 * np.column_stack([y, tip_y, gap]).reshape(-1), 2),
        mode="lines+markers",
        line={"color": CONTEXT, "width": 1},
        marker={
            "symbol": "arrow",
            "angleref": "previous",
            "size": [0, 10, 0] * len(x),
            "color": CONTEXT,
        },
        hoverinfo="skip",
        name="flow",
    )


def _nullcline(flow: _Flow, others: np.ndarray, window: Window) -> list[Plot]:
    along = _along(window)
    line = np.asarray(dynamics.nullcline(flow.fit.ode, **_plane(flow, others, along)).at)
    edges = trace([], [], mode="lines", showlegend=False)
    if flow.ensemble is not None:
        edge = _nullcline_band(flow, others, window)
        # A band over the members that have a nullcline here says little where most have none.
        seen = np.asarray(edge.share) > 0.5
        low, high = (
            np.where(seen, 100 * np.asarray(ends), np.nan) for ends in (edge.low, edge.high)
        )
        if seen.any():
            edges = band(100 * along, low, high, name="its 90 % band", fillcolor=ACCENT_BAND)
    return [
        edges,
        trace(
            np.round(100 * along, 2),
            np.round(100 * line, 3),
            mode="lines",
            line={"color": ACCENT, "width": 3},
            name="nullcline: truth stands still",
            hovertemplate="%{x:.1f} %, %{y:.1f} %<extra>nullcline</extra>",
        ),
    ]


def _along(window: Window) -> np.ndarray:
    return np.linspace(window[0][0], window[0][1], 41)


def _plane(flow: _Flow, others: np.ndarray, along: np.ndarray) -> dict:
    names = flow.fit.ode.benchmarks
    return {
        "truth": names[flow.truth],
        "reasoning": names[flow.reasoning],
        "others": others,
        "along": along,
        "resolution": 201,
    }


def _nullcline_band(flow: _Flow, others: np.ndarray, window: Window) -> dynamics.ode.Band:
    assert flow.ensemble is not None
    coefficients = flow.ensemble.coefficients[:_BANDED]
    choice = _plane(flow, others, _along(window))
    members = dynamics.nullcline(flow.fit.ode, **choice, coefficients=coefficients)
    return dynamics.ode.band(members.at, level=0.9)


def _courses(flow: _Flow, log10_n: float) -> list[Plot]:
    x, y, heads = [], [], []
    for course in flow.courses:
        grown = course[course[:, 0] <= log10_n + 1e-9]
        if not len(grown):
            continue
        along = np.round(100 * grown[:, [1 + flow.reasoning, 1 + flow.truth]], 2)
        x += [*along[:, 0], None]
        y += [*along[:, 1], None]
        heads.append(along[-1])
    return [
        trace(
            x,
            y,
            mode="lines",
            line={"color": INK, "width": 1.2},
            hoverinfo="skip",
            name="predicted courses",
        ),
        trace(
            [head[0] for head in heads],
            [head[1] for head in heads],
            mode="markers",
            marker={"size": 6, "color": INK},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]


def _terms(flow: _Flow) -> Block:
    fit, names = flow.fit, flow.fit.ode.benchmarks
    inclusion = None if flow.ensemble is None else np.asarray(flow.ensemble.inclusion)
    edge = None if flow.ensemble is None else flow.ensemble.coefficient_band()
    rows, plain_rows = [], []
    for i, equation in enumerate(names):
        cells = [f"d {benchmark(equation).title}/ds"]
        for j, term in enumerate(fit.terms):
            value = float(fit.coefficients[i, j])
            share = None if inclusion is None else float(inclusion[i, j])
            ends = (None, None) if edge is None else (float(edge.low[i, j]), float(edge.high[i, j]))
            cells.append(_coefficient(value) + ("" if share is None else f" ({100 * share:.0f} %)"))
            plain_rows.append((equation, term, value, share, *ends))
        rows.append(cells)
    columns = ("equation", "term", "coefficient", "inclusion", "low", "high")
    return table(
        "Coefficients (inclusion probability)",
        ("equation", *fit.terms),
        rows,
        right=tuple(range(1, len(fit.terms) + 1)),
        note=f"Change of a score (fraction) per {_unit(flow).removesuffix('s')}"
        f"{' of N' if flow.clock.name == 'params' else ''}. In brackets: share of resamples of "
        "families whose fit uses the term; 0: not in the fit."
        if inclusion is not None
        else "Too few families to resample: no inclusion probability.",
        data=csv_data("coefficients", columns, plain_rows),
    )


def _coefficient(value: float) -> str:
    """Three decimals, more where they would say nothing; 0 where the fit has no such term."""
    if value == 0:
        return "0"
    return signed(value, 3) if abs(value) >= 5e-4 else f"{value:.1e}"


def _fixed_points(flow: _Flow) -> Block | None:
    points = dynamics.fixed_points(flow.fit.ode)
    if not points:
        return lines("The equations have no isolated fixed point that the search reaches.")
    names = flow.fit.ode.benchmarks
    rows = [
        (
            ", ".join(
                f"{benchmark(n).title} {100 * float(v):.1f} %"
                for n, v in zip(names, p.x, strict=True)
            ),
            p.stability,
            "inside" if p.inside else "outside 0..100 %",
        )
        for p in points
    ]
    data = csv_data(
        "fixed-points",
        (*names, "stability", "inside"),
        [(*(float(v) for v in p.x), p.stability, p.inside) for p in points],
    )
    return table("Fixed points", ("scores", "stability", "where"), rows, data=data)
