"""What would settle where a family turns, as blocks of its view."""

from ... import dynamics
from ...common.words import counted
from ...dynamics import Diagnosis, FamilyDiagnosis, NextMeasurements, benchmark
from ...dynamics.phases import CandidateMeasurement
from ..formats import signed, size
from ._blocks import Block, Csv, csv_data, figure, notice, table
from ._style import ACCENT, INK, layout, size_axis, titled, trace

_TITLE = "What would settle where it turns"
_DEFAULT_ITEMS = 1000  # for a benchmark whose number of questions is not in the registry


def settle_blocks(diagnosis: Diagnosis, family: FamilyDiagnosis) -> list[Block]:
    """The next measurement by expected information: a sentence, a figure, a table."""
    if family.current is None:
        return []
    if family.critical.by_seeds is not None:
        seeds = family.critical.by_seeds.seeds
        return [
            notice(
                _TITLE,
                f"This family is judged over its {counted(seeds, 'seed')}, which no "
                "simulated curve stands "
                "for. More seeds of every size narrow its intervals, about as the square root of "
                "their number.",
            )
        ]
    known = benchmark(diagnosis.truth).items
    ranked = dynamics.next_measurements(
        family.log10_params,
        family.truth,
        truth_stderr=family.truth_stderr,
        items=known or _DEFAULT_ITEMS,
        seed=diagnosis.seed,
    )
    if ranked.status != "ok":
        return [
            notice(
                _TITLE,
                "Fewer than three sizes with known errors: nothing can be simulated yet. "
                "A third size comes first.",
            )
        ]
    best = ranked.candidates[0]
    if best.gain <= 0:
        text = f"No single measurement is expected to narrow the {signed(ranked.width)} decades."
    else:
        text = (
            f"{_what(best, family, diagnosis)}: expected to narrow where {family.family} may turn "
            f"from {signed(ranked.width)} to {signed(best.width)} decades; it would show a turn "
            f"inside the sizes in {100 * best.bracketed:.0f} % of the simulated outcomes."
        )
    return [notice(_TITLE, text), _figure(ranked), _table(ranked, family, diagnosis)]


def _what(candidate: CandidateMeasurement, family: FamilyDiagnosis, diagnosis: Diagnosis) -> str:
    truth = benchmark(diagnosis.truth).compared
    if candidate.kind == "size":
        return f"A model of {size(10**candidate.log10_params)} evaluated on {truth}"
    return (
        f"All {counted(len(family.models), 'model')} evaluated on {candidate.items:,} "
        "further questions that "
        f"measure what {truth} measures"
    )


def _figure(ranked: NextMeasurements) -> Block:
    sizes = sorted((c for c in ranked.candidates if c.kind == "size"), key=lambda c: c.log10_params)
    traces = [
        trace(
            [c.log10_params for c in sizes],
            [c.width for c in sizes],
            mode="lines+markers",
            marker={"size": 8, "color": ACCENT},
            line={"color": ACCENT, "width": 1.2},
            error_y={
                "type": "data",
                "array": [1.96 * c.width_stderr for c in sizes],
                "thickness": 1,
                "width": 3,
            },
            text=[size(10**c.log10_params) for c in sizes],
            hovertemplate="%{text}: %{y:.2f} decades<extra></extra>",
            name="after one more model of this size",
        ),
        trace(
            list(ranked.window),
            [ranked.width, ranked.width],
            mode="lines",
            line={"color": INK, "dash": "dash", "width": 1.2},
            hoverinfo="skip",
            name="now",
        ),
    ]
    return figure(
        "what-would-settle",
        "Where the family may turn: expected length after one more model, by its size",
        traces=traces,
        layout=layout(
            x=size_axis(
                ranked.window[0] - 0.15,
                ranked.window[1] + 0.15,
                "parameters N of the new model",
            ),
            y=titled("decades of N", rangemode="tozero"),
        ),
        alt="Expected length of the open interval for each candidate size; the table below ranks "
        "all candidates.",
        data=_data(ranked),
        note=f"{ranked.draws} simulated outcomes per candidate; bars: their Monte Carlo error.",
        height=320,
    )


def _table(ranked: NextMeasurements, family: FamilyDiagnosis, diagnosis: Diagnosis) -> Block:
    rows = [
        (
            _what(c, family, diagnosis),
            signed(c.width),
            signed(c.gain) if c.gain > 0 else "not at all",
            f"{100 * c.bracketed:.0f} %",
            f"{c.cost:.1e}",
        )
        for c in ranked.candidates
    ]
    return table(
        "Candidates, the most useful first",
        ("measurement", "decades left", "narrower by", "would show a turn", "cost"),
        rows,
        right=(1, 2, 3, 4),
        note="The curve is a quadratic in log N. Cost: questions times parameters; nullcline plan "
        "--budget weighs it against what is narrowed.",
        data=_data(ranked),
    )


def _data(ranked: NextMeasurements) -> Csv:
    columns = ("kind", "params", "items", "decades", "decades_stderr", "gain", "bracketed_share",
               "cost")  # fmt: skip
    rows = [
        (
            c.kind, 10**c.log10_params, c.items, c.width, c.width_stderr, c.gain, c.bracketed,
            c.cost,
        )
        for c in ranked.candidates
    ]  # fmt: skip
    return csv_data("what-would-settle", columns, rows)
