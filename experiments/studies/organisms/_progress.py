"""The progress of a training: a bar for each model, or lines, and what each came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....common.words import counted
from ...progress import Reporter

if TYPE_CHECKING:
    from ....organisms import Organism

_SIZES_OF_A_TURN = 4


class TrainingReport:
    """Says how far the models `names` are, of several at once if need be.

    Give `step`, `loss` and `end` to `organisms.train` as `on_progress`, `on_loss` and `on_done`.
    """

    def __init__(
        self, names: Sequence[str], *, folder: Path, say: Callable[[str], None] | None = None
    ) -> None:
        self._numbers = {name: number for number, name in enumerate(names, start=1)}
        self._checkpoints = {path.name for path in folder.glob("*.checkpoint.npz")}
        self._reporter = Reporter("train", say=say)
        self._began = time.monotonic()
        self._seen: set[str] = set()

    def begin(self, models: int, folder: Path) -> None:
        """Before anything is compiled, which takes some seconds a size."""
        what = counted(models, "model")
        self._reporter.line(f"train {what} into {folder}; the first figures come after compilation")

    def few(self, family: str, widths: Collection[int]) -> None:
        """Before the time is spent: what so few sizes of a family cannot tell."""
        if len(widths) < _SIZES_OF_A_TURN:
            what = "a coupling needs 2, and a turn" if len(widths) < 2 else "a turn needs"
            self._reporter.line(
                f"train {counted(len(widths), 'size')} of {family}: {what} {_SIZES_OF_A_TURN}; "
                "more with --size, and what is trained is kept"
            )

    def step(self, name: str, done: int = 0, total: int = 0, /) -> None:
        """After every stretch of steps of a model."""
        if name not in self._seen:
            self._seen.add(name)
            if f"{name}.checkpoint.npz" in self._checkpoints:
                self._reporter.line(self._head(name) + "goes on from its checkpoint")
        self._reporter(name, done, total)

    def loss(self, name: str, loss: float) -> None:
        """The mean loss of a model's last stretch."""
        self._reporter.note(name, f"loss {loss:.3f}")

    def end(self, organism: Organism) -> None:
        """A model is exported and measured, or was there already."""
        if organism.name not in self._seen:
            self._reporter.line(f"{self._head(organism.name)}kept, it is trained already")
            return
        self._reporter.line(
            f"{self._head(organism.name)}done after {time.monotonic() - self._began:.0f} s  "
            f"truth {organism.truth:.2f}  reference {organism.truth_reference:.2f}  "
            f"reasoning {organism.reasoning:.2f}"
        )

    def close(self) -> None:
        """Take the bars away."""
        self._reporter.close()

    def _head(self, name: str) -> str:
        return f"train {self._numbers[name]}/{len(self._numbers)}  {name:14s}  "
