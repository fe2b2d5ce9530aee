"""A text up to the first of some strings, passed on piece by piece."""

from collections.abc import Callable, Sequence


class UntilStop:
    """Passes a text on until one of `stop` appears, which is not passed on.

    What may be the beginning of one waits until it is certain, so that nothing is told that later
    has to be taken back. `text` is what has been passed on, `found` whether a string ended it.
    """

    def __init__(self, stop: Sequence[str], tell: Callable[[str], None] | None = None) -> None:
        self._stop, self._tell, self._held = tuple(stop), tell, ""
        self.text, self.found = "", False

    def add(self, piece: str) -> None:
        """The next piece of the text."""
        if self.found:
            return
        self._held += piece
        places = [place for place in map(self._held.find, self._stop) if place >= 0]
        if places:
            self.found = True
            self._say(self._held[: min(places)])
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
        if text and self._tell is not None:
            self._tell(text)
