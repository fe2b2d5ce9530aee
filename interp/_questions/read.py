"""Readers of pairs, questions and statements; every complaint names the file and the row."""

import csv
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...common.files import regular_bytes
from .._errors import InterpError
from .pairs import Pair, Question, Statement

LARGEST_FILE = 50 * 2**20
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
            f"{path}: the columns are {', '.join(sorted(columns))}; give prompt,true,false or "
            "statement,label"
        )
    pairs = []
    for location, row in rows:
        prompt, true, false = (
            _text(row, name, location, strip=name != "prompt")
            for name in ("prompt", "true", "false")
        )
        if true == false:
            raise InterpError(f"{location}: the true and the false answer are both {true!r}")
        pairs.append(
            Pair(
                prompt=prompt,
                true=true,
                false=false,
                topic=(row.get("topic") or "").strip(),
                location=location,
                counterfactual=(row.get("counterfactual") or "").strip() or None,
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
            f"{s.location}: no statement of the other label begins as {s.text!r}" for s in alone
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
        raise InterpError(
            f"{path}: the columns are {', '.join(sorted(columns))}; give statement,label"
        )
    statements = []
    for location, row in rows:
        label = (row["label"] or "").strip().lower().removesuffix(".0")
        if label not in TRUE_WORDS:
            raise InterpError(
                f"{location}: label {row['label']!r} is neither 1 (true) nor 0 (false)"
            )
        negated = (row.get("negated") or "").strip().lower()
        stem = path.stem
        statements.append(
            Statement(
                text=_text(row, "statement", location),
                label=TRUE_WORDS[label],
                topic=(row.get("topic") or stem.removeprefix("neg_")).strip(),
                register=(row.get("register") or "").strip(),
                negated=TRUE_WORDS.get(negated, stem.startswith("neg_")),
                split=(row.get("split") or "").strip(),
                location=location,
            )
        )
    return tuple(statements)


def read_questions(path: Path | str) -> tuple[Question, ...]:
    """Multiple-choice questions from JSON: a list (or lines) of objects with `question` and
    `mc1_targets` / `mc2_targets`, as TruthfulQA has them.

    How they are put to a model is no matter of the file, see `choose_frame`. Which option comes
    first does not matter.

    **Raises** `InterpError` with the file, the entry and the remedy.
    """
    path = Path(path)
    entries = _json_entries(path)
    questions = []
    for number, entry in enumerate(entries, start=1):
        location = f"{path}: entry {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("question"), str):
            raise InterpError(f"{location}: has no question text")
        single = _targets(entry, "mc1_targets", location)
        many = _targets(entry, "mc2_targets", location) or single
        if not many:
            raise InterpError(f"{location}: has neither mc1_targets nor mc2_targets")
        single = single or many
        if sum(single.values()) < 1 or all(many.values()) or not any(many.values()):
            raise InterpError(f"{location}: needs at least one true and one false answer")
        best = next(answer for answer, label in single.items() if label)
        options = tuple(dict.fromkeys([*many, *single]))
        questions.append(
            Question(
                prompt=entry["question"].strip(),
                options=options,
                right=tuple(bool(many.get(o, single.get(o))) for o in options),
                best=options.index(best),
                topic=str(entry.get("topic") or entry.get("category") or ""),
                register=str(entry.get("register") or ""),
                split=str(entry.get("split") or ""),
                location=location,
            )
        )
    return tuple(questions)


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


def _targets(entry: dict[str, Any], key: str, location: str) -> dict[str, int]:
    targets = entry.get(key) or {}
    if isinstance(targets, dict) and {"choices", "labels"} <= set(targets):
        targets = dict(zip(targets["choices"], targets["labels"], strict=False))
    if not isinstance(targets, dict) or any(label not in (0, 1) for label in targets.values()):
        raise InterpError(f"{location}: {key} must give 1 or 0 for every answer")
    return {str(answer): int(label) for answer, label in targets.items()}


def _json_entries(path: Path) -> list[Any]:
    text = _read_text(path)
    try:
        entries = json.loads(text)
    except ValueError as whole:
        try:
            entries = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise InterpError(f"{path} is no JSON ({whole})") from None
    if not isinstance(entries, list) or not entries:
        raise InterpError(f"{path} holds no list of questions")
    return entries


def _rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Every row with its location, the header being row 1."""
    reader = csv.DictReader(_read_text(path).splitlines(keepends=True))
    try:
        rows = [(f"{path}: row {number}", row) for number, row in enumerate(reader, start=2)]
    except csv.Error as error:
        raise InterpError(f"{path} is no CSV ({error})") from None
    if not rows:
        raise InterpError(f"{path} holds no rows; the first line names the columns")
    return [(location, {str(k).strip(): v for k, v in row.items()}) for location, row in rows]


def _text(row: dict[str, Any], name: str, location: str, *, strip: bool = True) -> str:
    value = row.get(name) or ""
    if not value.strip():
        raise InterpError(f"{location}: {name} is empty")
    return value.strip() if strip else value


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InterpError(f"{path} has over {LARGEST_FILE // 2**20} MB; split it")
        return regular_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InterpError(f"{path} is not UTF-8 text; save it as CSV or JSON in UTF-8") from None
    except OSError as error:
        raise InterpError(f"{path}: {error.strerror or error}") from None
