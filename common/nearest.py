"""What a name that does not exist may have meant: the nearest of those that do, and all of them."""

from collections.abc import Iterable

_MOST = 60
_FEW = 12
_NEAR = 0.6
_AS_NEAR = 0.15


def nearest(
    name: str, known: Iterable[object], *, most: int = 3, cutoff: float = _NEAR
) -> list[str]:
    """The known names that are spelt most like `name`, case and dashes before it aside, the
    nearest first.

    `cutoff`: the least likeness that counts, from 0 to 1 (`difflib.SequenceMatcher.ratio`); those
    by far less like than the nearest do not count either.
    """
    from difflib import SequenceMatcher

    compared = SequenceMatcher(None, b=_plain(name))  # which is kept for all others
    likeness: dict[str, float] = {}
    for text in map(str, known):
        compared.set_seq1(_plain(text))
        if compared.quick_ratio() >= cutoff:
            likeness[text] = compared.ratio()
    least = max(cutoff, max(likeness.values(), default=0) - _AS_NEAR)
    near = sorted(likeness, key=lambda text: -likeness[text])
    return [text for text in near if likeness[text] >= least][:most]


def there_are(name: object, known: Iterable[object], *, listed_by: str = "") -> str:
    """`nearest: Pythia; there are BLOOM, OPT, Pythia`, the end of a message that `name` is unknown.

    `listed_by`: a command that lists them, named instead of the list where they are many.
    """
    names = [*map(str, known)]
    near = nearest(str(name), names)
    begin = f"nearest: {', '.join(near)}; " if near else ""
    if listed_by and len(names) > _FEW:
        return f"{begin}{listed_by} lists all {len(names)}"
    listed = ", ".join(names[:_MOST]) + (f", ... ({len(names)})" if len(names) > _MOST else "")
    return f"{begin}there are {listed or 'none'}"


def _plain(text: str) -> str:
    return text.casefold().lstrip("-")
