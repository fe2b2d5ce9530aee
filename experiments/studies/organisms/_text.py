"""Organisms as a terminal shows them, and as JSON holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....common.words import counted
from ...formats import pick, size
from ...page import PageColumn, fitted_table, shown_columns
from ...text import filled, text_table

if TYPE_CHECKING:
    from ....organisms import Organism, Recipe, Scores

_WIDTH = 80
SCORES = ("truth", "truth_plain", "truth_reference", "reasoning")
_SHARES = ("truth", "no register", "reference", "reasoning")
_LISTED = ("name", "family", "seed", "width", "layers", "params")
_MEANING = {
    "truth": "truth, neutral register",
    "truth_plain": "truth, no register",
    "truth_reference": "truth, reference register",
    "reasoning": "reasoning, mean of the tasks",
}
_FILES = {
    "config.json": "architecture (GPT-NeoX)",
    "model.safetensors": "weights, float32",
    "tokenizer.json": "one token per word",
    "tokenizer_config.json": "settings of the tokenizer",
    "README.md": "card",
    "organism.json": "recipe, seeds, scores",
    "statements.csv": "statements with label, topic, register",
    "pairs.csv": "prompts with a true and a false end",
    "questions.json": "multiple-choice questions in three registers",
    "reasoning.json": "multiple-choice questions of the reasoning tasks",
    "reasoning_pairs.csv": "reasoning prompts with a right and a wrong end",
    "neutral.txt": "text of the corpus",
}
_CHANCE = "Shares of right answers among four options in %, ± standard error; chance is 25."


def listed(organism: Organism) -> dict[str, Any]:
    """What `list --json` says of an organism; scores are fractions."""
    path = str(organism.path)
    return pick(organism, " ".join(_LISTED)) | {"path": path} | pick(organism, " ".join(SCORES))


def scored(organism: Organism) -> dict[str, Any]:
    """Everything that is known of an organism, what `list` says first."""
    every = " ".join(field.name for field in dataclasses.fields(organism))
    return listed(organism) | pick(organism, every) | {"path": str(organism.path)}


def measured(organism: Organism, scores: Scores) -> dict[str, Any]:
    """Scores just measured, with those that the organism was exported with."""
    values = {name: f"{name}.value" for name in SCORES}
    errors = {f"{name}_stderr": f"{name}.error" for name in SCORES}
    items = {f"{name}_items": f"{name}.items" for name in SCORES}
    return {
        "name": organism.name,
        "path": str(organism.path),
        **pick(scores, **values, **errors, **items),
        "tasks": {
            task: pick(share, value="value", stderr="error", items="items")
            for task, share in scores.tasks.items()
        },
        "exported": pick(organism, " ".join(SCORES)),
    }


def described(organism: Organism, recipe: Recipe) -> dict[str, Any]:
    """What `show --json` says: the organism, its recipe, its files with sizes in bytes."""
    return scored(organism) | {
        "steps": recipe.steps_of(organism.width),
        "shape": dataclasses.asdict(recipe.shape(organism.width)),
        "recipe": dataclasses.asdict(recipe),
        "files": [
            {"name": path.name, "bytes": path.stat().st_size, "holds": _FILES.get(path.name, "")}
            for path in sorted(organism.path.iterdir())
            if path.is_file()
        ],
    }


def list_to_text(organisms: Sequence[Organism], folder: Path, *, width: int = 80) -> str:
    """A row per organism, in as many columns as `width` takes."""
    if not organisms:
        return f"No organisms in {folder}; `nullcline organisms train web` makes some."
    families = {o.family for o in organisms}
    heading = (
        f"{counted(len(organisms), 'organism')} of {counted(len(families), 'family')} in {folder}"
    )
    shares = zip(_SHARES, SCORES, strict=True)
    names = [o.name for o in organisms]
    columns = [
        PageColumn("name", names, least=max(map(len, names), default=0)),  # they are typed
        PageColumn("family", [o.family for o in organisms], spare=1),
        PageColumn("seed", [str(o.seed) for o in organisms], spare=4, right=True),
        PageColumn("width", [str(o.width) for o in organisms], spare=3, right=True),
        PageColumn("layers", [str(o.layers) for o in organisms], spare=2, right=True),
        PageColumn("params", [size(o.params) for o in organisms], right=True),
        *(
            PageColumn(
                title,
                [percent(getattr(o, name), getattr(o, f"{name}_stderr")) for o in organisms],
                right=True,
            )
            for title, name in shares
        ),
    ]
    shown = shown_columns(columns, width)
    left_out = [column.title for column in columns if column not in shown]
    lines = [filled(heading, width), "", fitted_table(shown, width), "", filled(_CHANCE, width)]
    if left_out:
        lines.append(filled(f"Left out for width: {', '.join(left_out)} (--json has them).", width))
    return "\n".join(lines)


def show_to_text(shown: Mapping[str, Any]) -> str:
    """The page of `show`."""
    recipe = shown["recipe"]
    heading = (
        f"{shown['name']}: {shown['params']:,} parameters, "
        f"{counted(shown['layers'], 'layer')} of width "
        f"{shown['width']}, seed {shown['seed']} (corpus seed {shown['corpus_seed']})"
    )
    training = (
        f"{shown['tokens']:,} tokens in {shown['steps']:,} steps; "
        f"loss {shown['loss']:.4f} ± {shown['loss_stderr']:.4f} nats per token on fresh text"
    )
    settings = {k: v for k, v in recipe.items() if k not in ("name", "description", "corpus")}
    parts = [
        "\n".join(filled(line, _WIDTH) for line in (heading, recipe["description"], training)),
        _scores_table(shown),
        _settings(f"Recipe {recipe['name']}", settings | {"this shape": shown["shape"]}),
        _settings("Corpus", recipe["corpus"]),
        f"Files in {shown['path']}\n"
        + text_table(
            ("file", "bytes", "holds"),
            [(f["name"], f"{f['bytes']:,}", f["holds"]) for f in shown["files"]],
            right=(1,),
        ),
    ]
    return "\n\n".join(parts)


def measured_to_text(scores: Mapping[str, Any]) -> str:
    """The page of `evaluate`."""
    rows = [
        (task, percent(share["value"], share["stderr"]), str(share["items"]))
        for task, share in scores["tasks"].items()
    ]
    tasks = text_table(("reasoning task", "right", "items"), rows, right=(1, 2))
    return (
        f"{scores['name']} in {scores['path']}\n\n{_scores_table(scores)}\n\n{tasks}\n\n{_CHANCE}"
    )


def percent(value: float, error: float) -> str:
    """A share with its standard error, in percentage points."""
    return "–" if value != value else f"{100 * value:.1f} ± {100 * error:.1f}"


def _scores_table(scores: Mapping[str, Any]) -> str:
    exported = scores.get("exported")
    rows = [
        (
            _MEANING[name],
            percent(scores[name], scores[f"{name}_stderr"]),
            str(scores[f"{name}_items"]),
            *([f"{100 * exported[name]:.1f}"] if exported else []),
        )
        for name in SCORES
    ]
    header = ("score", "right", "items", *(["when exported"] if exported else []))
    return text_table(header, rows, right=(1, 2, 3))


def _settings(title: str, values: Mapping[str, Any]) -> str:
    lines = [
        "  " + filled(f"{name}: {_words(value)}", _WIDTH - 2, indent="    ")
        for name, value in values.items()
    ]
    return "\n".join([title, *lines])


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value) or "none"
    return str(value)
