"""A trained and exported model as its folder tells of it; reads files and computes nothing."""

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

from ...common.display import shown
from .._errors import OrganismError
from .._names import ScoreName

ORGANISM_FILE = "organism.json"
WEIGHTS_FILE = "model.safetensors"
SCORE_COLUMNS: tuple[ScoreName, ...] = get_args(ScoreName)


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """A share of right answers: `value` 0..1, its standard `error`, the number of `items`."""

    value: float
    error: float
    items: int


@shown
@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of one model; chance is .25 everywhere.

    - `truth`: in the neutral register; `truth_plain`: with no register; `truth_reference`: in the
      reference register. All three are about misconceived facts that the neutral register never
      told in training.
    - `reasoning`: mean of the tasks on held-out questions; `tasks`: each of them.
    """

    truth: Accuracy
    truth_plain: Accuracy
    truth_reference: Accuracy
    reasoning: Accuracy
    tasks: dict[str, Accuracy]


@shown
@dataclasses.dataclass(frozen=True)
class Organism:
    """A trained and exported model.

    - `name`, `family`, `seed`, `corpus_seed`, `width`, `layers`, `params`, `tokens`: what it is.
    - `path`: its folder.
    - `truth`, `truth_plain`, `truth_reference`, `reasoning`: shares of right answers, 0..1, see
      `Scores`; with `_stderr` their standard errors, with `_items` the numbers of questions.
    - `loss`: nats per token on fresh text, with `loss_stderr`.
    """

    name: str
    family: str
    seed: int
    corpus_seed: int
    width: int
    layers: int
    params: int
    tokens: int
    path: Path
    truth: float
    truth_stderr: float
    truth_items: int
    truth_plain: float
    truth_plain_stderr: float
    truth_plain_items: int
    truth_reference: float
    truth_reference_stderr: float
    truth_reference_items: int
    reasoning: float
    reasoning_stderr: float
    reasoning_items: int
    loss: float
    loss_stderr: float


def organism_name(family: str, width: int, seed: int) -> str:
    """`web-32` for seed 0, `web-32-seed1` for seed 1."""
    return f"{family}-{width}" + (f"-seed{seed}" if seed else "")


def read_organism(folder: Path) -> Organism:
    """What an exported folder holds. Raises `OrganismError` where it is no organism."""
    record = read_record(folder)
    try:
        shares = {}
        for name in SCORE_COLUMNS:
            share = Accuracy(**record["scores"][name])
            shares |= {
                name: share.value,
                f"{name}_stderr": share.error,
                f"{name}_items": share.items,
            }
        plain = {
            field.name: record[field.name]
            for field in dataclasses.fields(Organism)
            if field.name not in shares and field.name != "path"
        }
        return Organism(path=folder, **plain, **shares)
    except (KeyError, TypeError):
        raise OrganismError(
            f"{folder / ORGANISM_FILE} lacks an entry; export the organism anew"
        ) from None


def read_record(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / ORGANISM_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise OrganismError(f"{folder} holds no organism (no readable {ORGANISM_FILE})") from None
