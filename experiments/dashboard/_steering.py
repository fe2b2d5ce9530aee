"""Records of `truth` and `evaluate`: the layer scan and the controlled table."""

import math

from ..formats import interval, plain, signed
from ._blocks import Block, csv_data, facts, figure, table
from ._record_values import Record, count, model_name, number, part, parts
from ._style import ACCENT, INK, layout, percent, trace, whole_numbers

#: What is read of each row of the table.
COLUMNS = ("name", "mc1", "mc1_low", "mc1_high", "mc2", "corrected_share", "false_to_true",
           "true_to_false", "mcnemar_p", "kl", "perplexity_ratio", "reasoning_change")  # fmt: skip

#: What a direction says of statements of another kind than it was found with: key, words, dash.
_ELSEWHERE = (
    ("cross_topic", "on another topic", "dot"),
    ("affirmed_to_denied", "found on affirmations, tested on denials", "dash"),
)


def layer_scan(name: str, record: Record) -> Block:
    """Held-out accuracy of a truth direction by layer, from a record of `truth`."""
    rows = parts(record, "layers")
    x = [count(layer.get("layer"), "layer") for layer in rows]
    y = [number(layer.get("accuracy")) for layer in rows]
    up = [100 * (number(r.get("high")) - v) for r, v in zip(rows, y, strict=True)]
    down = [100 * (v - number(r.get("low"))) for r, v in zip(rows, y, strict=True)]
    traces = [
        trace(x, [100 * v for v in y], mode="lines+markers", name="held-out accuracy, 95 %",
              line={"color": ACCENT}, marker={"size": 7},
              error_y={"type": "data", "symmetric": False, "array": plain(up),
                       "arrayminus": plain(down), "thickness": 1, "width": 3}),
    ]  # fmt: skip
    for key, words, dash in _ELSEWHERE:
        values = [number(layer.get(key)) for layer in rows]
        if any(math.isfinite(v) for v in values):
            traces.append(
                trace(x, [100 * v for v in values], mode="lines+markers", name=words,
                      line={"color": INK, "dash": dash}, marker={"size": 6})
            )  # fmt: skip
    columns = ("layer", "accuracy", "low", "high", *(key for key, *_ in _ELSEWHERE))
    cells = [
        [at, *(number(layer.get(c)) for c in columns[1:])]
        for at, layer in zip(x, rows, strict=True)
    ]
    model = model_name(name, record)
    return figure(
        "layer-scan",
        f"{model}: how well each layer tells true from false",
        traces=traces,
        layout=layout(x=whole_numbers("layer", len(rows)), y=percent("accuracy")),
        alt="Held-out accuracy of a truth direction at each layer.",
        data=csv_data("layer-scan", columns, cells),
        height=360,
    )


def controlled_table(name: str, record: Record) -> list[Block | None]:
    """Steering beside its controls, from a record of `evaluate` or `truth`."""
    model = model_name(name, record)
    rows, raw = [], []
    for row in parts(record, "rows"):
        value = {key: number(row.get(key)) for key in COLUMNS[1:]}
        rows.append(
            (
                str(row.get("name")).replace("_", " "),
                f"{_percent(value['mc1'])} {_percents(value['mc1_low'], value['mc1_high'])}",
                _percent(value["mc2"]),
                _percent(value["corrected_share"]),
                f"{signed(value['false_to_true'], 0)} / {signed(value['true_to_false'], 0)}",
                "< .001" if value["mcnemar_p"] < 1e-3 else signed(value["mcnemar_p"], 3),
                signed(value["kl"], 3),
                signed(value["perplexity_ratio"], 2),
                _percent(value["reasoning_change"]),
            )
        )
        raw.append([str(row.get("name")), *value.values()])
    corrected = _percents(record.get("corrected_low"), record.get("corrected_high"))
    held = record.get("held")
    shown = [
        ("model", model, _vector(record) or "steered, on a test split"),
        ("corrected", f"{_percent(record.get('corrected_share'))} %", f"95 % {corrected}"),
        ("by random directions", f"{_percent(record.get('random_corrected_share'))} %",
         "mean; of equal norm"),
        ("verdict", str(record.get("verdict")).replace("_", " "),
         str(record.get("verdict_reason") or "")),
    ]  # fmt: skip
    if isinstance(held, dict):
        # What a model does not hold no vector can bring out.
        ends = _percents(held.get("low"), held.get("high"))
        text = f"right behind the cue to the truth; 95 % {ends}"
        shown.insert(3, ("the model holds", f"{_percent(held.get('accuracy'))} %", text))
    return [
        facts(*shown),
        table(
            f"{model}: steering beside its controls{_frame(record)}",
            ("added", "MC1 (%) [95 %]", "MC2 (%)", "corrected (%)", "to true / to false",
             "McNemar p", "KL (nats)", "perplexity ×", "reasoning (pp)"),
            rows,
            right=tuple(range(2, 9)),
            data=csv_data("steering", COLUMNS, raw),
        ),
    ]  # fmt: skip


def _vector(record: Record) -> str:
    """Which vector it was: method, layer, strength."""
    vector = record.get("vector")
    if not isinstance(vector, dict):
        return ""
    text = f"{str(vector.get('method')).replace('_', ' ')}, layer {vector.get('layer')}"
    strength = number(vector.get("strength"))
    return text if math.isnan(strength) else f"{text}, strength {strength:.3g}"


def _frame(record: Record) -> str:
    """How the questions were put, where the record says it: one model may be asked in several."""
    frame = part(record, "sets").get("frame")
    return f" (frame {frame})" if frame else ""


def _percent(value: object) -> str:
    return signed(100 * number(value), 1)


def _percents(low: object, high: object) -> str:
    return interval(100 * number(low), 100 * number(high), lambda v: signed(v, 1))
