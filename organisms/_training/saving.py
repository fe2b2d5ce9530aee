"""Files of this package: whole or not at all, with one kind of error."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ...common.files import whole_file
from .._errors import OrganismError


@contextlib.contextmanager
def saving(path: Path) -> Iterator[Path]:
    """`whole_file`. **Raises** `OrganismError` where the disk cannot take it."""
    try:
        with whole_file(path) as temporary:
            yield temporary
    except OSError as error:
        outcome = "the earlier file is untouched" if path.exists() else "nothing was written"
        raise OrganismError(f"cannot save {path}: {error.strerror or error}; {outcome}") from None
