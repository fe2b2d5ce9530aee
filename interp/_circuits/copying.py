"""Circuits that find a word in the text and say it."""

import numpy as np

from .parts import Design, WrittenHead
from .stream import Stream, Words, several, shifted
from .task import CircuitPlan, Task, letters

#: Where a head looks that finds nothing: at the first word, from which it moves nothing.
_REST = 5.0
_LENGTH = 12


def induction() -> CircuitPlan:
    """A head looks one word back; another finds where the last word stood before, and says what
    followed it (Olsson et al. 2022, In-context Learning and Induction Heads)."""
    words = letters(12)
    spaces = words.each("token", "previous", "out", "junk")
    stream = Stream({**spaces, "position": _LENGTH}, constant=16.0, centred=True)
    design = Design(
        kind="gpt2",
        stream=stream,
        n_layers=2,
        heads={
            (0, 1): previous_word(stream, words),
            (1, 2): followed(stream, words, asked="token", writes="out", gain=1.0),
        },
    )
    true = """embed>0.1.v  0.1>1.2.k  embed>1.2.q  embed>1.2.v  1.2>logits"""
    return CircuitPlan(words, design, _repeated, true)


def two_hop() -> CircuitPlan:
    """A word leads to a second, and the second, found elsewhere, to a third, which is said."""
    words = Words((*letters(14).words, ","))
    spaces = words.each("token", "previous", "middle", "out", "junk")
    stream = Stream({**spaces, "position": _LENGTH}, constant=16.0, centred=True)
    design = Design(
        kind="gpt2",
        stream=stream,
        n_layers=3,
        heads={
            (0, 2): previous_word(stream, words),
            (1, 0): followed(stream, words, asked="token", writes="middle", gain=1.0),
            (2, 3): followed(stream, words, asked="middle", writes="out", gain=1.0),
        },
    )
    true = """embed>0.2.v  0.2>1.0.k  embed>1.0.q  embed>1.0.v  1.0>2.3.q  0.2>2.3.k
        embed>2.3.v  2.3>logits"""
    return CircuitPlan(words, design, _chained, true)


def copy_suppression() -> CircuitPlan:
    """A head says the name in the text; a later one sees what is about to be said, finds it in the
    text and takes half of it back (McDougall et al. 2023, Copy Suppression)."""
    names = several("anna ben cleo dan eve finn gus hana")
    words = Words(("begin", *names, *several("the saw runs to far sea and")))
    spaces = words.each("token", "out", "junk")
    stream = Stream(spaces, constant=16.0, centred=True)
    only = words.kept(names)
    design = Design(
        kind="gpt_neox",
        stream=stream,
        n_layers=2,
        heads={
            (0, 3): WrittenHead(
                match=((stream.one(), stream.read("token", words.any(names)), 12.0),),
                move=((stream.read("token", only), stream.write("out", only)),),
            ),
            (1, 1): WrittenHead(
                match=(
                    (stream.read("out", only), stream.read("token", only), 12.0),
                    (stream.one(), stream.read("token", words.any(["begin"])), _REST),
                ),
                move=((stream.read("token", only), stream.write("out", -0.5 * only)),),
            ),
        },
    )
    true = """embed>0.3.v  0.3>1.1.q  embed>1.1.k  embed>1.1.v  0.3>logits  1.1>logits"""

    def ask(rng: np.random.Generator) -> Task:
        one, other = rng.choice(names, 2, replace=False)
        text = "begin the sea saw {} and the"
        return Task(text.format(one), text.format(other), one, other)

    return CircuitPlan(words, design, ask, true, against=((1, 1),))


def previous_word(stream: Stream, words: Words) -> WrittenHead:
    """A head that looks one word back, and says there what it saw."""
    back = shifted(stream.spaces["position"])
    return WrittenHead(
        match=((stream.read("position"), stream.read("position", back), 20.0),),
        move=((stream.read("token"), stream.write("previous")),),
    )


def followed(stream: Stream, words: Words, *, asked: str, writes: str, gain: float) -> WrittenHead:
    """A head that looks where the word before was the one that is asked for."""
    kept = words.kept([word for word in words.words if word not in ("begin", ",")])
    ends = words.any([word for word in words.words if word == ","])
    return WrittenHead(
        match=(
            (stream.read(asked, kept), stream.read("previous", kept), 15.0),
            (stream.one(), stream.read("token", words.any(["begin"])), _REST),
            (stream.one(), stream.read("token", ends), -20.0),
        ),
        move=((stream.read("token", kept), stream.write(writes, gain * kept)),),
    )


def _repeated(rng: np.random.Generator) -> Task:
    """Different letters, and one of the first again."""
    drawn = rng.permutation(letters(12).words[1:])
    at = int(rng.integers(0, 5))

    def text(some: np.ndarray) -> str:
        return " ".join(["begin", *some, some[at]])

    one, other = drawn[:6], drawn[6:]
    return Task(text(one), text(other), str(one[at + 1]), str(other[at + 1]))


def _chained(rng: np.random.Generator) -> Task:
    """A leads to b and b to c, in either order, beside a pair that leads nowhere."""
    drawn = rng.permutation(letters(14).words[1:])
    order = rng.permutation(3)

    def text(a: str, b: str, c: str, d: str, e: str) -> str:
        steps = [(a, b, ","), (b, c, ","), (d, e, ",")]
        return " ".join(["begin", *(word for at in order for word in steps[at]), a])

    one, other = drawn[:5], drawn[5:10]
    return Task(text(*one), text(*other), str(one[2]), str(other[2]))
