"""Counts in words."""

_VOWELS = "aeiou"


def counted(count: int, what: str) -> str:
    """`1 job`, `2 jobs`, `1 family`, `2 families`."""
    if count == 1:
        return f"1 {what}"
    ies = what.endswith("y") and what[-2:-1] not in _VOWELS
    return f"{count} {what[:-1]}ies" if ies else f"{count} {what}s"


def shortened(value: object, longest: int = 60) -> str:
    """`repr` of something of unknown origin, for a message: on one line, cut at the end where
    it is long, without characters that a terminal would obey."""
    try:
        said = repr(value)
    except (ValueError, RecursionError):  # a whole number of too many digits, a list in itself
        said = f"a value of type {type(value).__name__}"
    said = printable(said)
    return said if len(said) <= longest else f"{said[: longest - 1]}…"


def safe_line(text: str) -> str:
    """`text` without what a terminal would obey: a blank for each tab, end of a line and other
    blank, a question mark for each character that is none to be seen, such as escapes and marks of
    direction."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def printable(text: str) -> str:
    """`safe_line` with one blank between words."""
    return safe_line(" ".join(text.split()))


def visible(text: str) -> str:
    """`safe_line` of each line of `text`."""
    return "\n".join(map(safe_line, text.split("\n")))
