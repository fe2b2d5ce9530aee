"""Files of this package: whole or not at all, with one kind of error."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from ...common.files import whole_file
from .._errors import InterpError


@contextlib.contextmanager
def saving(path: Path) -> Iterator[Path]:
    """`whole_file`. **Raises** `InterpError` where the file cannot be written."""
    try:
        with whole_file(path) as temporary:
            yield temporary
    except (OSError, SafetensorError) as error:
        raise InterpError(f"{path} cannot be written: {error}") from None
