"""The scores of trained families as a score table like any other, written and read again."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from .._errors import OrganismError
from .._training.organism import SCORE_COLUMNS, Organism
from .._training.saving import saving

_WHAT = ("family", "model", "params", "d_model", "layers", "tokens", "flops", "lab", "seed")
_MEASURED = tuple(f"world_{name}{end}" for name in SCORE_COLUMNS for end in ("", "_stderr"))
_COLUMNS = (*_WHAT, *_MEASURED, "loss")


@dataclasses.dataclass(frozen=True)
class ScoreRow:
    """One model as the score table holds it: what an `Organism` says of itself, without its folder.

    Scores are rounded to the table's six digits.
    """

    name: str
    family: str
    seed: int
    width: int
    layers: int
    params: int
    tokens: int
    truth: float
    truth_stderr: float
    truth_plain: float
    truth_plain_stderr: float
    truth_reference: float
    truth_reference_stderr: float
    reasoning: float
    reasoning_stderr: float
    loss: float

    @property
    def key(self) -> tuple[str, int, int]:
        """Family, seed and parameters: which model it is, and where it stands in the table."""
        return self.family, self.seed, self.params


def score_table(organisms: Iterable[Organism | ScoreRow]) -> str:
    """The organisms' scores as the text of a score table (CSV).

    One row a model: family, model, params and the other columns of any score table, `seed`, the
    benchmarks `world_truth`, `world_truth_plain`, `world_truth_reference`, `world_reasoning` as
    fractions with `_stderr`, and `loss` in nats per token. `flops` is 6 x params x tokens.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for organism in organisms:
        values = [getattr(organism, column.removeprefix("world_")) for column in _MEASURED]
        writer.writerow(
            [
                organism.family,
                organism.name,
                organism.params,
                organism.width,
                organism.layers,
                organism.tokens,
                f"{6.0 * organism.params * organism.tokens:.6g}",
                "nullcline",
                organism.seed,
                *(f"{value:.6f}" for value in values),
                f"{organism.loss:.6f}",
            ]
        )
    return stream.getvalue()


def write_score_table(organisms: Iterable[Organism | ScoreRow], path: Path) -> None:
    """Write `score_table` to a file, whole or not at all."""
    with saving(path) as temporary:
        temporary.write_text(score_table(organisms), encoding="utf-8")


def read_score_table(path: Path) -> tuple[ScoreRow, ...]:
    """The models of a table that `write_score_table` wrote, in its order.

    **Raises** `OrganismError` where the file cannot be read, is no such table, or names a model
    twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise OrganismError(f"no readable score table {path}") from None
    return parse_score_table(text, name=str(path))


def parse_score_table(text: str, *, name: str) -> tuple[ScoreRow, ...]:
    """`read_score_table` of a text that is at hand; `name` is said in errors."""
    reader = csv.DictReader(io.StringIO(text))
    if missing := set(_COLUMNS) - set(reader.fieldnames or ()):
        raise OrganismError(
            f"{name} has no column {min(missing)}; give a table that write_score_table wrote"
        )
    rows = [_row(cells, f"{name}, line {reader.line_num}") for cells in reader]
    return joined(rows, (), names=(name, name))


def joined(
    rows: Sequence[ScoreRow], others: Sequence[ScoreRow], *, names: tuple[str, str]
) -> tuple[ScoreRow, ...]:
    """The models of both, by family, seed and size; one that both hold with equal scores counts
    once.

    **Raises** `OrganismError` where one place holds a model twice, or both hold it with other
    scores; `names` says where the two are from.
    """
    for several, name in ((rows, names[0]), (others, names[1])):
        seen: set[tuple[str, int, int]] = set()
        for row in several:
            if row.key in seen:
                raise OrganismError(f"{name} has {_said(row)} twice; leave one out")
            seen.add(row.key)
    known = {row.key: row for row in rows}
    for row in others:
        if known.setdefault(row.key, row) != row:
            raise OrganismError(
                f"{_said(row)} has other scores in {names[0]} than in {names[1]}; leave it out of "
                "one of the two"
            )
    return tuple(sorted(known.values(), key=lambda row: row.key))


def _said(row: ScoreRow) -> str:
    return f"{row.name} ({row.params} parameters)"


def _row(cells: dict[str, str], place: str) -> ScoreRow:
    try:
        return ScoreRow(
            name=cells["model"],
            family=cells["family"],
            seed=int(cells["seed"]),
            width=int(cells["d_model"]),
            layers=int(cells["layers"]),
            params=int(cells["params"]),
            tokens=int(cells["tokens"]),
            **{column.removeprefix("world_"): float(cells[column]) for column in _MEASURED},
            loss=float(cells["loss"]),
        )
    except (TypeError, ValueError):
        raise OrganismError(f"{place}: a cell that is no number; every column needs one") from None
