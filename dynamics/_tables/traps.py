"""Traps found in published tables, each a function from rows to named warnings."""

import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType

import numpy as np
import pandas as pd

from .checkpoints import earlier_checkpoints
from .clock import Along
from .join import Joined, check_known, said_of_names
from .kind_names import KindChoice
from .problems import TableError, TableWarning
from .select_kinds import kinds, said_together, unwanted
from .traps_left_out import failed_runs, merge_models, quantised_runs
from .traps_names import family_spellings, sizes_by_name, wrong_families

_VENDOR = re.compile(r"(?<![a-z])(blog|tech(nical)? report|vendor|maker|model card)(?![a-z])", re.I)
_MOST_TOKENS = 1e15  # a thousand trillion; no model has seen a tenth of it
_LOWEST_MC2 = 0.28  # the lowest of the 148 models of the uniform table is 0.316
_ROWS_NAMED = 5
# Flags that a table's `flags` column may carry, and what each says.
_FLAGS = MappingProxyType(
    {
        "mixed_harness": "some scores come from another harness or another number of shots",
        "params_corrected": "the size was corrected against the source",
        "tokens_corrected": "the token count was corrected against the source",
        "variant_unknown": "whether TruthfulQA is MC1 or MC2 is not known for this row",
        "variant_by_match": "TruthfulQA is MC2 by agreement with another table, not by statement",
        "wrong_family": "filed under a family that it is not of",
        "vendor_reported": "scores are the maker's own, from another harness",
        "not_measured": "scores are estimates, not measurements",
        "source_without_score": "the cited source holds no benchmark score",
        "differs_from_uniform": "a score differs by more than 2 points from the uniform table",
    }
)
# Columns that say how a row was measured, and the warning where they differ within a family.
_MEASURED_BY = MappingProxyType(
    {
        "harness": "mixed_harness",
        "n_shot": "mixed_n_shot",
        "task_version": "mixed_task_version",
    }
)


def find_traps(
    joined: Joined, choice: KindChoice, *, along: Along = "params"
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[TableWarning, ...]]:
    """Rows that count, rows left out (with `reason`), and the warnings about both.

    Left out are rows that a reader set aside, checkpoints before the last one of their model,
    models that are not of the kind that is wanted, quantised runs beside whole ones, and second
    rows of a model (the first is used, its empty cells are filled). Raises TableError where no
    model is of the wanted kind, or where the size or family of one that counts is not known and
    the clock `along` needs it.
    """
    families, warnings = family_spellings(joined.frame)
    frame = joined.frame.assign(family=pd.Series(families, dtype=object))
    # What a reader set aside it has warned of; nothing more is asked about these rows.
    reason = frame["set_aside"].to_numpy(dtype=object, copy=True)
    earlier, said = earlier_checkpoints(frame)
    reason[earlier] = "checkpoint"
    warnings += said

    def leave_out(
        found: Iterable[tuple[int | None, TableWarning | None]], inside: list[int]
    ) -> None:
        code = "joined"
        for place, warning in found:
            code = warning.code if warning else code
            if place is not None:
                reason[inside[place]] = code
            if warning is not None:
                warnings.append(warning)

    kind, unsure = kinds(frame)
    frame = frame.assign(judged_kind=kind)
    counting, inside = _counting(frame, reason)
    leave_out(unwanted(counting, kind[inside], choice), inside)
    warnings += unsure
    _check_any_left(joined, kind, choice)
    counting, inside = _counting(frame, reason)
    lost = check_known(joined, counting, along=along)
    what = "of a size or family that nothing tells"
    leave_out(said_together(counting, lost, "no_size", what), inside)
    counting, inside = _counting(frame, reason)
    if not inside:
        problem = f"nothing tells the sizes of its {len(frame)} models"
        raise TableError(joined.path, problem, "add columns family and params")
    leave_out(quantised_runs(counting), inside)
    counting, inside = _counting(frame, reason)
    merged, later = merge_models(counting.reset_index(drop=True), joined.benchmarks, joined.names)
    rest = frame[reason != ""].assign(reason=reason[reason != ""])
    leave_out(later, inside)
    again = np.array(reason[inside])
    counts = _counting(merged, again)[0].reset_index(drop=True)
    repeated = merged[(again != "") & (again != "joined")]
    repeated = repeated.assign(reason=again[(again != "") & (again != "joined")])
    counts, failed = failed_runs(counts, joined.benchmarks)
    warnings += failed
    if "tokens" in counts:
        many = counts["tokens"].to_numpy() >= _MOST_TOKENS
        warnings += _too_many_tokens(counts[many])
        counts = counts.assign(tokens=counts["tokens"].mask(many))
    warnings += said_of_names(counts)
    for check in (_flagged, wrong_families, sizes_by_name, _same_sizes, _vendor_scores):
        warnings += check(counts)
    warnings += _measured_otherwise(counts)
    warnings += _doubtful_variants(counts)
    warnings += _missing_scores(counts, joined.benchmarks)
    left_out = pd.concat([rest, repeated]).sort_values(["origin", "row"], kind="stable")
    warnings.sort(key=lambda w: w.row or 0)
    return counts, left_out.reset_index(drop=True), tuple(warnings)


