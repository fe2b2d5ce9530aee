"""Readers of pairs and statements; every complaint names the file and the row."""

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...common.words import shortened
from .._errors import InterpError
from .multiple_choice import read_questions
from .pairs import Pair, Statement
from .text_file import read_text

TRUE_WORDS = {"1": True, "true": True, "0": False, "false": False}


@dataclasses.dataclass(frozen=True)
class PairFile:
    """What a file holds: `pairs`; whether they were read from `questions` (of which each gives its
    best answer and its first false one); and a line for each statement that found no partner."""

    pairs: tuple[Pair, ...]
    questions: bool = False
    alone: tuple[str, ...] = ()


def read_pairs(path: Path | str) -> tuple[Pair, ...]:
    """Pairs from a file.

    Understood: CSV with the columns `prompt,true,false` (and `topic`, `counterfactual`); CSV with
    `statement,label`, where a true and a false statement that begin alike make a pair; JSON of
    multiple-choice questions as in TruthfulQA.

    **Raises** `InterpError` with the file, the row and the remedy.
    """
    return read_pair_file(path).pairs


def read_pair_file(path: Path | str) -> PairFile:
    """The same, with what else is to be said of the file. **Raises** as `read_pairs`."""
    path = Path(path)
    if path.suffix.lower() == ".json":
        read = tuple(question.pair() for question in read_questions(path))
        return PairFile(read, questions=True)
    rows = _rows(path)
    columns = set(rows[0][1])
    if {"statement", "label"} <= columns:
        return _of_statements(path)
    if not {"prompt", "true", "false"} <= columns:
        raise InterpError(
            f"{path}: the columns are {_named(columns)}; give prompt,true,false or statement,label"
        )
    pairs = []
    for location, row in rows:
        prompt, true, false = (
            _text(row, name, location, strip=name != "prompt")
            for name in ("prompt", "true", "false")
        )
        if true == false:
            raise InterpError(
                f"{location}: the true and the false answer are both {shortened(true)}"
            )
        pairs.append(
            Pair(
                prompt=prompt,
                true=true,
                false=false,
                topic=row.get("topic", "").strip(),
                location=location,
                counterfactual=row.get("counterfactual", "").strip() or None,
            )
        )
    return PairFile(tuple(pairs))


def _of_statements(path: Path) -> PairFile:
    statements = read_statements(path)
    pairs = pair_statements(statements, name=str(path))
    paired = {f"{p.prompt} {end}" for p in pairs for end in (p.true, p.false)}
    alone = [s for s in statements if " ".join(s.text.split()) not in paired]
    return PairFile(
        pairs,
        alone=tuple(
            f"{s.location}: no statement of the other label begins as {shortened(s.text, 200)}"
            for s in alone
        ),
    )


def read_statements(path: Path | str) -> tuple[Statement, ...]:
    """Labelled statements from a CSV with `statement,label` (Geometry of Truth), optionally with
    `topic`, `register`, `negated` and `split`; the topic is the file's name where none is given.

    **Raises** `InterpError` with the file, the row and the remedy.
    """
    path = Path(path)
    rows = _rows(path)
    columns = set(rows[0][1])
    if not {"statement", "label"} <= columns:
        raise InterpError(f"{path}: the columns are {_named(columns)}; give statement,label")
    statements = []
    for location, row in rows:
        label = row["label"].strip().lower().removesuffix(".0")
        if label not in TRUE_WORDS:
            raise InterpError(
                f"{location}: label {shortened(row['label'])} is neither 1 (true) nor 0 (false)"
            )
        negated = row.get("negated", "").strip().lower()
        stem = path.stem
        statements.append(
            Statement(
                text=_text(row, "statement", location),
                label=TRUE_WORDS[label],
                topic=(row.get("topic") or stem.removeprefix("neg_")).strip(),
                register=row.get("register", "").strip(),
                negated=TRUE_WORDS.get(negated, stem.startswith("neg_")),
                split=row.get("split", "").strip(),
                location=location,
            )
        )
    return tuple(statements)


def pair_statements(
    statements: Sequence[Statement], *, name: str = "statements"
) -> tuple[Pair, ...]:
    """Pairs from statements: a true and a false one that share at least their first half.

    The longest shared beginning wins; every statement is used once. **Raises** `InterpError` where
    no two fit.
    """
    false: dict[tuple[str, ...], list[Statement]] = {}
    for statement in statements:
        if not statement.label:
            words = statement.text.split()
            for count in range(-(-len(words) // 2), len(words)):
                false.setdefault(tuple(words[:count]), []).append(statement)
    used: set[int] = set()
    pairs = []
    for statement in statements:
        words = statement.text.split()
        if not statement.label:
            continue
        for count in range(len(words) - 1, -(-len(words) // 2) - 1, -1):
            fits = [s for s in false.get(tuple(words[:count]), ()) if id(s) not in used]
            fits = [s for s in fits if s.text != statement.text]
            if fits:
                used.add(id(fits[0]))
                pairs.append(
                    Pair(
                        prompt=" ".join(words[:count]),
                        true=" ".join(words[count:]),
                        false=" ".join(fits[0].text.split()[count:]),
                        topic=statement.topic,
                        location=statement.location,
                    )
                )
                break
    if not pairs:
        raise InterpError(
            f"{name}: no true and false statement begin alike; give prompt,true,false instead"
        )
    return tuple(pairs)


def _rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Every row with its location, the header being row 1; a missing cell is empty.

    **Raises** `InterpError` for what is no CSV, a column that stands twice, and a row with more
    cells than there are columns: a comma in a text without quotes moves all that follows.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    try:
        header, *lines = [cells for cells in reader if cells] or [[]]
    except csv.Error as error:
        raise InterpError(f"{path} is no CSV ({error})") from None
    columns = [name.strip() for name in header]
    twice = next((name for name in columns if name and columns.count(name) > 1), "")
    if twice:
        raise InterpError(f"{path}: row 1 has the column {shortened(twice)} twice; rename one")
    if not lines:
        raise InterpError(f"{path} holds no rows; the first line names the columns")
    rows = []
    for number, cells in enumerate(lines, start=2):
        location = f"{path}: row {number}"
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise InterpError(
                f"{location}: {len(cells)} cells for {len(columns)} columns; put a text with a "
                "comma in quotes"
            )
        filled = [*cells, *[""] * (len(columns) - len(cells))]
        rows.append((location, dict(zip(columns, filled, strict=False))))
    return rows


def _text(row: Mapping[str, str], name: str, location: str, *, strip: bool = True) -> str:
    value = row[name]
    if not value.strip():
        raise InterpError(f"{location}: {name} is empty")
    return value.strip() if strip else value


def _named(columns: set[str]) -> str:
    return shortened(", ".join(sorted(columns)), 200)[1:-1]
