"""One model: where it lies among the families, as the command `nullcline card` says it."""

from ... import dynamics
from ...common.words import counted
from ...dynamics import ModelCard, ScoreTable, benchmark
from ..formats import added, interval, signed, size
from ..studies.card import card_facts, measure_rows, parse_scores
from ._blocks import Block, Csv, View, csv_data, facts, figure, figure_text, lines, notice, table
from ._blocks import view as make_view
from ._style import FAINT, INK, PHASES, layout, percent, trace

#: Cards of so many models of a table stand in a report.
MOST_IN_REPORT = 6
_WORDS = (
    "Coupling γ: points of the truth score per point of the reasoning score, along the sizes of a "
    "family; tax below -0.1, bonus above 0.1, undetermined where its 95 % interval leaves it open. "
    "The neighbourhood is that of families with models of about this reasoning score and size; it "
    "is what is usual there and not this model's own coupling, which needs a second size.",
    "Residual: the truth score less what the line of all models expects. Its standard error joins "
    "the scatter between models, the noise of this model's questions, and the line's own error.",
    "Percent and fractions are told apart as in a table. The address of this page holds name and "
    "scores: who opens it sees the same.",
)


def typed_card_view(name: str, scores: str) -> View:
    """The card of a model whose scores were typed or pasted."""
    among = _among()
    typed = parse_scores(scores)
    params = typed.pop("params", None)
    model = dynamics.read_model(
        name or "This model", typed, params=params, known=among.benchmarks, of=among.name
    )
    return card_view(dynamics.model_card(model, among=among), among)


def row_card_view(source: ScoreTable, name: str) -> View:
    """The card of a model of a table."""
    among = _among()
    model = dynamics.model_in_table(source, name, known=among.benchmarks)
    return card_view(dynamics.model_card(model, among=among), among)


def models_for_report(source: ScoreTable) -> list[str]:
    """The largest model of each of the families with most models, where it can have a card."""
    among = _among()
    shared = [name for name in source.benchmarks if name in among.benchmarks]
    if not shared or source.along != "params":
        return []
    frame = source.frame[source.frame[shared].notna().any(axis=1)]
    counts = frame["family"].value_counts()
    largest = frame.sort_values("params").drop_duplicates("family", keep="last")
    families = counts.index[:MOST_IN_REPORT]
    return [str(largest.loc[largest["family"] == family, "model"].iloc[0]) for family in families]


def card_view(card: ModelCard, among: ScoreTable) -> View:
    """A card as a view."""
    known = f"{counted(card.models, 'model')} of {counted(card.families, 'family')} ({card.among})"
    return make_view(
        card.model,
        f"Where does this model lie among {known}, and what can one model not say?",
        [
            _facts(card),
            lines(*card_facts(card)),
            _figure(card, among),
            _levels(card),
            _nearest(card),
            _families(card),
            _next(card),
            _measures(card),
            notice("Not said", *(f"{line}." for line in card.missing)) if card.missing else None,
            lines(*_WORDS),
        ],
    )


def _among() -> ScoreTable:
    return dynamics.load_table("uniform")


def _facts(card: ModelCard) -> Block:
    near, residual, further = card.neighbourhood, card.residual, card.next
    coupling = near.phase
    note = "no coupling can be told"
    if near.families and near.gamma == near.gamma:  # NaN where there is none
        note = (
            f"{signed(near.gamma)} {interval(near.low, near.high)}, "
            f"{counted(len(near.families), 'family')}"
        )
    off = "–" if residual is None else f"{added(100 * residual.value, 1)} pp"
    error = "needs both scores"
    if residual is not None:
        error = f"standard error {signed(100 * residual.stderr, 1)}; p {signed(residual.p)}"
    return facts(
        ("size", size(card.params) if card.params > 0 else "–", "parameters"),
        ("families near it", coupling, note),
        ("truth above the line", off, error),
        ("next size", size(further.params) if further.status == "ok" else "–",
         f"{100 * further.level:.0f} % bands below" if further.status == "ok" else further.why),
        ("own coupling", card.own_coupling, "one model has none"),
    )  # fmt: skip


