"""One family of models, written in the ways in which people write tables."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

#: (size, HellaSwag, TruthfulQA, MMLU) as fractions.
SCORES = [
    (160e6, 0.3010, 0.4420, 0.2530),
    (410e6, 0.4070, 0.4110, 0.2560),
    (1400e6, 0.5240, 0.3880, 0.2600),
    (2800e6, 0.6050, 0.3550, 0.2710),
    (6900e6, 0.6690, 0.3310, 0.2950),
]
FILES = (
    *("csv", "semicolon", "tsv", "markdown", "json", "json columns", "jsonl", "excel", "parquet"),
)
_HEADINGS = (
    ("hellaswag", "truthfulqa_mc2", "mmlu"),
    ("HellaSwag", "TruthfulQA MC2", "MMLU"),
    ("HellaSwag (10-shot)", "TruthfulQA (MC2) ↑", "MMLU (5-shot, acc)"),
    ("hellaswag_acc_norm", "truthfulqa_mc2_acc", "mmlu_acc"),
    ("hellaswag/acc_norm,none", "truthfulqa_mc2/acc,none", "mmlu/acc,none"),
    ("HELLASWAG ⬆️", "tqa_mc2", "Mmlu"),
    ("harness|hellaswag|10", "TruthfulQA (mc2, 0-shot)", "5-shot MMLU"),
)
_SIZES = (
    ("params", lambda n: f"{n:.0f}"),
    ("params", lambda n: f"{n / 1e6:.0f}M"),
    ("Params", lambda n: f"{n / 1e9:.4g}B"),
    ("#Params (B)", lambda n: f"{n / 1e9:.4g}"),
    ("Params (M)", lambda n: f"{n / 1e6:.0f}"),
    ("Model Size (B)", lambda n: f"{n / 1e9:.4g}"),
    ("size", lambda n: f"{n / 1e6:.0f} million"),
    ("Parameters", lambda n: f"{n / 1e9:.4g}bn"),
    ("params", lambda n: f"{n / 1e9:.4g} B".replace(".", ",")),
    (None, None),  # in the name alone
)
_SCORES = {
    "percent": lambda s: f"{100 * s:.2f}",
    "fraction": lambda s: f"{s:.4f}",
    "sign": lambda s: f"{100 * s:.2f}%",
    "error": lambda s: f"{100 * s:.2f} ± 0.5",
    "bold": lambda s: f"**{100 * s:.2f}**",
    "space": lambda s: f"\u00a0{100 * s:.2f}\u202f",
    "mark": lambda s: f"{100 * s:.2f}*",
}
_NAMES = {
    "plain": "{}",
    "hub": "acme/{}",
    "html": '<a target="_blank" href="https://huggingface.co/acme/{0}">{0}</a>',
    "markdown": "[{0}](https://huggingface.co/acme/{0})",
    "hf": "acme/{}-hf",
}


@dataclass(frozen=True)
class Clothes:
    """How the table is written: see `CLOTHES` for what each may be."""

    file: str = "csv"
    shape: str = "wide"
    headings: int = 0
    size: int = 0
    score: str = "percent"
    name: str = "plain"
    family: bool = True
    comma: bool = False
    encoding: str = "utf-8"
    packed: bool = False
    title: bool = False
    footnote: bool = False
    total: bool = False
    extras: bool = False
    split: bool = False
    order: tuple[int, ...] = (0, 1, 2, 3, 4)
    columns: int = 0
    missing: str | None = None


def headings_of(clothes: Clothes) -> list[str]:
    """The headings that the table is written with."""
    return list(_columns(clothes))


def dressed(folder: Path, clothes: Clothes) -> list[Path]:
    """Write the table, in two files where it is split; the paths."""
    folder.mkdir(exist_ok=True, parents=True)
    columns = _columns(clothes)
    if not clothes.split:
        return [_write(folder, "table", columns, clothes)]
    first, second, third = _HEADINGS[clothes.headings]
    left = {h: cells for h, cells in columns.items() if h != second}
    right = {h: cells for h, cells in columns.items() if h not in (first, third)}
    return [_write(folder, "one", left, clothes), _write(folder, "two", right, clothes)]


def _columns(clothes: Clothes) -> dict[str, list[str]]:
    rows = [SCORES[i] for i in clothes.order]
    columns: dict[str, list[str]] = {}
    if clothes.extras:
        columns["rank"] = [str(i + 1) for i in range(len(rows))]
        columns["Unnamed: 0"] = [str(7 * i % 5) for i in range(len(rows))]
    if clothes.family:
        columns["family"] = ["Elm" for _ in rows]
    names = [f"elm-{row[0] / 1e6:.0f}m" for row in rows]
    columns["model"] = [_NAMES[clothes.name].format(name) for name in names]
    heading, write = _SIZES[clothes.size]
    if heading is not None and write is not None:
        columns[heading] = [_comma(write(row[0]), clothes) for row in rows]
    for place, heading in enumerate(_HEADINGS[clothes.headings], start=1):
        cells = [_comma(_SCORES[clothes.score](row[place]), clothes) for row in rows]
        if place == 2 and clothes.missing is not None:
            cells[2] = clothes.missing
        columns[heading] = cells
    if clothes.extras:
        columns["Average ⬆️"] = [f"{100 * sum(row[1:]) / 3:.2f}" for row in rows]
        columns["Likes"] = [str(3 * i) for i in range(len(rows))]
        columns["Architecture"] = ["ElmForCausalLM" for _ in rows]
    keys = list(columns)
    turn = clothes.columns % len(keys)
    return {key: columns[key] for key in (*keys[turn:], *keys[:turn])}


def _comma(text: str, clothes: Clothes) -> str:
    return text.replace(".", ",") if clothes.comma else text


def _long(columns: dict[str, list[str]], clothes: Clothes) -> dict[str, list[str]]:
    """One row a score."""
    scored = [h for h in _HEADINGS[clothes.headings] if h in columns]
    said = [h for h in columns if h not in scored and h not in ("rank", "Average ⬆️")]
    long: dict[str, list[str]] = {h: [] for h in (*said, "task", "value")}
    for i in range(len(columns["model"])):
        for heading in scored:
            for h in said:
                long[h].append(columns[h][i])
            long["task"].append(heading)
            long["value"].append(columns[heading][i])
    return long


def _transposed(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """One column a model."""
    names = columns["model"]
    turned = {"dataset": [h for h in columns if h != "model"]}
    for i, name in enumerate(names):
        turned[name] = [columns[h][i] for h in turned["dataset"]]
    return turned


def _write(folder: Path, stem: str, columns: dict[str, list[str]], clothes: Clothes) -> Path:
    if clothes.shape == "long":
        columns = _long(columns, clothes)
    elif clothes.shape == "transposed":
        columns = _transposed(columns)
    frame = pd.DataFrame(columns)
    file = clothes.file
    if file == "excel":
        frame.to_excel(folder / f"{stem}.xlsx", index=False)
        return folder / f"{stem}.xlsx"
    if file == "parquet":
        frame.to_parquet(folder / f"{stem}.parquet")
        return folder / f"{stem}.parquet"
    text, suffix = _text(frame, clothes)
    content = text.encode(clothes.encoding, "replace")
    path = folder / f"{stem}.{suffix}"
    if clothes.packed:
        path, content = folder / f"{stem}.{suffix}.gz", gzip.compress(content)
    path.write_bytes(content)
    return path


def _text(frame: pd.DataFrame, clothes: Clothes) -> tuple[str, str]:
    records = frame.to_dict(orient="records")
    if clothes.file == "json":
        return json.dumps(records, ensure_ascii=False), "json"
    if clothes.file == "json columns":
        return frame.to_json(force_ascii=False), "json"
    if clothes.file == "jsonl":
        return "\n".join(json.dumps(r, ensure_ascii=False) for r in records), "jsonl"
    if clothes.file == "markdown":
        rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
        # A bar in a heading would end its cell.
        lines = ["| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in rows]
        return "Our results.\n\n" + "\n".join(lines) + "\n\nThanks.\n", "md"
    mark = {"csv": ",", "semicolon": ";", "tsv": "\t"}[clothes.file]
    text = frame.to_csv(index=False, sep=mark)
    width = len(frame.columns)
    if clothes.total and clothes.shape == "wide":
        text += mark.join(["Total", *["100"] * (width - 1)]) + "\n"
    if clothes.footnote:
        text += "\nSource: our cluster\n"
    if clothes.title:
        text = "# exported 2024-03-01\nResults of March" + mark * (width - 1) + "\n" + text
    return (f"sep={mark}\n{text}" if clothes.file == "semicolon" else text), "csv"


def _possible(clothes: Clothes) -> bool:
    """Leave out what nobody writes, or what says something else."""
    plain_text = clothes.file in ("csv", "semicolon", "tsv")
    if clothes.encoding != "utf-8" and not plain_text:
        return False
    if clothes.encoding == "cp1252" and (clothes.headings in (2, 5) or clothes.score == "space"):
        return False  # it has no arrows and no narrow spaces
    if clothes.packed and clothes.file in ("excel", "parquet"):
        return False
    return clothes.shape != "transposed" or not (
        clothes.extras or clothes.name in ("html", "markdown")
    )


CLOTHES = st.builds(
    Clothes,
    file=st.sampled_from(FILES),
    shape=st.sampled_from(["wide", "wide", "long", "transposed"]),
    headings=st.integers(0, len(_HEADINGS) - 1),
    size=st.integers(0, len(_SIZES) - 1),
    score=st.sampled_from(sorted(_SCORES)),
    name=st.sampled_from(sorted(_NAMES)),
    family=st.booleans(),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    packed=st.booleans(),
    title=st.booleans(),
    footnote=st.booleans(),
    total=st.booleans(),
    extras=st.booleans(),
    split=st.booleans(),
    order=st.permutations(range(5)).map(tuple),
    columns=st.integers(0, 9),
).filter(_possible)
