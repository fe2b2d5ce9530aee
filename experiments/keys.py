"""When two jobs are the same: equal settings, equal inputs, equal code."""

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from .checkout import Code, code_of_checkout

_ROOT = Path(__file__).parent.parent
_LIBRARIES = ("common", "dynamics", "interp", "organisms")
#: Rooms of `experiments/` that show results or run jobs, and make none.
_SHOWING = ("commands", "dashboard", "figures", "ledger", "loggers", "serving", "sweeps", "web")


def code_now() -> Code:
    """Commit of the checkout, whether it is changed, and the digest that goes into keys."""
    return {**code_of_checkout(), "version": code_version()}


def job_key(name: str, plain: Mapping[str, object], inputs: Mapping[str, str], version: str) -> str:
    """SHA-256 of a study's name, resolved settings, input digests and code version."""
    whole = {"experiment": name, "settings": plain, "inputs": dict(inputs), "code": version}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


@functools.cache
def code_version() -> str:
    """A digest of the sources that make results: the three libraries, `common/`, and
    `experiments/` without the rooms that only show or run.

    Not the commit: changed files that are not committed change results, and a commit of
    documentation does not.
    """
    found = hashlib.sha256()
    files = [p for name in _LIBRARIES for p in (_ROOT / name).rglob("*.py")]
    own = (_ROOT / "experiments").rglob("*.py")
    files += [p for p in own if p.relative_to(_ROOT).parts[1] not in _SHOWING]
    for path in sorted(files):
        found.update(path.relative_to(_ROOT).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def file_digest(path: Path | str) -> str:
    """SHA-256 of a file. Raises ValueError where there is none."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    status = path.stat()
    return _digest(str(path.resolve()), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=4096)
def _digest(path: str, changed: int, size: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path | str) -> str:
    """SHA-256 over the names and digests of a folder's files."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder")
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        found.update(file_digest(path).encode())
    return found.hexdigest()
