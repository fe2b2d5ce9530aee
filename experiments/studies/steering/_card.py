"""A controlled table as a model card: Markdown with its YAML, and the same result as JSON."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from ....common.files import whole_file
from ...formats import added, signed, to_json
from ...markdown import code, table
from ...models import short_name
from ._card_words import USE, VERDICTS, limits
from ._json import steering_to_dict
from ._study import SteeringStudy

_NAMES = {
    "steered": "this vector",
    "strength_0": "nothing added (strength 0)",
    "random": "random directions of equal length",
    "random_max": "the random direction that corrects most",
    "shuffled_labels": "labels of the statements shuffled",
    "truthful_prompt": "no vector, the cue in the prompt",
    "published_rule": "the published rule",
}


def card_paths(file: Path) -> tuple[Path, Path]:
    """The Markdown and the JSON that `file` stands for: with or without `.md`.

    **Raises** `ValueError` where a folder has one of the names.
    """
    stem = file.with_suffix("") if file.suffix == ".md" else file
    paths = stem.with_name(f"{stem.name}.md"), stem.with_name(f"{stem.name}.json")
    for path in paths:
        if path.is_dir():
            raise ValueError(f"--card {file}: {path} is a folder; give another name")
    return paths


def write_card(file: Path, study: SteeringStudy) -> tuple[Path, Path]:
    """Write `FILE.md` and `FILE.json`, whole: neither is touched before both are written beside."""
    markdown, data = card_of(study)
    text, result = card_paths(file)
    with contextlib.ExitStack() as written:
        for path, content in ((result, data), (text, markdown)):
            written.enter_context(whole_file(path)).write_text(content, encoding="utf-8")
    return text, result


def card_of(study: SteeringStudy) -> tuple[str, str]:
    """The card and the JSON beside it: what `nullcline evaluate --json` prints, with the model's
    own name in place of the path where it lies."""
    found = steering_to_dict(study)
    found["model"] |= {"name": short_name(study.model.name)}
    matter = _front_matter(study)
    return f"---\n{matter}---\n\n{_body(found, study)}\n", to_json(found) + "\n"


def _front_matter(study: SteeringStudy) -> str:
    import yaml

    values: dict[str, Any] = {"library_name": "nullcline"}
    if base := _hub_id(study):
        values |= {"base_model": base, "base_model_relation": "adapter"}
    values["tags"] = ["steering-vector", "activation-steering"]
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _hub_id(study: SteeringStudy) -> str | None:
    """The model's name on the hub, None for a local one, of which nobody else knows."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    name = study.model.name
    if study.model.folder is not None or name.count("/") != 1 or Path(name).exists():
        return None
    try:
        validate_repo_id(name)
    except HFValidationError:
        return None
    return name


def _body(found: dict[str, Any], study: SteeringStudy) -> str:
    model, vector = found["model"], found["vector"]
    verdict = found["verdict"]
    steered = found["rows"][0]
    lines = [
        f"# Steering vector for {code(model['name'])}: what it does to answers",
        "",
        f"**Verdict: {verdict.replace('_', ' ')}.** {VERDICTS[verdict]}",
        "",
        f"In figures: {found['verdict_reason']}.",
    ]
    if not steered["false_to_true"] and not steered["true_to_false"]:
        lines.append("It changed the side of no answer.")
    lines += [
        "",
        table(["", ""], [[name, said] for name, said in _facts(model, vector, found)]),
        "",
        "## The controlled table",
        "",
        _table(found),
        "",
        f"Over {found['questions']} questions of the test split, of which the model answers "
        f"{found['answered_falsely']} falsely without the vector. MC1: share of questions whose "
        "likeliest answer is right; corrected: of the false answers, the share that became right; "
        "right lost: of right answers in every register; KL (median, nats) and perplexity on "
        "neutral text; reasoning: change in points. Intervals are Wilson's at 95 %, p McNemar's, "
        f"exact. Shuffled labels are those of {code(found['shuffled_method'])}"
        f"{_stand_in(found)}. The last row has a place of its own, all others share the vector's.",
        "",
        "## What it costs",
        "",
        *_costs(found),
        "",
        "## Questions and texts",
        "",
        *_sets(found, study),
        "",
        "## What this does not say",
        "",
        *[f"- {line}" for line in limits(found)],
        "",
        "## Use",
        "",
        USE,
    ]
    return "\n".join(lines)


def _stand_in(found: dict[str, Any]) -> str:
    if found["shuffled_method"] == found["vector"]["method"]:
        return ""
    return ", for this vector's own method is not known here; no longer than it"


