"""Files and folders that are written whole or not at all.

What is written goes to a temporary name beside the final one, and is renamed at the end. The mode
is that of anything new, as the process's umask says: the umask itself is never read or set, since
it belongs to all threads.

Data are synced to the disk before the rename and the folder after it, so that after a power cut the
final name holds the old content or the new one, never a part, and what was said to be written is.
"""

import contextlib
import errno
import glob
import os
import secrets
import shutil
from collections.abc import Generator
from pathlib import Path

#: Temporary files and folders of this process, which belong to no object that could name them.
_unfinished: set[Path] = set()


def regular_bytes(path: Path) -> bytes:
    """The bytes of a file. **Raises** `OSError` as reading does, and for a pipe or a device, of
    which nobody knows whether it ends."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "neither a file nor a folder", str(path))
    return path.read_bytes()


@contextlib.contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """An empty file beside `path` to write to, which takes its name when the block ends well.

    Folders above it are made. What stood at `path` is replaced; after any exception it stands
    there as before, and nothing else is left.

    **Raises** `OSError` that names `path`, and not the temporary name, where the system refuses.
    """
    temporary = _beside(path)
    with _named(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        _unfinished.add(temporary)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
            _unfinished.discard(temporary)
        _sync_folder(path.parent)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `path` whole or not at all; text as UTF-8."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextlib.contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Generator[Path]:
    """An empty folder beside `path` to fill, which takes its name when the block ends well.

    **Raises** `FileExistsError` where `path` exists, unless `replace` removes it at the end; a
    folder that cannot be renamed is not left behind.
    """
    if path.exists() and not replace:
        raise FileExistsError(f"{path} exists; give a folder that does not")
    temporary, old = _beside(path), _beside(path)
    with _named(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        _unfinished.add(temporary)
        temporary.mkdir()
        try:
            yield temporary
            for made in temporary.rglob("*"):
                if made.is_file():
                    _sync(made)
            if replace and path.exists():
                path.rename(old)
            try:
                temporary.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            _unfinished.discard(temporary)
            if path.exists():
                shutil.rmtree(old, ignore_errors=True)
        _sync_folder(path.parent)


def remove_unfinished() -> None:
    """Remove what is being written, in whatever thread: for a process that ends at once, where no
    block comes to its end."""
    for path in list(_unfinished):
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def cache_folder(name: str) -> Path:
    """`$XDG_CACHE_HOME/nullcline/NAME` (`~/.cache/nullcline/NAME`): what can be made again. It may
    not be there yet."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nullcline" / name


def remove_halves(path: Path) -> None:
    """Remove what processes that were killed had written of `path` and not renamed yet. For whoever
    alone writes it: of another writer it would take the file away."""
    for half in path.parent.glob(f".{glob.escape(path.stem)}.{'[0-9a-f]' * 16}{path.suffix}"):
        half.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    """A hidden name in the same folder, with the same ending: some writers go by it."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")


@contextlib.contextmanager
def _named(path: Path, temporary: Path) -> Generator[None]:
    """An error of the system names the file that was asked for: full disks and closed folders name
    none, or one that nobody has heard of."""
    try:
        yield
    except OSError as error:
        unknown = error.filename is None or Path(str(error.filename)) == temporary
        if error.errno is None or not unknown:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _sync_folder(folder: Path) -> None:
    """Keep a rename over a power cut, where the system can: not all sync a folder, and one may be
    written to and not read."""
    with contextlib.suppress(OSError):
        _sync(folder)
