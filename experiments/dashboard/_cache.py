"""Views of shipped tables, stored from one start to the next."""

import hashlib
import json
import os
import shutil
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from ...common.files import write_whole


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/nullcline/views`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nullcline" / "views"


class ViewCache:
    """Parts of jobs by key, valid for one state of the code and the data.

    A file of JSON per job. The library for it, diskcache, would unpickle what lies in the folder
    (CVE-2025-69872; its last release is of 2023), and its SQLite log does not work in home folders
    on a network; a folder that cannot be read or written has to be no failure here.
    """

    def __init__(self, folder: Path | None):
        self._folder = None if folder is None else folder / _state()

    def get(self, key: tuple) -> dict[str, str] | None:
        """The stored parts, None where there are none or they cannot be read."""
        if self._folder is None:
            return None
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def put(self, key: tuple, parts: dict[str, str]) -> None:
        """Keep parts; a folder that cannot be written is no failure."""
        if self._folder is None:
            return
        try:
            self._remove_others()
            write_whole(self._path(key), json.dumps(parts))
        except OSError:
            return

    def _path(self, key: tuple) -> Path:
        assert self._folder is not None
        name = hashlib.sha256(json.dumps(key).encode("utf-8")).hexdigest()[:24]
        return self._folder / f"{name}.json"

    def _remove_others(self) -> None:
        """What another state of the code or the data left."""
        assert self._folder is not None
        if self._folder.is_dir():
            return
        for old in self._folder.parent.glob("*"):
            shutil.rmtree(old, ignore_errors=True)


@lru_cache(maxsize=1)
def _state() -> str:
    """A hash of the code and of the shipped tables."""
    root = Path(__file__).parent.parent.parent
    seen = hashlib.sha256(version("nullcline").encode("utf-8"))
    packages = ("common", "dynamics", "experiments")
    sources = [path for package in packages for path in root.glob(f"{package}/**/*.py")]
    tables = root.glob("data/*.csv")
    for path in sorted([*sources, *tables]):
        seen.update(path.relative_to(root).as_posix().encode("utf-8"))
        seen.update(path.read_bytes())
    return seen.hexdigest()[:16]
