"""Finished parts of a search, kept in a file so that a search that was stopped goes on."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .._errors import InterpError


class Kept:
    """Arrays by name, one JSON line each, appended as soon as they are made.

    Without a file nothing is kept. A line that was cut, because the machine stopped while it was
    written, is left out.
    """

    def __init__(self, path: Path | None, *, settings: Sequence[object]) -> None:
        """`settings`: all that the arrays depend on. **Raises** `InterpError` for a file that
        belongs to others, and for one that cannot be written."""
        self._path = path
        self._known: dict[str, np.ndarray] = {}
        self._read = 0
        if path is None:
            return
        key = hashlib.sha256(repr(settings).encode()).hexdigest()
        try:
            lines = path.read_bytes().splitlines() if path.exists() else []
            if not lines:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps({"search": key}) + "\n", encoding="utf-8")
                return
        except OSError as error:
            raise InterpError(f"{path} cannot keep a search ({error.strerror})") from None
        if _entry(lines[0]).get("search") != key:
            raise InterpError(
                f"{path} keeps another search (of other sets, weights or settings); give another "
                "file, or delete it"
            )
        for line in lines[1:]:
            entry = _entry(line)
            if "name" in entry:
                values = np.array(entry["values"], dtype=entry["dtype"])
                self._known[entry["name"]] = values.reshape(entry["shape"])

    def __len__(self) -> int:
        """How many parts are known."""
        return len(self._known)

    def once(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What `make` returns, now or in an earlier search."""
        if name not in self._known:
            values = np.asarray(make())
            self._known[name] = values
            if self._path is not None:
                entry = {
                    "name": name,
                    "dtype": str(values.dtype),
                    "shape": values.shape,
                    "values": values.ravel().tolist(),
                }
                with self._path.open("a", encoding="utf-8") as file:
                    file.write("\n" + json.dumps(entry))
        return self._known[name]


def _entry(line: bytes) -> dict:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