def _facts(
    model: dict[str, Any], vector: dict[str, Any], found: dict[str, Any]
) -> list[tuple[str, str]]:
    quantised = model["quantisation"]
    layers = ", ".join(map(str, vector["layers"]))
    condition = vector["condition_accuracy"]
    where = code(vector["positions"])
    if condition is not None:
        where += (
            f", where they look like a plain question (right on {_percent(condition)} % of them)"
        )
    own = [] if vector["file"] is None else [
        ("vector's file", f"{code(vector['file'])}, SHA-256 {code(vector['file_sha256'])}")
    ]  # fmt: skip
    note = [] if not vector["note"] else [("note", code(vector["note"]))]
    return [
        ("model", f"{code(model['name'])}, {code(model['architecture'])}, {model['n_layers']} "
                  f"layers, width {model['d_model']}"),
        ("revision", code(model["revision"] or "not said")),
        ("weights", f"SHA-256 {code(model['fingerprint'])}; "
                    + ("not quantised" if quantised is None else f"quantised: {code(quantised)}")),
        *own,
        ("what is added", f"SHA-256 {code(vector['sha256'])}"),
        ("found by", f"{code(vector['method'])}, {code(vector['contrast'])}"),
        ("layers", f"{layers}, counted from 0, after the {vector['site']}"),
        ("positions", where),
        ("strength", f"{vector['strength']:g} ({vector['strength_unit']}: {vector['norm']:.4g})"),
        ("frame", f"{vector_frame(found)}"),
        *note,
    ]  # fmt: skip


def vector_frame(found: dict[str, Any]) -> str:
    """The frame that questions were put in, in words."""
    from ....interp import FRAMES

    frame = found["sets"]["frame"]
    return f"{frame}: questions are put {FRAMES[frame]}"


def _table(found: dict[str, Any]) -> str:
    rows = [
        [
            _NAMES[row["name"]] + (f", mean of {row['count']}" if row["count"] > 1 else ""),
            f"{_percent(row['mc1'])} [{_percent(row['mc1_low'])}, {_percent(row['mc1_high'])}]",
            _percent(row["mc2"]),
            f"{row['false_to_true']:.3g}",
            f"{row['true_to_false']:.3g}",
            "< .0001" if row["mcnemar_p"] < 1e-4 else _number(row["mcnemar_p"], 4),
            f"{_percent(row['corrected_share'])} [{_percent(row['corrected_low'])}, "
            f"{_percent(row['corrected_high'])}]",
            _percent(row["right_lost"]),
            _number(row["kl"], 3),
            _number(row["perplexity_ratio"], 2),
            _percent(row["reasoning_change"], sign=True),
        ]
        for row in found["rows"]
    ]
    header = ["", "MC1 % [95 %]", "MC2 %", "false→true", "true→false", "p", "corrected % [95 %]",
              "right lost %", "KL", "perplexity ×", "reasoning"]  # fmt: skip
    return table(header, rows, right=range(1, 11))


def _costs(found: dict[str, Any]) -> list[str]:
    right, budget, steered = found["right_answers"], found["budget"], found["rows"][0]
    return [
        f"- Right answers lost: {right['lost']} of {right['count']} [{_percent(right['low'])}, "
        f"{_percent(right['high'])}] %; the verdict allows {_percent(budget['lost'])} %.",
        f"- Neutral text: median KL {_number(steered['kl'], 3)} nats, perplexity times "
        f"{_number(steered['perplexity_ratio'], 2)}; the verdict allows {budget['kl']:g} nats.",
        f"- Reasoning: {_percent(steered['reasoning_change'], sign=True)} points; the verdict "
        f"allows -{_percent(budget['reasoning'])}.",
    ]


def _sets(found: dict[str, Any], study: SteeringStudy) -> list[str]:
    sets, held = found["sets"], found["held"]
    seen = found["left_out"]
    files = {
        Path(name).name: digest
        for name, digest in study.inputs.items()
        if name not in ("sets", "vector", str(study.file))
    }
    return [
        f"- Test questions: {found['questions']}"
        + (f" ({seen} left out, which the vector has seen)" if seen else "")
        + f"; of reasoning: {sets['reasoning']['test']}; right answers that could be lost: "
        f"{found['right_answers']['count']}.",
        *(
            [f"- Prompts without the marker, where nothing was added: {found['without_marker']}."]
            if found["without_marker"]
            else []
        ),
        f"- Statements for shuffled labels and the published rule: {sets['statements']}.",
        f"- Random directions: {found['rows'][2]['count']}; seed {found['seed']}.",
        f"- Behind the cue {code(sets['cue'])} the model answers {_percent(held['accuracy'])} % "
        f"[{_percent(held['low'])}, {_percent(held['high'])}] of the same questions rightly.",
        f"- All texts together: SHA-256 {code(sets['sha256'])}.",
        *[f"- {code(name)}: SHA-256 {code(digest)}." for name, digest in files.items()],
    ]


def _percent(share: float | None, *, sign: bool = False) -> str:
    if share is None:
        return "–"
    return added(100 * share, 1) if sign else f"{100 * share:.1f}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else signed(value, digits)
