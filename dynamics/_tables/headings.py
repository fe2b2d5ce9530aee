"""Which column of a table is read as what, and why the others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .account import ColumnSeen
from .benchmarks import BENCHMARKS, metric_rank, read_benchmark
from .cells import is_missing
from .columns import TEXT_COLUMNS, apart, is_ignored, known_heading, no_score
from .forms import SECOND, is_normalised
from .kinds import holds_kinds
from .known_names import known_name
from .problems import Problems
from .raw import RawTable

# Headings by which exports of the Open LLM Leaderboard are known.
_SUBMITTED = frozenset({"Model sha", "Available on the hub", "Hub License", "Weight type"})
# ObsScaling's headings that mean something else, or nothing certain, in other tables.
_OBSSCALING = frozenset({"Model", "Model Family", "Model Size (B)"})
# Settings and provenance in the table of a sweep, which `nullcline collect` makes.
_SWEEP_MARK, _SWEEP_PREFIXES = "run.key", ("config.", "result.", "run.")


@dataclass(frozen=True)
class Column:
    """A heading and what it is read as: `name` is canonical, `factor` brings counts to ones (0
    where the heading states no unit), `raw` whether a leaderboard calls it raw beside another."""

    heading: str
    name: str
    factor: float = 0.0
    raw: bool = False


@dataclass(frozen=True)
class Headings:
    """The columns of a table that are read, and all that were seen."""

    used: tuple[Column, ...]
    seen: tuple[ColumnSeen, ...]

    def of(self, name: str) -> Column | None:
        """The column that is read as `name`."""
        return next((column for column in self.used if column.name == name), None)


def is_submissions(headings: Sequence[str]) -> bool:
    """Whether these are the headings of a leaderboard's export."""
    return len(_SUBMITTED & set(headings)) >= 2


def read_headings(raw: RawTable, problems: Problems) -> Headings:
    """What each column is read as; two of one meaning are a problem unless one is better."""
    aliases = _aliases(raw.columns)
    chosen: dict[str, tuple[int, Column]] = {}
    reasons: dict[str, str] = {}
    sweep = _SWEEP_MARK in raw.columns
    for heading, cells in raw.columns.items():
        if sweep and heading.startswith(_SWEEP_PREFIXES):
            reasons[heading] = "a setting of a sweep"
            continue
        column, rank, reason = _meaning(heading, cells, aliases)
        if column is None:
            reasons[heading] = reason
            continue
        if column.name not in chosen:
            chosen[column.name] = (rank, column)
            continue
        other_rank, other = chosen[column.name]
        if rank == other_rank or column.name in ("params",):
            problem = f"columns {other.heading!r} and {heading!r} both hold {column.name}"
            problems.add(problem, "keep one of them", 1)
            continue
        better, worse = (column, other) if rank < other_rank else (other, column)
        chosen[column.name] = (min(rank, other_rank), better)
        reasons[worse.heading] = f"{better.heading!r} is read as {column.name}"
    used = [column for _, column in chosen.values()]
    if "model" not in chosen:
        used = _with_nameless_model(raw, used, reasons)
    used = [column for column in used if _has_scores(column, used, reasons, problems)]
    names = {column.heading: column.name for column in used}
    seen = tuple(
        ColumnSeen(heading, used_as=names[heading])
        if heading in names
        else ColumnSeen(heading, reason=reasons.get(heading, "not read"))
        for heading in raw.columns
    )
    return Headings(tuple(used), seen)


def _meaning(
    heading: str, cells: Sequence[object], aliases: Mapping[str, str]
) -> tuple[Column | None, int, str]:
    """The column that a heading names, how good a spelling it is, or why it is none."""
    if not heading.strip():
        return None, 0, "it has no heading"
    is_raw = heading.lower().rstrip().endswith(" raw")
    if heading in aliases:
        return Column(heading, aliases[heading], raw=is_raw), 0, ""
    if is_ignored(heading):
        return None, 0, "free text"
    known = known_heading(heading)
    if known is not None:
        if known.column == "kind" and not holds_kinds(cells):
            return None, 0, "no cell says base or tuned"
        if known.column in TEXT_COLUMNS or known.column == "params" or known.factor:
            return Column(heading, known.column, known.factor), known.rank, ""
        return Column(heading, known.column), known.rank, ""
    read = read_benchmark(heading)
    if read.name not in BENCHMARKS and no_score(heading):
        return None, 0, "no score: a rank, a mean, a count or the like"
    name = apart(read.name) + ("_stderr" if read.is_stderr else "")
    rank = metric_rank(read.name, read.metric) + (heading.lower() == "gpqa_main")
    return Column(heading, name, raw=is_raw), rank, ""


def _aliases(columns: Mapping[str, Sequence[object]]) -> dict[str, str]:
    """Headings that mean something else in tables whose format is known."""
    aliases: dict[str, str] = {}
    if columns.keys() >= _OBSSCALING:
        aliases |= {"TruthfulQA": "truthfulqa_mc2", "Winograd": "winogrande"}
    submissions = is_submissions(list(columns))
    if submissions and "TruthfulQA" in columns:
        aliases["TruthfulQA"] = "truthfulqa_mc2"
    plain = {known_name(h): h for h in columns if not h.endswith(" Raw")}
    raw = {known_name(h): h for h in columns if h.endswith(" Raw")}
    second = plain.keys() & SECOND
    if len(second) >= 3 and "ifeval" in second and (
        raw or submissions or is_normalised(columns.get(plain.get("gpqa", ""), ()))
    ):  # fmt: skip
        aliases |= {plain[name]: f"{name}_normalised" for name in second - {"ifeval"}}
    # The raw and the normalised score of these two are the same.
    aliases |= {raw[name]: f"{name} raw" for name in ("ifeval", "math_lvl_5") if name in raw}
    return aliases


def _number(cell: object) -> float:
    try:
        return float(str(cell).strip().rstrip("%"))
    except ValueError:
        return -1.0


def _with_nameless_model(
    raw: RawTable, used: list[Column], reasons: dict[str, str]
) -> list[Column]:
    """Take the one column of different texts for the models where no heading says which."""
    names = ("", "index", "index_level_0", "unnamed: 0", "checkpoint", "id")
    for heading, cells in raw.columns.items():
        if heading.strip().lower() in names and cells:
            texts = [c for c in cells if isinstance(c, str) and not is_missing(c)]
            if len(texts) == len(cells) and not any(_number(text) >= 0 for text in texts[:50]):
                reasons.pop(heading, None)
                return [*used, Column(heading, "model")]
    return used


def _has_scores(
    column: Column, used: list[Column], reasons: dict[str, str], problems: Problems
) -> bool:
    """A standard error needs its scores; of another metric than the one that is read it is none."""
    scored = column.name.removesuffix("_stderr")
    if scored == column.name or any(other.name == scored for other in used):
        return True
    problem = f"column {column.heading!r} belongs to a benchmark {scored!r} that is not there"
    problems.add(problem, "add the scores or remove the column", 1)
    reasons[column.heading] = "its scores are not there"
    return False
