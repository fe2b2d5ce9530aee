"""Inside a model: records of `heads`, `truth` and `evaluate` runs, read from a folder."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten

import numpy as np

from ...common.words import printable
from ..formats import interval, plain, signed, size
from ._blocks import Block, Csv, View, csv_data, facts, figure, lines, notice, table
from ._blocks import view as make_view
from ._record_values import Record, count, model_name, number, part, parts
from ._steering import controlled_table, layer_scan
from ._style import DIVERGING, INK, layout, trace, whole_numbers

_MOST_FILES = 200
_MOST_BYTES = 20_000_000
_QUESTION = "What do single heads and directions inside a model do, beside their controls?"
_HOW = (
    "nullcline heads MODEL --json > records/heads.json",
    "nullcline truth MODEL --json > records/layers.json",
    "nullcline evaluate MODEL --vector truth.safetensors --json > records/evaluate.json",
    "nullcline dashboard --records records",
)


def inside_view(folders: list[Path]) -> View:
    """Every record of the folders: head maps, layer scans, controlled steering tables."""
    blocks: list[Block | None] = []
    broken = []
    known: set[str] = set()
    files, left_out = _files(folders)
    for path in files:
        name = path.stem if path.stem != "record" else path.parent.name
        try:
            record = _read(path)
            shown = [] if record is None else _show(name, record)
            json.dumps(shown, allow_nan=False, ensure_ascii=False).encode("utf-8")  # as it is sent
        except Exception as error:  # anybody may have written it, and the others are to be shown
            broken.append(f"{printable(path.name)}: {_reason(error)}")
        else:
            blocks += _told_apart(shown, name, known)
    if broken or left_out:
        blocks.append(notice("Records that could not be shown", *broken, *left_out, tone="warning"))
    if not blocks:
        blocks = [notice("No records yet", "These commands make them:"), lines(*_HOW)]
    return make_view("Inside a model", _QUESTION, blocks)


def _reason(error: Exception) -> str:
    """Why a record is not shown, for people."""
    if isinstance(error, RecursionError):
        return "its values lie too deep inside one another"
    if isinstance(error, MemoryError):
        return "it holds more than there is memory for"
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return shorten(printable(str(error)) or type(error).__name__, 200, placeholder=" …")


def _files(folders: list[Path]) -> tuple[list[Path], list[str]]:
    """The files to read, and a line for each that is not."""
    found, left_out = [], []
    for folder in folders:
        for path in sorted(folder.rglob("*.json")):
            try:
                is_file, length = path.is_file(), path.stat().st_size
            except OSError as error:
                left_out.append(f"{printable(path.name)}: {error.strerror}")
                continue
            if not is_file:
                continue
            if length > _MOST_BYTES:
                left_out.append(
                    f"{printable(path.name)}: {length / 1e6:.0f} MB; "
                    f"at most {_MOST_BYTES / 1e6:.0f} MB are read"
                )
                continue
            found.append(path)
    if len(found) > _MOST_FILES:
        left_out.append(f"{len(found) - _MOST_FILES} more files; the first {_MOST_FILES} are read")
    return found[:_MOST_FILES], left_out


def _read(path: Path) -> Record | None:
    record = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(record, dict) and isinstance(record.get("result"), dict):
        record = record["result"]  # a run's record holds its result beside its settings
    return record if isinstance(record, dict) else None


def _told_apart(blocks: list[Block | None], name: str, known: set[str]) -> list[Block | None]:
    """The same, with the record's name in titles that another record has too: a reader of the
    screen goes from table to table by their titles."""
    for block in blocks:
        if block is not None and (block["kind"] == "table" or block["kind"] == "figure"):
            if block["title"] in known:
                block["title"] += f", {name}"
            known.add(block["title"])
    return blocks


def _show(name: str, record: Record) -> list[Block | None]:
    blocks: list[Block | None] = []
    if isinstance(record.get("heads"), list) and "completeness" in record:
        blocks += _heads(name, record)
    if isinstance(record.get("layers"), list):
        blocks.append(layer_scan(name, record))
    if isinstance(record.get("rows"), list) and "verdict" in record:
        blocks += controlled_table(name, record)
    return blocks


def _heads(name: str, record: Record) -> list[Block | None]:
    model, heads = model_name(name, record), parts(record, "heads")
    if not heads:
        raise ValueError("it lists no heads")
    of = _set_name(record, "truth")
    competing, whole = part(record, "competing"), part(record, "completeness")
    share = interval(number(competing.get("wilson_low")), number(competing.get("wilson_high")))
    columns = ("layer", "head", "truth", "truth_low", "truth_high", "truth_p", "reasoning",
               "reasoning_low", "reasoning_high", "reasoning_p", "competing")  # fmt: skip
    data = csv_data(
        "heads",
        columns,
        [
            (h["layer"], h["head"], *(number(part(h, k).get(e)) for k in ("truth", "reasoning")
             for e in ("effect", "low", "high", "p")), bool(h.get("competing")))
            for h in heads
        ],
    )  # fmt: skip
    marked = [h for h in heads if h.get("competing")]
    rows = [
        (
            f"{h['layer']}.{h['head']}",
            _effect(part(h, "truth")),
            _effect(part(h, "reasoning")),
        )
        for h in marked
    ]
    return [
        facts(
            ("model", model, _parameters(record)),
            ("competing heads", f"{competing.get('count', '–')} of {competing.get('of', '–')}",
             f"{competing.get('replicated', '–')} replicated; share 95 % {share}"),
            ("completeness", _tiny(whole.get("residual")),
             f"logits left over at most; an error above {_tiny(whole.get('tolerance'))}"),
            ("logit difference", _by_set(record.get("logit_difference"), signed),
             f"logits, mean over pairs: {_pairs(record.get('pairs'))}"),
        ),
        _head_map(model, heads, "truth", of, data),
        _head_map(model, heads, "reasoning", _set_name(record, "reasoning"), data),
        table(
            f"{model}: competing heads{of}",
            ("layer.head", "on truth (logits) [95 %]", "on reasoning (logits) [95 %]"),
            rows,
            note="Significant on both sets after Benjamini-Hochberg, with opposite signs.",
            data=data,
        )
        if marked
        else lines(f"{model}: no head works for one set and against the other."),
        _ablation(f"{model}: what held-out pairs lose without a head{of}", record),
        _published(record),
        _projection(record),
    ]  # fmt: skip


def _by_set(value: object, show: Callable[[float], str]) -> str:
    """A number, or the numbers of each set."""
    if isinstance(value, dict):
        numbers = [show(number(v)) for v in value.values() if isinstance(v, int | float)]
        return " / ".join(numbers) or "–"
    return show(number(value))


def _pairs(value: object) -> str:
    if not isinstance(value, dict):
        return "–" if value is None else str(value)
    texts = [
        f"{value[f'{kind}_count']} of {kind} ({value.get(kind)})"
        for kind in ("truth", "reasoning")
        if f"{kind}_count" in value
    ]
    return ", ".join(texts)


def _set_name(record: Record, kind: str) -> str:
    """The name of a set of pairs, in brackets: one model may have a record for each of several."""
    name = part(record, "pairs").get(kind)
    return f" ({name})" if name else ""


def _tiny(value: object) -> str:
    return f"{number(value):.1e}" if isinstance(value, int | float) else "–"


def _short(value: object) -> str:
    """A recorded value for people: three decimals."""
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    if isinstance(value, float):
        return signed(value, 3)
    return "–" if value is None else str(value)


def _parameters(record: Record) -> str:
    model = record.get("model")
    if not isinstance(model, dict):
        return ""
    texts = [f"{model[k]} {label}" for k, label in (("n_layers", "layers"), ("n_heads", "heads"))
            if k in model]  # fmt: skip
    if isinstance(model.get("params"), int | float):
        texts.append(size(float(model["params"])) + " parameters")
    return ", ".join(texts)


def _effect(effect: Record) -> str:
    ends = interval(number(effect.get("low")), number(effect.get("high")))
    return f"{signed(number(effect.get('effect')))} {ends}"


def _head_map(model: str, heads: list[Record], kind: str, name: str, data: Csv) -> Block:
    cells = [(count(h["layer"], "layer"), count(h["head"], "head")) for h in heads]
    layers, width = 1 + max(layer for layer, _ in cells), 1 + max(head for _, head in cells)
    values = np.full((layers, width), np.nan)
    for cell, h in zip(cells, heads, strict=True):
        values[cell] = number(part(h, kind).get("effect"))
    known = np.abs(values[np.isfinite(values)])
    reach = float(known.max()) if known.size and known.max() > 0 else 1.0
    marked = [h for h in heads if h.get("competing")]
    traces = [
        plain(
            {
                "type": "heatmap",
                "z": values,
                "zmin": -reach,
                "zmax": reach,
                "colorscale": DIVERGING,
                "colorbar": {"title": {"text": "logits"}, "thickness": 12},
                "hovertemplate": "layer %{y}, head %{x}: %{z:.3f}<extra></extra>",
            }
        ),
        trace(
            [h["head"] for h in marked],
            [h["layer"] for h in marked],
            mode="markers",
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": INK}},
            name="competing",
            hoverinfo="skip",
        ),
    ]
    return figure(
        f"heads-{kind}",
        f"{model}: direct effect of each head on the {kind} pairs{name}",
        traces=traces,
        layout=layout(x=whole_numbers("head", width), y=whole_numbers("layer", layers)),
        alt=f"A cell per head: its mean effect on the logit difference of the {kind} pairs. "
        "Crosses mark competing heads.",
        data=data,
        height=min(640, 160 + 26 * layers),
    )


def _ablation(title: str, record: Record) -> Block | None:
    ablated = parts(record, "ablation") if record.get("ablation") else []
    if not ablated:
        return None
    columns = ("layer", "head", "lost", "low", "high", "p")
    raw = [[number(row.get(column)) for column in columns] for row in ablated]
    rows = [
        (f"{layer:.0f}.{head:.0f}", signed(lost), interval(low, high), signed(p, 3))
        for layer, head, lost, low, high, p in raw
    ]
    return table(
        title,
        ("layer.head", "logits lost", "95 %", "p"),
        rows,
        right=(1, 3),
        data=csv_data("ablation", columns, raw),
    )


_PUBLISHED = {
    "competing_layers": "layers that compete (cosine below -.5 on most pairs)",
    "random_prompt_pairs": "the same, prompts paired at random",
    "shuffled_weights": "the same, weights shuffled",
    "of": "layers in all",
    "mean_cosine": "mean cosine, layer by layer",
    "mean_cosine_random": "the same, prompts paired at random",
    "mean_cosine_shuffled": "the same, weights shuffled",
    "mean_cosine_centred": "the same, the mean of independent text taken off",
}
_PROJECTION = {
    "hidden": "cosine of the mean truth and reasoning states",
    "logits": "after the unembedding",
    "null_mean": "after it, two random directions at that angle: mean",
    "null_low": "the same, lower end of 95 %",
    "null_high": "the same, upper end of 95 %",
    "wider": "through the published wider map",
    "plain_gelu": "through a GELU alone, its control",
}


def _published(record: Record) -> Block | None:
    title = f"The published definition, for comparison{_set_name(record, 'truth')}"
    return _quantities(record, "published", _PUBLISHED, title)


def _projection(record: Record) -> Block | None:
    title = f"What the unembedding does to the two{_set_name(record, 'truth')}"
    return _quantities(record, "projection", _PROJECTION, title)


def _quantities(record: Record, key: str, names: dict[str, str], title: str) -> Block | None:
    """The named values of one part of a record, in the order of their names."""
    values = part(record, key)
    rows = [(label, _short(values[name])) for name, label in names.items() if name in values]
    return table(title, ("quantity", "value"), rows) if rows else None
