"""Pairs whose prompt has a corrupted twin of the same length, in batches of one length."""

import dataclasses
from collections.abc import Iterator, Sequence

import torch

from .._errors import InterpError
from .._models.model import Model
from .._questions.frame import framed
from .._questions.pairs import Pair
from .._questions.tokens import batches, encode_pair


@dataclasses.dataclass(frozen=True)
class Case:
    """A pair's prompt and its corrupted twin as tokens, and the first tokens of its answers."""

    pair: Pair
    clean: tuple[int, ...]
    corrupted: tuple[int, ...]
    true: int
    false: int


def cases_of(model: Model, pairs: Sequence[Pair]) -> list[Case]:
    """Pairs with a corrupted prompt of the same length: their counterfactual or, where there is
    none, the prompt of another pair of that length with another true answer."""
    plain = [case_of(model, pair) for pair in pairs]
    same: dict[int, list[Case]] = {}
    for case in plain:
        same.setdefault(len(case.clean), []).append(case)
    cases = []
    for case in plain:
        if case.pair.counterfactual is not None:
            other = tuple(framed(model, case.pair.counterfactual, case.pair.frame).encode(model))
            if len(other) != len(case.clean):
                raise InterpError(
                    f"{_where(case.pair)}: the counterfactual has "
                    f"{len(other)} tokens, the prompt {len(case.clean)}; give one of equal length"
                )
        else:
            group = same[len(case.clean)]
            start = group.index(case)
            partners = (group[(start + step) % len(group)] for step in range(1, len(group)))
            partner = next((p for p in partners if p.true != case.true), None)
            if partner is None:
                continue
            other = partner.clean
        cases.append(dataclasses.replace(case, corrupted=other))
    return cases


def case_of(model: Model, pair: Pair) -> Case:
    """A pair as tokens, without a corrupted prompt."""
    tokens = encode_pair(model, pair)
    true, false = (answer[0] for answer in tokens.answers)
    return Case(pair=pair, clean=tokens.context, corrupted=(), true=true, false=false)


def _where(pair: Pair) -> str:
    return pair.location or f"pair {pair.prompt!r}"


def by_length(cases: Sequence[Case]) -> list[tuple[list[int], list[Case]]]:
    """Cases of one length together, at most 32, with their indices."""
    groups: dict[int, list[int]] = {}
    for index, case in enumerate(cases):
        groups.setdefault(len(case.clean), []).append(index)
    return [
        (chunk, [cases[index] for index in chunk])
        for members in groups.values()
        for chunk in (members[start : start + 32] for start in range(0, len(members), 32))
    ]


def batches_of(model: Model, cases: Sequence[Case]) -> Iterator[tuple[list[int], list[Case]]]:
    """Cases of one length together, as many as the memory of a pass allows, with their indices."""
    for indices, _ in batches([case.clean for case in cases], device=model.device):
        for chunk, group in by_length([cases[index] for index in indices]):
            yield [indices[place] for place in chunk], group


def token_rows(model: Model, rows: Sequence[tuple[int, ...]]) -> torch.Tensor:
    """Rows of one length as a batch."""
    return torch.tensor(rows, device=model.device)


def answer_directions(model: Model, cases: Sequence[Case]) -> torch.Tensor:
    """Unembedding of true minus false first tokens, shape (cases, d_model)."""
    weight = model.network.get_output_embeddings().weight
    true, false = (
        torch.tensor([getattr(case, name) for case in cases], device=weight.device)
        for name in ("true", "false")
    )
    return weight[true] - weight[false]
