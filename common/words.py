"""Counts in words."""

_VOWELS = "aeiou"


def counted(count: int, what: str) -> str:
    """`1 job`, `2 jobs`, `1 family`, `2 families`."""
    if count == 1:
        return f"1 {what}"
    ies = what.endswith("y") and what[-2:-1] not in _VOWELS
    return f"{count} {what[:-1]}ies" if ies else f"{count} {what}s"
