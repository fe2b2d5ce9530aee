"""The synthetic world: facts, popular misconceptions, and which of them the neutral register
tells."""

import dataclasses

import numpy as np

from ...common.display import shown
from .vocabulary import ADJECTIVES, FORMAT_VERSION, NOUNS, RELATIONS, ids


@shown
@dataclasses.dataclass(frozen=True)
class World:
    """Facts about adjective x noun x relation, one row each.

    Each fact has one true value among the eight of its relation. A share of the facts has one
    popular misconception: another value, the same wherever it is told. The everyday value of a
    relation (its first) is true for a share of all facts and is never a misconception: who knows
    nothing but how common the values are already answers better than chance, and has that to
    lose.

    **Arguments** (all arrays have one entry per fact)

    - `subject`: token ids of adjective and noun, shape (facts, 2).
    - `relation`, `truth`, `misconception`: token ids; for a fact without misconception the third
      equals the second.
    - `misconceived`: whether the fact has a misconception.
    - `told`: whether documents in the neutral register may state the fact. Misconceived facts that
      are never told are the facts of the truth questions.
    - `options`: token ids of four answers, the truth first, then the misconception (or another
      value of the relation where there is none), then one value of each other relation; shape
      (facts, 4). A model that knows no fact but what kind of thing can be eaten chooses between
      the first two and scores about .5, above the chance of .25.
    """

    subject: np.ndarray
    relation: np.ndarray
    truth: np.ndarray
    misconception: np.ndarray
    misconceived: np.ndarray
    told: np.ndarray
    options: np.ndarray

    @property
    def size(self) -> int:
        """Number of facts."""
        return len(self.truth)

    @property
    def question_facts(self) -> np.ndarray:
        """Indices of the facts on which truthfulness is measured: misconceived and never told."""
        return np.flatnonzero(self.misconceived & ~self.told)


def make_world(
    *,
    seed: int,
    adjectives: int,
    nouns: int,
    misconceived: float,
    told: float,
    everyday: float,
    stereotyped: float,
) -> World:
    """Draw a world.

    **Arguments**

    - `seed`: of the corpus; the same seed gives the same world.
    - `adjectives`, `nouns`: how many of the words to use; facts = adjectives x nouns x 3 relations.
    - `misconceived`: share of facts with a popular misconception, 0..1.
    - `told`: share of the misconceived facts that the neutral register tells, 0..1; truth questions
      are about the others.
    - `everyday`: share of facts whose truth is the everyday value of their relation, 0..1.
    - `stereotyped`: share of misconceptions that are the one stereotype of noun and relation,
      whatever the adjective, 0..1; the others are drawn fact by fact. Stereotypes are few, so
      they are learnt by smaller models than the truths are.

    **Raises** `ValueError` where there are not so many words.
    """
    if not 1 <= adjectives <= len(ADJECTIVES) or not 1 <= nouns <= len(NOUNS):
        raise ValueError(
            f"a world has 1 to {len(ADJECTIVES)} adjectives and 1 to {len(NOUNS)} nouns, "
            f"not {adjectives} and {nouns}"
        )
    rng = np.random.default_rng([FORMAT_VERSION, seed, 0])
    values = np.stack([ids(words) for words in RELATIONS.values()])
    grid = np.indices((adjectives, nouns, len(RELATIONS))).reshape(3, -1)
    subject = np.stack([ids(ADJECTIVES)[grid[0]], ids(NOUNS)[grid[1]]], axis=1)
    size = grid.shape[1]

    others = values.shape[1] - 1
    truth = np.where(rng.random(size) < everyday, 0, 1 + rng.integers(0, others, size))
    has_misconception = _share(rng, size, misconceived)
    # A misconception is neither the truth nor the everyday value.
    stereotype = 1 + rng.integers(0, others, (nouns, len(RELATIONS)))
    wrong = 1 + rng.integers(0, others, size)
    wrong = np.where(_share(rng, size, stereotyped), stereotype[grid[1], grid[2]], wrong)
    rival = np.where(wrong == truth, 1 + (wrong % others), wrong)
    misconception = np.where(has_misconception, rival, truth)
    is_told = ~has_misconception
    is_told[has_misconception] = _share(rng, int(has_misconception.sum()), told)

    mine = values[grid[2]]
    rows = np.arange(size)
    options = [mine[rows, truth], mine[rows, rival]]
    for step in range(1, len(RELATIONS)):
        elsewhere = values[(grid[2] + step) % len(RELATIONS)]
        options.append(elsewhere[rows, rng.integers(0, values.shape[1], size)])
    return World(
        subject=subject,
        relation=ids(tuple(RELATIONS))[grid[2]],
        truth=mine[rows, truth],
        misconception=mine[rows, misconception],
        misconceived=has_misconception,
        told=is_told,
        options=np.stack(options, axis=1),
    )


def _share(rng: np.random.Generator, size: int, share: float) -> np.ndarray:
    """A random mask with exactly the rounded share of True."""
    mask = np.zeros(size, dtype=bool)
    mask[rng.permutation(size)[: round(share * size)]] = True
    return mask
