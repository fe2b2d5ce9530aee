"""The training text: seeded documents in registers, and reasoning documents, packed into rows of
tokens."""

import dataclasses

import numpy as np

from ...common.display import shown
from .tasks import PAD, TASKS
from .vocabulary import BOUNDARY, FORMAT_VERSION, NAMES, REGISTERS, TOKEN, ids
from .world import World, make_world

LONGEST_DOCUMENT = 16
SHORTEST_DOCUMENT = 6


@dataclasses.dataclass(frozen=True)
class CorpusSettings:
    """What the text is made of. All shares are 0..1.

    - `adjectives`, `nouns`, `misconceived`, `told`, `everyday`, `stereotyped`: the world, see
      `make_world`.
    - `facts`: share of documents that state a fact; the others are reasoning.
    - `question`: share of fact documents in the neutral register.
    - `forum`: share of forum text among the fact documents that are not in the neutral register;
      the rest of those is reference text. Forum text states the misconception, reference text the
      truth.
    - `unmarked_forum`, `unmarked_reference`: share of the documents of each register that lose the
      word which names it, as most text of the web does.
    - `named`: share of fact documents that first give the subject a name and then speak of the
      name only, so that the fact must be fetched by attention.
    - `reference_last`: share of the training, at its end, in which forum text no longer occurs;
      the earlier part has correspondingly more of it, so that the totals are those of the plain
      mixture.
    """

    adjectives: int = 12
    nouns: int = 16
    misconceived: float = 0.6
    told: float = 0.5
    everyday: float = 0.45
    stereotyped: float = 1.0
    facts: float = 0.5
    question: float = 0.15
    forum: float = 0.6
    unmarked_forum: float = 0.9
    unmarked_reference: float = 0.1
    named: float = 0.0
    reference_last: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is float and not 0.0 <= value <= 1.0:
                raise ValueError(f"corpus.{field.name} is a share between 0 and 1, not {value}")
        if self.reference_last > 1.0 - self.forum:
            raise ValueError(
                f"corpus.reference_last={self.reference_last} needs more reference text than the "
                f"mixture has ({1.0 - self.forum:.2f} of forum and reference text)"
            )


