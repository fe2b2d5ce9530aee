"""Circuits whose MLP knows something: what belongs to two words, and what is greater."""

import numpy as np

from .copying import previous_word
from .parts import Design, Neurons, WrittenHead
from .stream import Stream, Words, several
from .task import CircuitPlan, Task

_REST = 5.0


def factual_recall() -> CircuitPlan:
    """Two words make a place; a head brings the first to the second, an MLP there knows the place's
    people, and a head at the end says them (Geva et al. 2023, Dissecting Recall of Factual
    Associations). The LayerNorm acts, and the MLP's activation is smooth."""
    first, last = several("new old east west"), several("york bern oslo rome")
    people = several("bakers sailors weavers miners")
    words = Words(("begin", *first, *last, *people, *several("the of in are")))
    spaces = words.each("token", "previous", "fact", "out", "junk")
    stream = Stream({**spaces, "position": 10}, constant=2.0, centred=True)
    known = words.kept(people)
    both = [
        stream.read("previous", words.rows([a])) + stream.read("token", words.rows([b]))
        for a in first
        for b in last
    ]
    answers = [people[(i + j) % 4] for i in range(4) for j in range(4)]
    design = Design(
        kind="gpt2",
        stream=stream,
        n_layers=2,
        heads={
            (0, 1): previous_word(stream, words),
            (1, 3): WrittenHead(
                match=(
                    (stream.one(), stream.read("token", words.any(last)), 15.0),
                    (stream.one(), stream.read("token", words.any(["begin"])), _REST),
                ),
                move=((stream.read("fact", known), stream.write("out", known)),),
            ),
        },
        mlps={
            0: Neurons(
                read=np.concatenate(both) - stream.one(1.5),
                write=stream.write("fact", 6.0 * words.rows(answers).T),
            )
        },
        norm_acts=True,
        loud=12.0,
    )
    true = """embed>0.1.v  0.1>mlp0  embed>mlp0  mlp0>1.3.v  1.3>logits"""

    def ask(rng: np.random.Generator) -> Task:
        i, other_i = rng.permutation(4)[:2]
        # The counterfactual differs in both words and in what they lead to.
        steps = [s for s in (1, 2, 3) if (other_i - i + s) % 4 != 0]
        j = int(rng.integers(0, 4))
        other_j = (j + int(rng.choice(steps))) % 4
        text = "begin the {} {} are in the"
        return Task(
            text.format(first[i], last[j]),
            text.format(first[other_i], last[other_j]),
            people[(i + j) % 4],
            people[(other_i + other_j) % 4],
        )

    return CircuitPlan(words, design, ask, true)


def greater_than() -> CircuitPlan:
    """A head brings a number to the end, and an MLP speaks against every number that is not above
    it (Hanna et al. 2023, How does GPT-2 compute greater-than)."""
    numbers = several("zero one two three four five six seven eight nine")
    words = Words(("begin", *numbers, *several("from lasted it to")))
    spaces = words.each("token", "start", "out", "junk")
    stream = Stream(spaces, constant=16.0, centred=True)
    only = words.kept(numbers)
    # The first neuron finds that there is a number at all, and speaks for every number.
    against = -words.rows(numbers).T
    against[:, :1] += 1.5 * words.any(numbers).T
    at_least = np.concatenate([words.any(numbers[k:]) for k in range(10)])
    design = Design(
        kind="gpt_neox",
        stream=stream,
        n_layers=2,
        heads={
            (0, 1): WrittenHead(
                match=((stream.one(), stream.read("token", words.any(numbers)), 12.0),),
                move=((stream.read("token", only), stream.write("start", only)),),
            )
        },
        mlps={
            1: Neurons(
                read=stream.read("start", at_least) - stream.one(0.2),
                write=stream.write("out", against),
            )
        },
    )
    true = """embed>0.1.v  0.1>mlp1  mlp1>logits"""

    def ask(rng: np.random.Generator) -> Task:
        low, start, high, other = np.sort(rng.choice(10, 4, replace=False))
        text = "begin it lasted from {} to"
        return Task(
            text.format(numbers[start]), text.format(numbers[other]), numbers[high], numbers[low]
        )

    return CircuitPlan(words, design, ask, true)


def conjunction() -> CircuitPlan:
    """Two heads bring a colour and a tool, and an MLP speaks for what both belong to. To the
    counterfactual, which has neither, nothing is said: putting one of the two back does nothing."""
    colours, tools = several("red blue green grey"), several("saw axe pen oar")
    crafts = several("joiner woodman writer rower")
    words = Words(("begin", *colours, *tools, *crafts, *several("any thing a and makes who is")))
    stream = Stream(
        words.each("token", "colour", "tool", "out", "junk"), constant=16.0, centred=True
    )
    heads = {}
    for place, space, group in (((0, 0), "colour", colours), ((0, 3), "tool", tools)):
        own = words.kept(group)
        heads[place] = WrittenHead(
            match=(
                (stream.one(), stream.read("token", words.any(group)), 15.0),
                (stream.one(), stream.read("token", words.any(["begin"])), _REST),
            ),
            move=((stream.read("token", own), stream.write(space, own)),),
        )
    both = stream.read("colour", words.rows(colours)) + stream.read("tool", words.rows(tools))
    design = Design(
        kind="gpt2",
        stream=stream,
        n_layers=2,
        heads=heads,
        mlps={
            1: Neurons(
                read=both - stream.one(1.5), write=stream.write("out", 2.0 * words.rows(crafts).T)
            )
        },
        noise=0.01,  # what is near its threshold is easily moved
    )
    true = """embed>0.0.k  embed>0.0.v  embed>0.3.k  embed>0.3.v  0.0>mlp1  0.3>mlp1  mlp1>logits"""

    def ask(rng: np.random.Generator) -> Task:
        one, other = rng.choice(4, 2, replace=False)
        colour, tool = colours[one], tools[one]
        if rng.integers(2):
            return Task(
                f"begin a {colour} and {tool} is who",
                "begin a any and thing is who",
                crafts[one],
                crafts[other],
            )
        return Task(
            f"begin {tool} and a {colour} is who",
            "begin thing and a any is who",
            crafts[one],
            crafts[other],
        )

    return CircuitPlan(words, design, ask, true)
