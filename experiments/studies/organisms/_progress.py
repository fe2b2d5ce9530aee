"""The progress of a training on stderr: a bar on a terminal, a line now and then in a log."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_LOG_SECONDS = 10.0
_BAR = 20


class TrainingReport:
    """Tells of the models `names`, of several at once if need be.

    Give `step` and `end` to `organisms.train` as `on_progress` and `on_done`.
    """

    def __init__(
        self, names: Sequence[str], *, folder: Path, say: Callable[[str], None] | None = None
    ) -> None:
        self._place = {name: place for place, name in enumerate(names, start=1)}
        self._checkpoints = {path.name for path in folder.glob("*.checkpoint.npz")}
        self._say = say or (lambda text: print(text, file=sys.stderr, flush=True))
        self._live = say is None and sys.stderr.isatty()
        self._began = time.monotonic()
        self._told: dict[str, float] = {}
        self._bars: dict[str, str] = {}
        self._lock = threading.Lock()

    def begin(self, models: int, folder: Path) -> None:
        """Before anything is compiled, which takes some seconds a size."""
        what = f"{models} model{'s' if models > 1 else ''}"
        self._line(f"train {what} into {folder}; the first figures come after compilation")

    def step(self, progress: Any) -> None:
        """After every stretch of steps of a model."""
        with self._lock:
            now, name = time.monotonic(), progress.name
            if name not in self._told:
                self._told[name] = 0.0
                if f"{name}.checkpoint.npz" in self._checkpoints:
                    self._line(self._head(name) + "goes on from its checkpoint")
            if self._live:
                self._bars[name] = self._head(name) + progress_bar(progress)
                print(
                    "\r\x1b[K" + "  ".join(self._bars.values()), end="", file=sys.stderr, flush=True
                )
            elif now - self._told[name] >= _LOG_SECONDS or progress.step == progress.steps:
                self._told[name] = now
                self._say(self._head(name) + progress_bar(progress))

    def end(self, organism: Any) -> None:
        """A model is exported and measured, or was there already."""
        with self._lock:
            self._bars.pop(organism.name, None)
            if organism.name not in self._told:
                self._line(f"{self._head(organism.name)}kept, it is trained already")
                return
            self._line(
                f"{self._head(organism.name)}done after {time.monotonic() - self._began:.0f} s  "
                f"truth {organism.truth:.2f}  reference {organism.truth_reference:.2f}  "
                f"reasoning {organism.reasoning:.2f}"
            )

    def _line(self, text: str) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr)
        self._say(text)

    def _head(self, name: str) -> str:
        return f"train {self._place[name]}/{len(self._place)}  {name:14s}  "


def progress_bar(progress: Any) -> str:
    """`████──── 400/1000  loss 1.632  0:12 left` of an `organisms.TrainingProgress`."""
    filled = round(_BAR * progress.step / progress.steps)
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return (
        f"{'█' * filled}{'─' * (_BAR - filled)} {progress.step}/{progress.steps}  "
        f"loss {progress.loss:.3f}  {minutes}:{seconds:02d} left"
    )