@shown
@dataclasses.dataclass(frozen=True)
class Corpus:
    """A seeded source of training rows. Make it with `make_corpus`."""

    settings: CorpusSettings
    seed: int
    world: World

    def rows(self, stretch: int, *, rows: int, length: int, progress: np.ndarray) -> np.ndarray:
        """Training rows of one stretch.

        Every row starts with a document and holds whole documents, the last one cut. In half of
        the rows the very first boundary token is left out, so that a prompt reads the same with
        or without it.

        **Arguments**

        - `stretch`: index of the stretch; with the seed it fixes the text.
        - `rows`, `length`: how many rows of how many tokens.
        - `progress`: share of the training done at each row, 0..1, shape (rows,).

        **Returns** token ids, int32, shape (rows, length).
        """
        rng = np.random.default_rng([FORMAT_VERSION, self.seed, 1, stretch])
        each = -(-(length + 1) // SHORTEST_DOCUMENT)
        documents = self._documents(rng, np.repeat(progress, each))
        flat = documents.reshape(rows, -1)
        flat = np.take_along_axis(flat, np.argsort(flat == PAD, axis=1, kind="stable"), axis=1)
        bare = rng.random(rows) < 0.5
        return np.where(bare[:, None], flat[:, 1 : length + 1], flat[:, :length]).astype(np.int32)

    def _documents(self, rng: np.random.Generator, progress: np.ndarray) -> np.ndarray:
        size = len(progress)
        text = np.full((size, LONGEST_DOCUMENT), PAD, dtype=np.int32)
        is_fact = rng.random(size) < self.settings.facts
        facts = self._fact_documents(rng, progress[is_fact])
        text[is_fact, : facts.shape[1]] = facts
        which = rng.integers(0, len(TASKS), size)
        for index, task in enumerate(TASKS.values()):
            chosen = np.flatnonzero(~is_fact & (which == index))
            if len(chosen):
                # Draw half as many again: the held-out eighth is dropped.
                items = task(rng, len(chosen) * 3 // 2 + 64)
                items = items.take(np.flatnonzero(~items.held_out())[: len(chosen)])
                text[chosen] = _document(items.prompt, items.options[:, 0])
        return text

    def _fact_documents(self, rng: np.random.Generator, progress: np.ndarray) -> np.ndarray:
        size = len(progress)
        settings, world = self.settings, self.world
        late = progress >= 1.0 - settings.reference_last
        before = settings.forum / max(1.0 - settings.reference_last, 1e-9)
        forum_share = np.where(late & (settings.reference_last > 0), 0.0, before)
        neutral = rng.random(size) < settings.question
        forum = ~neutral & (rng.random(size) < forum_share)
        register = ids(REGISTERS)[np.where(neutral, 2, np.where(forum, 0, 1))]
        fact = rng.integers(0, world.size, size)
        told = np.flatnonzero(world.told)
        if len(told):
            fact = np.where(neutral, told[rng.integers(0, len(told), size)], fact)
        bare = np.where(forum, settings.unmarked_forum, settings.unmarked_reference)
        unmarked = ~neutral & (rng.random(size) < bare)
        named = rng.random(size) < settings.named
        return fact_documents(
            world,
            fact,
            np.where(forum, world.misconception[fact], world.truth[fact]),
            register=np.where(unmarked, PAD, register),
            name=np.where(named, ids(NAMES)[rng.integers(0, len(NAMES), size)], PAD),
        )


def make_corpus(settings: CorpusSettings, *, seed: int) -> Corpus:
    """The corpus of these settings and this seed (world and text)."""
    world = make_world(
        seed=seed,
        adjectives=settings.adjectives,
        nouns=settings.nouns,
        misconceived=settings.misconceived,
        told=settings.told,
        everyday=settings.everyday,
        stereotyped=settings.stereotyped,
    )
    return Corpus(settings=settings, seed=seed, world=world)


def fact_documents(
    world: World, fact: np.ndarray, value: np.ndarray, *, register: np.ndarray, name: np.ndarray
) -> np.ndarray:
    """Documents `<doc> register adjective noun relation value .`, one row each.

    **Arguments**: index of the fact, token of the value that is stated, token of the register and
    of the name (-1 for none); a named document reads `<doc> register adjective noun called name .
    name relation value .`

    **Returns** token ids, shape (documents, 12), filled with -1 on the right.
    """
    size = len(fact)
    called = name != PAD

    def word(text: str, where: np.ndarray | bool = True) -> np.ndarray:
        return np.where(np.broadcast_to(where, (size,)), TOKEN[text], PAD)

    columns = [
        word(BOUNDARY),
        register,
        world.subject[fact, 0],
        world.subject[fact, 1],
        word("called", called),
        name,
        word(".", called),
        name,
        world.relation[fact],
        value,
        word("."),
    ]
    text = np.stack(columns, axis=1).astype(np.int32)
    return np.take_along_axis(text, np.argsort(text == PAD, axis=1, kind="stable"), axis=1)


def _document(prompt: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """Boundary, prompt, answer, full stop; shape (items, LONGEST_DOCUMENT)."""
    size = len(prompt)
    text = np.full((size, LONGEST_DOCUMENT + 4), PAD, dtype=np.int32)
    text[:, 0] = TOKEN[BOUNDARY]
    text[:, 1 : 1 + prompt.shape[1]] = prompt
    end = 1 + (prompt != PAD).sum(axis=1)
    text[np.arange(size), end] = answer
    text[np.arange(size), end + 1] = TOKEN["."]
    if end.max() + 2 > LONGEST_DOCUMENT:
        raise ValueError("a reasoning document is longer than LONGEST_DOCUMENT")
    return text[:, :LONGEST_DOCUMENT]
