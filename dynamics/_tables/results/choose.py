"""Several runs of one model: which scores count, which stay apart, and what differs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan

from .runs import Measurement, Run

_SAME = 1e-9
_OTHER_WEIGHTS = ("checkpoint", "mixed_revision")  # with a step that is known, and without
# Of a benchmark that was measured in several ways: (benchmark, `shots` or `harness`, which) ->
# rank; the first is taken.
WayRanks = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True)
class ModelScores:
    """A model's scores, as one row of the table.

    - `name`: with what tells it from other rows of the model (`@step1000`, `(4-bit)`).
    - `runs`: those that a score is from; `passed_over`: those that give it none.
    - `apart`: why the row is no part of the table that counts (`other_run`, `checkpoint`,
      `mixed_revision`), empty for the one row of a model that does.
    - `remarks`: (code, sentence).
    """

    name: str
    runs: tuple[Run, ...]
    measured: Mapping[str, Measurement]
    passed_over: tuple[Run, ...] = ()
    apart: str = ""
    remarks: tuple[tuple[str, str], ...] = field(default=())

    @property
    def first(self) -> Run:
        """The newest of its runs."""
        return self.runs[0]


def rank_ways(runs: Iterable[Run]) -> WayRanks:
    """For each benchmark its numbers of shots, and its harnesses, by how many models have it so.

    Of equally many the larger number of shots goes first, so that all models are compared at one.
    """
    having: dict[tuple[str, str, str], set[str]] = {}
    for run in runs:
        for name, measurement in run.measured.items():
            having.setdefault((name, "shots", measurement.shots), set()).add(run.model.key)
            having.setdefault((name, "harness", run.harness), set()).add(run.model.key)
    ordered = sorted(having, key=lambda key: (len(having[key]), len(key[2]), key[2]), reverse=True)
    ranks: dict[tuple[str, str, str], int] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for key in ordered:
        ranks[key] = counted[key[:2]]
        counted[key[:2]] += 1
    return ranks


def choose_scores(runs: Sequence[Run], ranks: WayRanks) -> list[ModelScores]:
    """The rows of one model: the one that counts first, then those that stay apart.

    The weights that the name alone stands for go before a revision, of checkpoints the last;
    plain text before a chat template, 16 bits before fewer. Runs that differ in none of these
    fill one row: per benchmark the harness and the shots that most models have, all questions
    before fewer, the newest.
    """
    by_weights: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (run.when, str(run.path)), reverse=True):
        by_weights.setdefault(run.model.revision, []).append(run)
    weights = sorted(by_weights, key=lambda r: _order_of_weights(by_weights[r][0]))
    rows: list[ModelScores] = []
    for i, revision in enumerate(weights):
        same = by_weights[revision]
        rows += _by_settings(same, ranks, is_revision=i > 0, of_many=len(weights) > 1)
    if len(weights) > 1:
        rows[0] = _with_remark(rows[0], _about_weights([by_weights[r][0] for r in weights]))
    return rows


def _order_of_weights(run: Run) -> tuple[bool, float]:
    """The final weights first, then the last step, then whatever is newest (the sort is stable)."""
    step = run.model.step
    return (not run.model.is_final, 0.0 if isnan(step) else -step)


def _by_settings(
    runs: Sequence[Run], ranks: WayRanks, *, is_revision: bool, of_many: bool
) -> list[ModelScores]:
    """The rows of one model's one set of weights, by how the model was asked and held."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.settings.prompt, run.settings.quantised), []).append(run)
    rows: list[ModelScores] = []
    for prompt, quantised in sorted(groups, key=lambda key: (key[0] != "", key[1] != "", key)):
        same = groups[prompt, quantised]
        model = same[0].model
        is_other = bool(rows)
        kind = "adapter" if model.adapter else ""
        says = [text for text in (kind, prompt if is_other else "", quantised) if text]
        at = f"@{model.revision}" if (of_many and model.revision) or not isnan(model.step) else ""
        name = f"{model.name}{at}" + (f" ({', '.join(says)})" if says else "")
        row = _fill(name, same, ranks)
        if is_revision:  # of which one sentence is enough
            row = replace(row, apart=_OTHER_WEIGHTS[isnan(model.step)], remarks=())
        elif is_other:
            row = _as_other_run(row, rows[0])
        elif quantised:
            row = _with_remark(row, ("quantised", f"was run quantised ({quantised}) only"))
        rows.append(row)
    return rows


