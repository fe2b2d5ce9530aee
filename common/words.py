"""Counts, values of others and errors of the system, in words."""

import errno

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


#: What to do about an error of the system; others say enough.
_MENDS = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, or ask for a larger quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EACCES: "change its rights, or give another place",
    errno.EPERM: "change its rights, or give another place",
    errno.EROFS: "give another place",
}


def system_error(error: OSError) -> str:
    """`runs/a/record.json: No space left on device; make room there`; what an `OSError` of other
    makers says, as it is."""
    if error.strerror is None or error.filename is None:
        return str(error)
    mend = _MENDS.get(error.errno or 0)
    return f"{error.filename}: {error.strerror}" + (f"; {mend}" if mend else "")
