"""Multiple-choice questions from JSON, as TruthfulQA has them."""

from collections.abc import Mapping
from pathlib import Path

from ...common.strict_json import parse_strictly
from ...common.words import shortened
from .._errors import InterpError
from .pairs import Question
from .text_file import read_text

_SHAPE = "give {answer: 1 or 0, …}, or choices and labels as two lists of one length"


def read_questions(path: Path | str) -> tuple[Question, ...]:
    """Multiple-choice questions from JSON: a list (or lines) of objects with `question` and
    `mc1_targets` / `mc2_targets`, as TruthfulQA has them: `{answer: 1 or 0}`, or `choices` with
    as many `labels`.

    How they are put to a model is no matter of the file, see `choose_frame`. Which option comes
    first does not matter.

    **Raises** `InterpError` with the file, the entry and the remedy: for what is no JSON or has a
    key twice, no or an empty question, an answer that is no text or stands twice, and labels that
    are not 1 or 0, not as many, or not the same in both targets.
    """
    path = Path(path)
    return tuple(
        _question(entry, f"{path}: entry {number}")
        for number, entry in enumerate(_entries(path), start=1)
    )


def _question(entry: object, location: str) -> Question:
    if not isinstance(entry, dict) or not isinstance(entry.get("question"), str):
        raise InterpError(f"{location}: has no question text; give 'question'")
    prompt = entry["question"].strip()
    if not prompt:
        raise InterpError(f"{location}: the question is empty; write it, or remove the entry")
    single = _targets(entry, "mc1_targets", location)
    many = _targets(entry, "mc2_targets", location) or single
    if not many:
        raise InterpError(f"{location}: has neither mc1_targets nor mc2_targets")
    single = single or many
    torn = next(
        (answer for answer in single if many.get(answer, single[answer]) != single[answer]), ""
    )
    if torn:
        raise InterpError(
            f"{location}: {shortened(torn)} is true in one of mc1_targets and mc2_targets and "
            "false in the other; correct one"
        )
    if not any(single.values()) or all(many.values()) or not any(many.values()):
        raise InterpError(f"{location}: needs at least one true and one false answer")
    options = tuple(dict.fromkeys([*many, *single]))
    return Question(
        prompt=prompt,
        options=options,
        right=tuple(many.get(option, single.get(option, False)) for option in options),
        best=options.index(next(answer for answer, label in single.items() if label)),
        topic=_word(entry, "topic", location) or _word(entry, "category", location),
        register=_word(entry, "register", location),
        split=_word(entry, "split", location),
        location=location,
    )


def _targets(entry: Mapping[str, object], key: str, location: str) -> dict[str, bool]:
    """Whether each answer is true; empty where the entry has none."""
    given = entry.get(key)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InterpError(f"{location}: {key} is {shortened(given)}; {_SHAPE}")
    if given.keys() >= {"choices", "labels"}:
        choices, labels = given["choices"], given["labels"]
        if not isinstance(choices, list) or not isinstance(labels, list):
            raise InterpError(f"{location}: {key} has choices or labels that are no list; {_SHAPE}")
        if len(choices) != len(labels):
            raise InterpError(
                f"{location}: {key} has {len(choices)} choices and {len(labels)} labels; {_SHAPE}"
            )
        pairs = list(zip(choices, labels, strict=True))
    else:
        pairs = list(given.items())
    targets: dict[str, bool] = {}
    for choice, label in pairs:
        answer = _answer(choice)
        if not answer:
            raise InterpError(
                f"{location}: {key} has {shortened(choice)} for an answer; give a text"
            )
        if answer in targets:
            raise InterpError(f"{location}: {key} has the answer {shortened(answer)} twice")
        if not isinstance(label, int | float) or label not in (0, 1):
            raise InterpError(
                f"{location}: {key} must give 1 or 0 for every answer, not {shortened(label)}"
            )
        targets[answer] = bool(label)
    return targets


def _answer(choice: object) -> str:
    """An answer's text, that of a number too; empty for anything else and for blanks alone."""
    if isinstance(choice, bool) or not isinstance(choice, str | int | float):
        return ""
    said = str(choice)
    return said if said.strip() else ""


def _word(entry: Mapping[str, object], key: str, location: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise InterpError(
            f"{location}: {key} is {shortened(value)}; give one word or leave it away"
        )
    return str(value)


def _entries(path: Path) -> list[object]:
    text = read_text(path)
    try:
        entries = parse_strictly(text)
    except ValueError as error:
        entries = _lines(path, text)
        if entries is None:
            raise InterpError(f"{path} is no JSON ({error}); correct it there") from None
    if not isinstance(entries, list) or not entries:
        raise InterpError(f"{path} holds no list of questions")
    return entries


def _lines(path: Path, text: str) -> list[object] | None:
    """The documents of a file of one document a line; None where its first line is none."""
    found: list[object] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(parse_strictly(line))
        except ValueError as error:
            if not found:
                return None
            raise InterpError(
                f"{path}: line {number} is no JSON ({error}); correct it there"
            ) from None
    return found