def _counting(frame: pd.DataFrame, reason: np.ndarray) -> tuple[pd.DataFrame, list[int]]:
    """Rows that nothing was said against so far, and their places; no copy where these are all,
    as a copy of a large table is most of its memory."""
    inside = np.flatnonzero(reason == "").tolist()
    return (frame if len(inside) == len(frame) else frame.iloc[inside]), inside


def _check_any_left(joined: Joined, kind: np.ndarray, choice: KindChoice) -> None:
    """Raise TableError where no model is of the kind that is wanted."""
    if choice == "all" or (kind == choice).any():
        return
    there = ", ".join(f"{n} {word}" for word in ("base", "tuned", "unknown")
                      if (n := int((kind == word).sum())))  # fmt: skip
    problem = f"no model is of kind {choice!r} ({there})"
    raise TableError(joined.path, problem, "choose another kind, or state it in a column kind")


def _too_many_tokens(frame: pd.DataFrame) -> Iterator[TableWarning]:
    for row, model, tokens in zip(frame["row"], frame["model"], frame["tokens"], strict=True):
        message = f"{model}: {tokens:.3g} tokens, more than there are; left empty"
        yield TableWarning("tokens_out_of_range", int(row), message)


def _flagged(frame: pd.DataFrame) -> Iterator[TableWarning]:
    if "flags" not in frame:
        return
    for row, model, flags in zip(frame["row"], frame["model"], frame["flags"], strict=True):
        for flag in flags.split(";") if flags else ():
            if flag.strip() in _FLAGS:
                yield TableWarning(flag.strip(), int(row), f"{model}: {_FLAGS[flag.strip()]}")


def _same_sizes(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Different models of one size in a family: no step leads from one to the other.

    Runs of one model with other seeds are no such case.
    """
    keys = ["family", "params"] + (["seed"] if "seed" in frame else [])
    again = frame.duplicated(keys).to_numpy()
    if not again.any():
        return
    first = frame.groupby(keys, sort=False, dropna=False)["model"].transform("first")[again]
    for row, model, other in zip(frame["row"][again], frame["model"][again], first, strict=True):
        message = f"{model} has the size of {other}: no step between"
        yield TableWarning("same_size", int(row), message)


def _vendor_scores(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Rows whose source is the model's maker, in a table that has other sources too."""
    if "source" not in frame:
        return
    is_vendor = {source: bool(_VENDOR.search(source)) for source in set(frame["source"])}
    if all(is_vendor.values()):
        return
    flags = frame["flags"] if "flags" in frame else [""] * len(frame)
    for row, model, source, flag in zip(
        frame["row"], frame["model"], frame["source"], flags, strict=True
    ):
        if is_vendor[source] and "vendor_reported" not in flag:
            message = f"{model}: scores from {source!r}, another harness"
            yield TableWarning("vendor_reported", int(row), message)


def _measured_otherwise(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Rows measured in another way than the first of their family that says how."""
    for column, code in _MEASURED_BY.items():
        if column not in frame:
            continue
        first: dict[str, tuple[str, int]] = {}
        for row, family, model, way in zip(
            frame["row"], frame["family"], frame["model"], frame[column], strict=True
        ):
            other, where = first.setdefault(family, (way, int(row))) if way else (way, 0)
            if way != other:
                message = f"{model}: {column} {way!r}, but {other!r} in row {where} of {family}"
                yield TableWarning(code, int(row), message)


def _doubtful_variants(frame: pd.DataFrame) -> Iterator[TableWarning]:
    """Scores that are not of the variant of TruthfulQA that their column names."""
    if "truthfulqa_mc2" not in frame:
        return
    mc2 = frame["truthfulqa_mc2"].to_numpy()
    mc1 = frame["truthfulqa_mc1"].to_numpy() if "truthfulqa_mc1" in frame else np.zeros_like(mc2)
    for i in np.flatnonzero((mc2 < _LOWEST_MC2) | (mc1 > mc2)):
        why = f"below MC1 ({mc1[i]:.3g})" if mc1[i] > mc2[i] else "the level of MC1"
        message = f"{frame['model'].iloc[i]}: TruthfulQA MC2 is {mc2[i]:.3g}, {why}"
        yield TableWarning("truthfulqa_variant_doubtful", int(frame["row"].iloc[i]), message)


def _missing_scores(frame: pd.DataFrame, benchmarks: tuple[str, ...]) -> Iterator[TableWarning]:
    """One warning per benchmark that some models lack; the row where it is a single one."""
    rows = frame["row"].to_numpy()
    for name in benchmarks:
        missing = rows[frame[name].isna().to_numpy()]
        if not len(missing):
            continue
        named = ", ".join(str(row) for row in missing[:_ROWS_NAMED])
        more = f" and {len(missing) - _ROWS_NAMED} more" if len(missing) > _ROWS_NAMED else ""
        message = f"no {name} in row {named}{more}: left out of pairs with {name} only"
        row = int(missing[0]) if len(missing) == 1 else None
        yield TableWarning("missing_score", row, message)
