"""Files that are written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from .._errors import InterpError


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to, which takes its name when the block ends well.

    **Raises** `InterpError` where it cannot be written.
    """
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix
        )
        os.close(handle)
        aside = Path(name)
        yield aside
        umask = os.umask(0)
        os.umask(umask)
        aside.chmod(0o666 & ~umask)
        aside.replace(path)
    except (OSError, SafetensorError) as error:
        raise InterpError(f"{path} cannot be written: {error}") from None
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
