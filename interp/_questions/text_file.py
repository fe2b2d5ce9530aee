"""The text of a file that somebody gives."""

from pathlib import Path

from ...common.files import regular_bytes
from .._errors import InterpError

LARGEST_FILE = 50 * 2**20


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with `\\n` at the end of lines.

    **Raises** `InterpError` for what is no such file, and above 50 MB.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InterpError(f"{path} has over {LARGEST_FILE // 2**20} MB; split it")
        return regular_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InterpError(f"{path} is not UTF-8 text; save it as CSV or JSON in UTF-8") from None
    except OSError as error:
        raise InterpError(f"{path}: {error.strerror or error}") from None
