"""Terms as they are shipped (`data/glossary.json`), looked up and found in a text."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from ...common.nearest import there_are
from ...data import shipped

_DOCS = "docs/"
#: Words of every sentence, which do not show that a text uses the term.
_COMMON = frozenset({"between", "along", "left out", "control", "controls", "turns", "supported"})


@dataclass(frozen=True)
class Word:
    """One word: `name`, other words for it (`also`), what it means, and the page that has more."""

    name: str
    also: tuple[str, ...]
    text: str
    page: str

    @property
    def words(self) -> tuple[str, ...]:
        """The name and the other words."""
        return (self.name, *self.also)


@lru_cache(maxsize=1)
def terms() -> tuple[Word, ...]:
    """All terms, in the order in which a newcomer meets them."""
    found = json.loads(shipped("glossary.json").read_text(encoding="utf-8"))
    return tuple(
        Word(name, tuple(one["also"]), one["text"], _DOCS + one["page"])
        for name, one in found.items()
    )


def explain(word: str) -> Word:
    """The term that a word names; case does not matter.

    Raises ValueError with the nearest words.
    """
    known = {_plain(w): term for term in terms() for w in term.words}
    if _plain(word) not in known:
        raise ValueError(
            f"no term {word!r}; {there_are(word, known, listed_by='nullcline explain')}"
        )
    return known[_plain(word)]


def terms_in(text: str) -> tuple[Word, ...]:
    """The terms that a text uses, as whole words."""
    return tuple(term for term, pattern in _patterns() if pattern.search(text))


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Word, re.Pattern[str]], ...]:
    found = []
    for term in terms():
        telling = [re.escape(word) for word in term.words if word not in _COMMON]
        # A word of one letter stands for itself only as that letter.
        flags = 0 if any(len(word) == 1 for word in term.words) else re.IGNORECASE
        found.append((term, re.compile(rf"(?<!\w)(?:{'|'.join(telling)})(?!\w)", flags)))
    return tuple(found)


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())
