"""The progress of a training on stderr: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LOG_SECONDS = 10.0
_BAR = 20


class TrainingReport:
    """Tells of one model after another; give `step` to `organisms.train` as `on_progress`."""

    def __init__(
        self, *, models: int, folder: Path, say: Callable[[str], None] | None = None
    ) -> None:
        self._models, self._folder = models, folder
        self._say = say or (lambda text: print(text, file=sys.stderr, flush=True))
        self._live = say is None and sys.stderr.isatty()
        self._number = 0
        self._first = True
        self._told = self._began = 0.0

    def begin(self) -> None:
        """The next model starts."""
        self._number += 1
        self._first = True
        self._began = self._told = time.monotonic()
        self._checkpoints = {path.name for path in self._folder.glob("*.checkpoint.npz")}

    def step(self, progress: Any) -> None:
        """After every stretch of steps."""
        if self._first:
            self._first = False
            self._told = 0.0
            if f"{progress.name}.checkpoint.npz" in self._checkpoints:
                self._say(self._head(progress.name) + "goes on from its checkpoint")
        now = time.monotonic()
        line = self._head(progress.name) + progress_bar(progress)
        if self._live:
            end = "\n" if progress.step == progress.steps else ""
            print(f"\r\x1b[K{line}", end=end, file=sys.stderr, flush=True)
        elif now - self._told >= _LOG_SECONDS or progress.step == progress.steps:
            self._told = now
            self._say(line)

    def end(self, organism: Any, *, kept: bool) -> None:
        """A model is exported and measured, or was there already."""
        if kept:
            self._say(f"{self._head(organism.name)}kept, it is trained already")
            return
        self._say(
            f"{self._head(organism.name)}{time.monotonic() - self._began:.0f} s  "
            f"truth {organism.truth:.2f}  reference {organism.truth_reference:.2f}  "
            f"reasoning {organism.reasoning:.2f}"
        )

    def _head(self, name: str) -> str:
        return f"train {self._number}/{self._models}  {name:14s}  "


def progress_bar(progress: Any) -> str:
    """`████──── 400/1000  loss 1.632  0:12 left` of an `organisms.Progress`."""
    filled = round(_BAR * progress.step / progress.steps)
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    return (
        f"{'█' * filled}{'─' * (_BAR - filled)} {progress.step}/{progress.steps}  "
        f"loss {progress.loss:.3f}  {minutes}:{seconds:02d} left"
    )