def _figure(card: ModelCard, among: ScoreTable) -> Block | None:
    x, y = card.reasoning, card.truth
    frame = among.frame.dropna(subset=[x, y]).sort_values("params", kind="stable")
    near = {family.family for family in card.neighbourhood.families}
    colour = PHASES[card.neighbourhood.phase]
    traces = []
    shown: set[bool] = set()
    for family, rows in frame.groupby("family", sort=False):
        is_near = family in near
        traces.append(
            trace(
                100 * rows[x].to_numpy(float),
                100 * rows[y].to_numpy(float),
                mode="lines+markers",
                line={"color": colour if is_near else FAINT, "width": 1.1},
                marker={"size": 5},
                text=[figure_text(str(m)) for m in rows["model"]],
                hovertemplate="%{text}<br>%{x:.1f} %, %{y:.1f} %<extra></extra>",
                name="families near it" if is_near else "other families",
                legendgroup=str(is_near),
                showlegend=is_near not in shown,
            )
        )
        shown.add(is_near)
    if x in card.scores and y in card.scores:
        traces.append(_own_point(card))
    names = benchmark(x).title, benchmark(y).title
    data = csv_data(
        "one-model",
        ("family", "model", "params", x, y),
        [
            ("", card.model, card.params, card.scores.get(x), card.scores.get(y)),
            *frame[["family", "model", "params", x, y]].itertuples(index=False),
        ],
    )
    return figure(
        "one-model",
        f"{names[1]} against {names[0]}: this model among families, from small to large",
        traces=traces,
        layout=layout(x=percent(names[0]), y=percent(names[1])),
        alt=f"A line per family in the plane of {names[0]} and {names[1]}, and this model; the "
        "tables below name what lies near it.",
        data=data,
    )


def _own_point(card: ModelCard):
    errors = [card.stderrs[name] for name in (card.reasoning, card.truth)]
    bars = {
        f"error_{axis}": {"type": "data", "array": [196 * error], "thickness": 1.5, "width": 4}
        for axis, error in zip("xy", errors, strict=True)
        if error == error
    }
    return trace(
        [100 * card.scores[card.reasoning]],
        [100 * card.scores[card.truth]],
        mode="markers",
        marker={"size": 12, "symbol": "diamond", "color": INK},
        name=figure_text(card.model[:40]),
        hovertemplate="%{x:.1f} %, %{y:.1f} %<extra></extra>",
        **bars,
    )


def _levels(card: ModelCard) -> Block:
    rows = [
        (benchmark(r.benchmark).compared, f"{100 * r.score:.1f}", f"{100 * r.percentile:.0f} %",
         str(r.models))
        for r in card.levels
    ]  # fmt: skip
    header = ("score", "%", "models below it", "of")
    return table("Level", header, rows, right=(1, 2, 3), data=_csv("level", header, rows))


def _nearest(card: ModelCard) -> Block | None:
    rows = [
        (near.model, near.family, size(near.params), signed(near.distance)) for near in card.nearest
    ]
    if not rows:
        return None
    header = ("model", "family", "size", "distance")
    return table(
        "Nearest models",
        header,
        rows,
        right=(2, 3),
        note="Distance: of the scores that both have, in standard deviations of all models.",
        data=_csv("nearest", header, rows),
    )


def _families(card: ModelCard) -> Block | None:
    near = card.neighbourhood
    rows = [
        (f.family, str(len(f.models)), signed(f.slope), signed(f.stderr), signed(f.distance))
        for f in near.families
    ]
    if not rows:
        return None
    header = ("family", "models", "γ there", "standard error", "distance")
    return table(
        "Families near it",
        header,
        rows,
        right=(1, 2, 3, 4),
        note=f"Chosen by {near.by}, never by the truth score. γ is over the family's models "
        "nearest to this one.",
        data=_csv("families-near", header, rows),
    )


def _next(card: ModelCard) -> Block | None:
    further = card.next
    if further.status != "ok":
        return None
    rows = [
        (benchmark(s.benchmark).title, f"{100 * s.now:.1f}", f"{100 * s.expected:.1f}",
         interval(100 * s.low, 100 * s.high, lambda v: signed(v, 1)))
        for s in further.scores
    ]  # fmt: skip
    header = ("score (%)", "now", "expected", f"{100 * further.level:.0f} % band")
    return table(
        f"What the forecaster expects at {size(further.params)}",
        header,
        rows,
        right=(1, 2, 3),
        note=f"By the dynamics of {counted(further.families, 'family')}; the model lies "
        "at distance "
        f"{signed(further.distance, 1)} from them (about 1 is usual).",
        data=_csv("next-size", header, rows),
    )


def _measures(card: ModelCard) -> Block | None:
    rows = measure_rows(card)
    if not rows:
        return None
    header = ("measure next", "about", "now", "then", "cost")
    return table(
        "What would say more, the most useful first",
        header,
        rows,
        right=(2, 3, 4),
        note="Now, then: length of the 95 % interval before and after, as expected. Cost: "
        "questions times parameters.",
        data=_csv("measure-next", header, rows),
    )


def _csv(name: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Csv:
    return csv_data(name, header, rows)