def _fill(name: str, runs: Sequence[Run], ranks: WayRanks) -> ModelScores:
    """One row of runs (newest first) that differ in shots, tasks, data type and time only."""
    measured: dict[str, Measurement] = {}
    remarks: list[tuple[str, str]] = []
    used: dict[int, Run] = {}
    for benchmark in dict.fromkeys(name for run in runs for name in run.measured):
        having = [run for run in runs if benchmark in run.measured]

        def order(run: Run, benchmark: str = benchmark) -> tuple[int, int, bool]:
            one = run.measured[benchmark]
            shots = ranks.get((benchmark, "shots", one.shots), 0)
            return ranks.get((benchmark, "harness", run.harness), 0), shots, bool(one.items)

        having.sort(key=order)
        source = having[0]
        measured[benchmark] = score = source.measured[benchmark]
        used[id(source)] = source
        for run in having[1:]:
            other = run.measured[benchmark]
            if other.shots == score.shots and abs(other.score - score.score) <= _SAME:
                continue
            remarks.append(_conflict(benchmark, source, run))
    over = tuple(run for run in runs if id(run) not in used)
    return ModelScores(name, tuple(used.values()), measured, over, "", tuple(remarks))


def _conflict(benchmark: str, used: Run, other: Run) -> tuple[str, str]:
    """What two runs of one model disagree in, and which of them is used."""
    one, two = used.measured[benchmark], other.measured[benchmark]
    differ = [
        f"{title} {there or 'unstated'} and {here or 'unstated'}"
        for title, there, here in (
            ("harness", used.harness, other.harness),
            ("shots", one.shots, two.shots),
            ("data type", used.settings.dtype, other.settings.dtype),
            ("task version", one.version, two.version),
            ("questions", str(one.items or "all"), str(two.items or "all")),
        )
        if there != here
    ]
    text = (
        f"{benchmark} is {one.score:.4g} in {used.path.name}, which is used, "
        f"and {two.score:.4g} in {other.path.name}"
    )
    return "conflicting_runs", text + (f" ({'; '.join(differ)})" if differ else "")


def _as_other_run(row: ModelScores, chosen: ModelScores) -> ModelScores:
    """A run that asked or held the model otherwise, apart from the one that counts."""
    one, two = row.first.settings, chosen.first.settings
    what = one.title or "as plain text at full precision"
    shared = [name for name in row.measured if name in chosen.measured][:2]
    scores = ", ".join(
        f"{name} {row.measured[name].score:.4g} and {chosen.measured[name].score:.4g}"
        for name in shared
    )
    text = (
        f"{row.first.path.name} is another run of it ({what}), not used beside "
        f"{chosen.first.path.name} ({two.title or 'plain text, full precision'})"
    )
    remark = ("other_run", text + (f": {scores}" if scores else ""))
    return replace(row, apart="other_run", remarks=(remark,))


def _about_weights(first: Sequence[Run]) -> tuple[str, str]:
    """One sentence on all revisions of a model; `first` are their newest runs, in order."""
    used = first[0].model.revision or "main"
    others = [run.model.revision or "main" for run in first[1:]]
    steps = sorted(run.model.step for run in first[1:] if not isnan(run.model.step))
    if len(steps) == len(others):
        span = f"step {steps[0]:.0f}" + (f" to {steps[-1]:.0f}" if len(steps) > 1 else "")
        return "checkpoints", f"{used!r} is used; {len(steps)} checkpoints ({span}) stay apart"
    named = ", ".join(map(repr, others[:4])) + (
        f" and {len(others) - 4} more" if others[4:] else ""
    )
    return "mixed_revision", f"revision {used!r} is used, not {named}"


def _with_remark(row: ModelScores, remark: tuple[str, str]) -> ModelScores:
    return replace(row, remarks=(*row.remarks, remark))
