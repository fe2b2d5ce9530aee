"""Counts in words."""


def counted(count: int, what: str, several: str | None = None) -> str:
    """`1 job`, `2 jobs`; `several` where the plural has no plain s: `2 families`."""
    return f"{count} {what}" if count == 1 else f"{count} {several or what + 's'}"
