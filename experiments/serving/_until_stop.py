"""A text up to the first of some strings, passed on piece by piece."""

from collections.abc import Callable, Sequence


class UntilStop:
    """Passes a text on until one of `stop` appears, which is not passed on.

    What may be the beginning of one waits until it is certain, so that nothing is passed on that
    later has to be taken back. `text` is what has been passed on, `stopped` whether a string
    ended it.
    """

    def __init__(self, stop: Sequence[str], on_text: Callable[[str], None] | None = None) -> None:
        self._stop, self._on_text, self._held = tuple(stop), on_text, ""
        self.text, self.stopped = "", False

    def add(self, piece: str) -> None:
        """The next piece of the text."""
        if self.stopped:
            return
        self._held += piece
        starts = [start for start in map(self._held.find, self._stop) if start >= 0]
        if starts:
            self.stopped = True
            self._say(self._held[: min(starts)])
            self._held = ""
            return
        certain = len(self._held) - self._waiting()
        self._say(self._held[:certain])
        self._held = self._held[certain:]

    def end(self) -> None:
        """There is no more: what waited was no stop string."""
        self._say(self._held)
        self._held = ""

    def _waiting(self) -> int:
        """Length of the longest end of the text that begins a stop string."""
        longest = max((len(word) for word in self._stop), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(word.startswith(self._held[-length:]) for word in self._stop):
                return length
        return 0

    def _say(self, text: str) -> None:
        self.text += text
        if text and self._on_text is not None:
            self._on_text(text)
