"""A folder of this process alone, which the next process removes where this one could not."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # no such locks on Windows: there, what a killed process leaves stays
    fcntl = None

_NAME = "nullcline-uploads-"
_LOCK = "lock"


class PrivateFolder:
    """A folder for this user alone (mode 0700), locked as long as this process lives.

    The system gives a lock back however a process ends: a folder that can be locked belongs to
    nobody any more, and is removed when the next one is made.
    """

    def __init__(self, base: Path | None = None):
        base = base or Path(tempfile.gettempdir())
        _remove_left_over(base)
        # Under its name only once it is locked: another process would remove it before.
        made = Path(tempfile.mkdtemp(prefix=f".{_NAME}", dir=base))
        self._lock = (made / _LOCK).open("w")
        _take(self._lock.fileno())
        self.path = made.rename(base / made.name[1:])

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _take(lock: int) -> None:
    """Lock an open file. **Raises** `OSError` where a living process has it."""
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_left_over(base: Path) -> None:
    if fcntl is None:
        return
    for folder in base.glob(f"{_NAME}*"):
        with contextlib.suppress(OSError):  # in use, or not ours to look at
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("r+") as lock:
                _take(lock.fileno())
                shutil.rmtree(folder, ignore_errors=True)
