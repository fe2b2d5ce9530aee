"""A probe's accuracy in every model as a row of a table, which can be read again."""

import csv
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from .._errors import OrganismError
from .._training.organism import Organism
from .score_table import ScoreRow


@dataclasses.dataclass(frozen=True)
class ProbeRow:
    """What a mass-mean probe tells of true and false statements in one model, beside its answers.

    Shares, 0..1: `truth`, `truth_plain`, `truth_reference` of answers, as in `Organism`; of
    statements told right `probe_embedding` after the embedding (the control), `probe_best` after
    the best block, `probe_last` after the last one, each over `probe_items` statements;
    with the six digits that tables keep.
    """

    family: str
    model: str
    seed: int
    params: int
    truth: float
    truth_plain: float
    truth_reference: float
    probe_embedding: float
    probe_best: float
    probe_last: float
    probe_items: int

    @property
    def key(self) -> tuple[str, int, int]:
        """Family, seed and parameters: which model it is."""
        return self.family, self.seed, self.params


def read_probes(path: Path, rows: Iterable[ScoreRow], *, but: Iterable[Organism]) -> list[ProbeRow]:
    """The probes that an earlier table holds of these models, but for those that are at hand.

    **Raises** `OrganismError` where the table cannot be read or lacks one of the models.
    """
    at_hand = {(o.family, o.seed, o.params) for o in but}
    wanted = [row for row in rows if row.key not in at_hand]
    if not wanted:
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            found = {row.key: row for row in (_row(cells) for cells in reader)}
    except OSError:
        raise OrganismError(
            f"no readable {path}, which would have the probes of the joined models"
        ) from None
    except (KeyError, TypeError, ValueError):
        raise OrganismError(f"{path} is no table of probes; leave it as it was written") from None
    if lacking := [row.name for row in wanted if row.key not in found]:
        raise OrganismError(
            f"{path} lacks {lacking[0]} and {len(lacking) - 1} others of the joined models"
            if len(lacking) > 1
            else f"{path} lacks {lacking[0]}, one of the joined models"
        )
    return [found[row.key] for row in wanted]


def in_order(rows: Sequence[ProbeRow]) -> list[ProbeRow]:
    """By family, seed and size."""
    return sorted(rows, key=lambda row: row.key)


def six_digits(value: float) -> float:
    """A value as the tables write it."""
    return float(f"{value:.6g}")


def _row(cells: dict[str, str]) -> ProbeRow:
    return ProbeRow(
        family=cells["family"],
        model=cells["model"],
        seed=int(cells["seed"]),
        params=int(cells["params"]),
        truth=float(cells["truth"]),
        truth_plain=float(cells["truth_plain"]),
        truth_reference=float(cells["truth_reference"]),
        probe_embedding=float(cells["probe_embedding"]),
        probe_best=float(cells["probe_best"]),
        probe_last=float(cells["probe_last"]),
        probe_items=int(cells["probe_items"]),
    )
