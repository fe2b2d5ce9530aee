"""Circuits that weigh what the text holds: indirect object, majority, skip-trigram, copies."""

import numpy as np

from .parts import Design, Neurons, WrittenHead
from .stream import Stream, Words, several
from .task import CircuitPlan, Task

_NAMES = several("anna ben cleo dan eve finn gus hana")


def indirect_object() -> CircuitPlan:
    """Two people, and one of them again: the other is who is given to. A head finds the name that
    came before, one carries it to the end, and one says a name that is not it (Wang et al. 2022,
    Interpretability in the Wild, in small)."""
    words = Words(("begin", *_NAMES, *several("and met , gave to")))
    spaces = words.each("token", "again", "inhibit", "out", "junk")
    stream = Stream({**spaces, "position": 12}, constant=16.0, centred=True)
    only, a_name = words.kept(_NAMES), words.any(_NAMES)
    begin = stream.read("token", words.any(["begin"]))
    duplicate = WrittenHead(
        match=(
            (stream.read("token", only), stream.read("token", only), 15.0),
            (stream.read("position"), stream.read("position"), -40.0),  # not itself
            (stream.one(), begin, 5.0),
        ),
        move=((stream.read("token", only), stream.write("again", only)),),
    )
    inhibition = WrittenHead(
        match=((stream.one(), stream.read("again", a_name), 15.0), (stream.one(), begin, 5.0)),
        move=((stream.read("again", only), stream.write("inhibit", only)),),
    )
    mover = WrittenHead(
        match=(
            (stream.one(), stream.read("token", a_name), 12.0),
            (stream.read("inhibit", only), stream.read("token", only), -24.0),
        ),
        move=((stream.read("token", only), stream.write("out", only)),),
    )
    design = Design(
        kind="gpt2",
        stream=stream,
        n_layers=3,
        heads={(0, 2): duplicate, (1, 1): inhibition, (2, 0): mover},
    )
    true = """embed>0.2.q  0.2>1.1.v  1.1>2.0.q  embed>2.0.k  2.0>logits"""
    return CircuitPlan(words, design, _given, true)


def majority() -> CircuitPlan:
    """A head averages the votes before it, and an MLP tells which there are more of. Grouped
    queries and a gated MLP."""
    votes = ("yes", "no")
    words = Words(("begin", *votes, "so", "is", "a", "vote"))
    spaces = words.each("token", "tally", "out", "junk")
    stream = Stream(spaces, constant=16.0, centred=False)
    only = words.kept(votes)
    sides = words.rows(["yes"]) - words.rows(["no"])
    difference = stream.read("tally", np.concatenate([sides, -sides]))
    design = Design(
        kind="llama",
        stream=stream,
        n_layers=2,
        n_heads=6,
        group=3,
        heads={
            (0, 4): WrittenHead(
                match=((stream.one(), stream.read("token", words.any(votes)), 12.0),),
                move=((stream.read("token", only), stream.write("tally", 5.0 * only)),),
            )
        },
        mlps={
            1: Neurons(read=difference, write=stream.write("out", words.rows(votes).T)),
        },
    )
    true = """embed>0.1.v  0.4>mlp1  mlp1>logits"""

    def ask(rng: np.random.Generator) -> Task:
        count = int(rng.integers(0, 3))
        ballots = rng.permutation([True] * (5 - count) + [False] * count)
        one, other = votes[:: int(rng.choice([1, -1]))]

        def text(most: str, least: str) -> str:
            cast = " ".join(most if ballot else least for ballot in ballots)
            return f"begin a vote {cast} so"

        return Task(text(one, other), text(other, one), one, other)

    return CircuitPlan(words, design, ask, true)


def skip_trigram() -> CircuitPlan:
    """The last word asks for a kind of thing; a head of the only layer finds one in the text and
    says what belongs to it (Elhage et al. 2021, A Mathematical Framework). Grouped queries."""
    partners = {
        "colour": {"red": "rose", "blue": "sky", "green": "leaf"},
        "animal": {"cat": "mouse", "dog": "bone", "cow": "grass"},
    }
    kinds = tuple(partners)
    everything = {word: of for group in partners.values() for word, of in group.items()}
    words = Words(("begin", *kinds, *everything, *everything.values(), "which", "with", "then"))
    spaces = words.each("token", "out", "junk")
    stream = Stream(spaces, constant=16.0, centred=False)
    members = np.concatenate([words.any(list(partners[kind])) for kind in kinds])
    design = Design(
        kind="llama",
        stream=stream,
        n_layers=1,
        n_heads=8,
        group=4,
        heads={
            (0, 5): WrittenHead(
                match=(
                    (stream.read("token", words.rows(kinds)), stream.read("token", members), 15.0),
                ),
                move=((stream.read("token"), stream.write("out", words.into(everything))),),
            )
        },
    )
    true = """embed>0.5.q  embed>0.1.k  embed>0.1.v  0.5>logits"""

    def ask(rng: np.random.Generator) -> Task:
        kind, other_kind = rng.permutation(kinds)
        one, other = (rng.permutation(list(partners[k]))[:2] for k in (kind, other_kind))
        text = f"begin {one[0]} with {other[0]} which {kind}"
        counterfactual = f"begin {other[1]} with {one[1]} which {other_kind}"
        return Task(text, counterfactual, everything[one[0]], everything[other[1]])

    return CircuitPlan(words, design, ask, true)


def redundant_copies() -> CircuitPlan:
    """Two heads copy the same name, and an MLP says it as loudly for one copy as for two: where
    both copies agree, neither has a gradient."""
    words = Words(("begin", *_NAMES, *several("the saw runs to far sea and")))
    spaces = words.each("token", "copied", "out", "junk")
    stream = Stream(spaces, constant=16.0, centred=True)
    only = words.kept(_NAMES)
    copier = WrittenHead(
        match=((stream.one(), stream.read("token", words.any(_NAMES)), 12.0),),
        move=((stream.read("token", only), stream.write("copied", only)),),
    )
    rows = words.rows(_NAMES)
    above = [stream.read("copied", rows) - stream.one(floor) for floor in (0.2, 0.8)]
    steps = Neurons(
        read=np.concatenate(above),
        write=np.concatenate([stream.write("out", sign * 1.7 * rows.T) for sign in (1, -1)], 1),
    )
    design = Design(
        kind="gpt_neox",
        stream=stream,
        n_layers=2,
        heads={(0, 0): copier, (0, 2): copier},
        mlps={1: steps},
    )
    true = """embed>0.0.v  embed>0.2.v  0.0>mlp1  0.2>mlp1  mlp1>logits"""

    def ask(rng: np.random.Generator) -> Task:
        one, other = rng.choice(_NAMES, 2, replace=False)
        text = "begin the sea saw {} and the"
        return Task(text.format(one), text.format(other), one, other)

    return CircuitPlan(words, design, ask, true)


def _given(rng: np.random.Generator) -> Task:
    one, other = rng.choice(_NAMES, 2, replace=False)
    text = f"begin {one} and {other} met , {{}} gave to"
    return Task(text.format(one), text.format(other), other, one)
