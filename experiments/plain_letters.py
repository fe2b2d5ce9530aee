"""Signs that a stream cannot say, in letters that it can: a result is never lost for a γ."""

import codecs
import sys
from types import MappingProxyType

_NAME = "nullcline.plain_letters"
_LETTERS = MappingProxyType(
    {
        "γ": "gamma", "α": "alpha", "β": "beta", "Δ": "d", "Σ": "sum", "λ": "lambda",
        "×": "x", "±": "+-", "−": "-", "–": "-", "—": "-", "─": "-", "│": "|", "·": ".",
        "…": "...", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=",
        "∞": "inf", "°": "o", "²": "^2", "³": "^3", "⁻": "^-", "¹": "1", "½": "1/2",
        "‘": "'", "’": "'", "“": '"', "”": '"', "✓": "yes", "✗": "no",
    }
)  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_LETTERS.get(sign, "?") for sign in lost), error.end


def say_everything() -> None:
    """Let stdout and stderr write plain letters for what their encoding lacks (latin-1, cp1252,
    ASCII); a stream in UTF-8 writes as ever."""
    codecs.register_error(_NAME, _plain)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not says_unicode(stream):
            reconfigure(errors=_NAME)


def says_unicode(stream: object) -> bool:
    """Whether a stream's encoding has all signs."""
    name = getattr(stream, "encoding", None)
    try:
        return name is None or codecs.lookup(name).name.startswith("utf")
    except LookupError:
        return False
