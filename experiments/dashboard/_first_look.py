"""A table as it was read, shown while its phases are computed: nothing here needs JAX."""

from ... import dynamics
from ...common.words import counted
from ...dynamics import benchmark
from ..formats import size
from ._account import account_block, table_facts, warnings_block
from ._blocks import Block, View, csv_data, figure, figure_text, lines
from ._blocks import view as make_view
from ._first_pair import FirstPair
from ._style import MUTED, layout, titled, trace

#: Of a table with more models the figure waits for the phases.
_MOST_MODELS = 20_000


def first_look(table_: dynamics.ScoreTable, pair: FirstPair) -> View:
    """Counts, the two scores as they stand, and the reader's account and warnings."""
    return make_view(
        table_.name,
        "What was read? The phases are being computed.",
        [
            table_facts(table_),
            lines(pair.why),
            account_block(table_.account),
            warnings_block(table_.warnings),
            _scores(table_, pair) if pair.reasoning != pair.truth else None,
        ],
    )


def _scores(table_: dynamics.ScoreTable, pair: FirstPair) -> Block | None:
    """A line per family, all in one colour: which phase it is in is not known yet."""
    x, y = pair.reasoning, pair.truth
    frame = table_.frame.dropna(subset=[x, y]).sort_values("params", kind="stable")
    if not 0 < len(frame) <= _MOST_MODELS:
        return None
    xs, ys, texts = [], [], []
    for family, rows in frame.groupby("family", sort=False):
        xs += [*_compared(x, rows[x].to_numpy(float)).tolist(), None]
        ys += [*_compared(y, rows[y].to_numpy(float)).tolist(), None]
        texts += [
            figure_text(str(family), f"{model} ({size(params)})")
            for model, params in zip(rows["model"], rows["params"], strict=True)
        ]
        texts.append("")
    shown = trace(
        xs,
        ys,
        mode="lines+markers",
        line={"color": MUTED, "width": 1},
        marker={"size": 5},
        text=texts,
        hovertemplate="%{text}<br>%{x:.1f} %, %{y:.1f} %<extra></extra>",
        showlegend=False,
    )
    names = benchmark(x).compared, benchmark(y).compared
    columns = ["family", "model", "params", x, y]
    return figure(
        "scores",
        f"{names[1]} against {names[0]}, from small to large models",
        traces=[shown],
        layout=layout(x=titled(f"{names[0]} (%)"), y=titled(f"{names[1]} (%)")),
        alt=f"A line per family in the plane of {names[0]} and {names[1]}.",
        data=csv_data("scores", columns, frame[columns].to_numpy(object).tolist()),
        note=f"{counted(len(frame), 'model')} with both scores; colours follow with the phases.",
        height=480,
    )


def _compared(name: str, values):
    """In percent, more being better."""
    return 100 * (1 - values if benchmark(name).lower_is_better else values)
