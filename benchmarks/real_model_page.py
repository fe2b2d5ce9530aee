"""The tables of docs/real_model.md, from the records that come with the project.

    python benchmarks/real_model_page.py --section heads counts competing without
        projection layers verdicts steering plan [--markdown] [--list]

Nothing is computed but sums, orders and rounding: the figures are those of
data/records/smollm2-*.json, each of which says the command that made it.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

from nullcline.data import shipped
from nullcline.experiments.formats import interval, signed
from nullcline.experiments.markdown import table
from nullcline.experiments.progress import duration
from nullcline.experiments.text import text_table

SETS = ("cities", "elements", "arithmetic", "truthfulqa")
FRAMES = ("chat", "plain", "truthfulqa")
#: The published count, and its two controls.
PUBLISHED = ("competing_layers", "random_prompt_pairs", "shuffled_weights")
#: Shares of sampled texts that differ, as the paper counts corrections, and greedy ones.
COUNTED = ("steered", "strength_0", "greedy")
LARGEST = 5
#: Of the layer scan every second layer is shown, the last one among them.
EVERY = 2
Sheet = tuple[list[str], list[list[str]]]


def record(name: str) -> dict[str, Any]:
    """A shipped record of the model."""
    path = shipped("records", f"smollm2-{name}.json")
    return json.loads(path.read_text(encoding="utf-8"))


def frames() -> list[str]:
    """The frames whose controlled table comes with the project."""
    paths = {f: shipped("records", f"smollm2-evaluate-{f}.json") for f in FRAMES}
    return [frame for frame, path in paths.items() if path.is_file()]


def heads() -> Sheet:
    """The heads that do most for or against the true answer, by their direct effect."""
    rows = []
    for name in SETS:
        found = record(f"heads-{name}")["heads"]
        largest = sorted(found, key=lambda head: -abs(head["truth"]["effect"]))[:LARGEST]
        rows += [[name, _head(head), _effect(head["truth"]), _p(head["truth"])] for head in largest]
    return ["set", "head", "effect, logits [95 %]", "p"], rows


def counts() -> Sheet:
    """What all parts do together, which heads compete, and the published count."""
    rows = []
    for name in SETS:
        one = record(f"heads-{name}")
        competing, published = one["competing"], one["published"]
        layers = [
            published[key]
            for key in ("competing_layers", "random_prompt_pairs", "shuffled_weights")
        ]
        rows.append(
            [
                name,
                f"{one['pairs']['truth_count']}, {one['pairs']['frame']}",
                signed(one["logit_difference"]["truth"]),
                signed(sum(head["truth"]["effect"] for head in one["heads"])),
                signed(sum(one["mlps"])),
                f"{competing['count']} of {competing['of']}, {competing['replicated']}",
                f"{' / '.join(map(str, layers))} of {published['of']}",
                f"{one['completeness']['residual']:.1e}",
            ]
        )
    header = ["set", "pairs, frame", "logit difference", "all heads", "all MLPs"]
    return [*header, "competing, in both halves", "published / random / shuffled", "missing"], rows


def competing() -> Sheet:
    """The heads that compete with arithmetic in one set of pairs, none of them in both halves."""
    rows = [
        [name, _head(head), _effect(head["truth"]), _effect(head["reasoning"])]
        for name in SETS
        for head in record(f"heads-{name}")["heads"]
        if head["competing"]
    ]
    return ["set", "head", "on its pairs, logits [95 %]", "on arithmetic, logits [95 %]"], rows


def without() -> Sheet:
    """What held-out pairs lose where a head is held at its mean."""
    rows = [
        [name, _head(head), _interval(head, "lost"), _p(head)]
        for name in SETS
        for head in record(f"heads-{name}")["ablation"]
    ]
    return ["set", "head", "logits lost [95 %]", "p"], rows


def projection() -> Sheet:
    """What the unembedding does to the angle between truth and reasoning."""
    rows = []
    for name in SETS:
        one = record(f"heads-{name}")
        if one["pairs"]["truth"] == one["pairs"]["reasoning"]:
            continue  # one set with itself
        found = one["projection"]
        ends = interval(found["null_low"], found["null_high"])
        null = f"{signed(found['null_mean'])} {ends}"
        rows.append([name, signed(found["hidden"]), signed(found["logits"]), null, _p(found)])
    return ["set", "cosine of states", "after it", "random directions [95 %]", "p"], rows


def layers() -> Sheet:
    """How well the states after a layer tell true from false statements."""
    one = record("layers")
    scans = [one[f"layers{kind}"] for kind in ("", "_logistic", "_affirmed", "_logistic_affirmed")]
    rows = []
    for mean, logistic, affirmed, logistic_affirmed in zip(*scans, strict=True):
        if mean["layer"] % EVERY == EVERY - 1:
            cells = [
                _called(affirmed),
                _called(logistic_affirmed),
                _called(mean),
                _called(logistic),
            ]
            elsewhere = [logistic_affirmed["cross_topic"], logistic["affirmed_to_denied"]]
            rows.append([str(mean["layer"]), *cells, *map(_percent, elsewhere)])
    header = ["layer", "affirmations: mass-mean", "logistic", "with denials: mass-mean", "logistic"]
    return [*header, "logistic, other topic", "logistic, to denials"], rows


def steering() -> Sheet:
    """The vector of each frame beside its controls."""
    rows = []
    for frame in frames():
        for row in record(f"evaluate-{frame}")["rows"]:
            lost = _percent(row["right_lost"]) if row["right_lost"] is not None else "–"
            rows.append(
                [
                    frame,
                    row["name"].replace("_", " "),
                    f"{_percent(row['mc1'])} {_percents(row, 'mc1')}",
                    _percent(row["mc2"]),
                    _percent(row["corrected_share"]),
                    f"{row['false_to_true']:g} / {row['true_to_false']:g}",
                    f"{row['mcnemar_p']:.2g}",
                    lost,
                    signed(row["kl"], 3) if row["kl"] is not None else "–",
                ]
            )
    header = ["frame", "added", "MC1, % [95 %]", "MC2", "corrected, %", "to true / to false"]
    return [*header, "McNemar p", "right lost, %", "KL, nats"], rows


def verdicts() -> Sheet:
    """Which vector was chosen in each frame, and what is said of it."""
    rows = []
    for frame in frames():
        one = record(f"evaluate-{frame}")
        vector = one["vector"]
        rows.append(
            [
                frame,
                f"{vector['method']}, layer {vector['layer']}, strength {vector['strength']:g}",
                f"{vector['norm']:.0f}",
                f"{one['answered_falsely']} of {one['questions']}",
                one["verdict"].replace("_", " "),
                one["verdict_reason"],
                " / ".join(f"{one['published_count'][key]:.2f}" for key in COUNTED),
            ]
        )
    header = ["frame", "vector", "of norm", "answered falsely", "verdict", "because"]
    return [*header, "texts that differ: steered / nothing added / steered, greedy"], rows


def plan() -> Sheet:
    """What the whole search would read, and how long that takes."""
    one = record("plan")
    stages = [("all", one["tokens"], one["seconds"])]
    stages += [(stage["name"], stage["tokens"], stage["seconds"]) for stage in one["stages"]]
    rows = [
        [name, f"{tokens / 1e6:.2f}", duration(round(seconds))] for name, tokens, seconds in stages
    ]
    return ["stage", "tokens at most, millions", "time at most, h:min:s"], rows


SECTIONS: dict[str, Callable[[], Sheet]] = {
    section.__name__: section
    for section in (heads, counts, competing, without, projection, layers, verdicts, steering, plan)
}


def _head(head: dict[str, Any]) -> str:
    return f"{head['layer']}.{head['head']}"


def _interval(values: dict[str, Any], key: str) -> str:
    return f"{signed(values[key])} {interval(values['low'], values['high'])}"


def _effect(values: dict[str, Any]) -> str:
    # A head that competes may do so with thousandths of a logit.
    digits = 2 if abs(values["effect"]) >= 0.1 else 3
    ends = interval(values["low"], values["high"], lambda end: signed(end, digits))
    return f"{signed(values['effect'], digits)} {ends}"


def _p(values: dict[str, Any]) -> str:
    return f"{values['p']:.4f}"


def _called(layer: dict[str, Any]) -> str:
    ends = interval(100 * layer["low"], 100 * layer["high"], _whole)
    return f"{_percent(layer['accuracy'])} {ends}"


def _percents(row: dict[str, Any], key: str) -> str:
    return interval(100 * row[f"{key}_low"], 100 * row[f"{key}_high"], _whole)


def _percent(share: float) -> str:
    return _whole(100 * share)


def _whole(value: float) -> str:
    return f"{value:.0f}"


def main() -> None:
    """Print the sections that are named, all where none is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--section", nargs="+", choices=tuple(SECTIONS), default=list(SECTIONS))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true")
    form.add_argument("--list", action="store_true", help="name the sections and stop")
    options = parser.parse_args()
    if options.list:
        print(*options.section, sep="\n")
        return
    for section in options.section:
        header, rows = SECTIONS[section]()
        print(table(header, rows) if options.markdown else text_table(header, rows), end="\n\n")


if __name__ == "__main__":
    main()
