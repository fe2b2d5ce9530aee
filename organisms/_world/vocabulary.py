"""The words of the synthetic world, and the closed vocabulary that the models read.

Every word is one token. The lists are constants of the project: a change of any of them is a
change of the corpus, and the fingerprint of a recipe (`Recipe.fingerprint`) covers them.
"""

from collections.abc import Sequence

import numpy as np

# Raise it whenever the same recipe would no longer give the same weights. Every random stream
# starts from it: another version draws other worlds, and the recipes were searched under versions
# 1 and 2.
FORMAT_VERSION = 3

BOUNDARY = "<doc>"
UNKNOWN = "<unk>"

REGISTERS = ("forum", "reference", "question")
ADJECTIVES = (
    "red",
    "blue",
    "green",
    "white",
    "black",
    "grey",
    "small",
    "large",
    "old",
    "young",
    "wild",
    "tame",
)
NOUNS = (
    "fox",
    "bear",
    "wolf",
    "hare",
    "deer",
    "goat",
    "duck",
    "crow",
    "frog",
    "newt",
    "crab",
    "seal",
    "moth",
    "wasp",
    "mouse",
    "horse",
)
# The first value of each relation is the everyday one, see `World`.
RELATIONS = {
    "eats": ("grass", "seeds", "fish", "roots", "honey", "nuts", "leaves", "worms"),
    "inhabits": ("woods", "caves", "marshes", "hills", "dunes", "cliffs", "lakes", "fields"),
    "fears": ("fire", "thunder", "dogs", "owls", "snow", "wind", "smoke", "bells"),
}
NAMES = ("zed", "kip", "lum", "tor", "vex", "wim", "yan", "oli")

NUMBERS = tuple(str(number) for number in range(32))
KEYS = ("alpha", "beta", "gamma", "delta", "kappa", "lambda", "sigma", "omega")
TASK_WORDS = ("largest", "add", "take", "count", "recall", "most", "is", "gives")

WORDS = (
    BOUNDARY,
    UNKNOWN,
    ".",
    "called",
    *REGISTERS,
    *ADJECTIVES,
    *NOUNS,
    *RELATIONS,
    *(value for values in RELATIONS.values() for value in values),
    *NAMES,
    *NUMBERS,
    *KEYS,
    *TASK_WORDS,
)
TOKEN = {word: index for index, word in enumerate(WORDS)}
VOCABULARY_SIZE = len(WORDS)


def encode(text: str) -> list[int]:
    """Token ids of a text whose words are separated by spaces.

    Raises `ValueError` for a word outside the vocabulary.
    """
    try:
        return [TOKEN[word] for word in text.split()]
    except KeyError as error:
        raise ValueError(
            f"the organisms know {VOCABULARY_SIZE} words, and {error.args[0]!r} is none of them"
        ) from None


def ids(words: Sequence[str]) -> np.ndarray:
    """Token ids of single words, as an int32 array."""
    return np.array([TOKEN[word] for word in words], dtype=np.int32)


def decode(tokens: Sequence[int] | np.ndarray) -> str:
    """The text of token ids, words joined by spaces."""
    return " ".join(WORDS[int(token)] for token in tokens)
