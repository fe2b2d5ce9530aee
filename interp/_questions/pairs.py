"""What a model is scored on: pairs of a true and a false answer, questions, labelled statements."""

import dataclasses

from .._names import Frame


@dataclasses.dataclass(frozen=True)
class Pair:
    """One prompt with a true and a false answer.

    `location` says where it was read (file and row), `topic` what it is about, `counterfactual` is
    a prompt of the same length to which another answer is right (for patching), where given.
    `frame`: how it is put to a model, see `choose_frame`.
    """

    prompt: str
    true: str
    false: str
    topic: str = ""
    location: str = ""
    counterfactual: str | None = None
    frame: Frame = "plain"


@dataclasses.dataclass(frozen=True)
class Question:
    """A multiple-choice question.

    - `prompt`: the question itself; `options`: the answers, in any order.
    - `right`: one truth value per option; `best`: index of the one right answer of MC1.
    - `topic`, `register`, `split`: where the file says so, else empty.
    - `frame`: how it is put to a model, see `choose_frame`; `cue`: a text before it all that asks
      for the truth.
    """

    prompt: str
    options: tuple[str, ...]
    right: tuple[bool, ...]
    best: int
    topic: str = ""
    register: str = ""
    split: str = ""
    location: str = ""
    frame: Frame = "plain"
    cue: str = ""

    @property
    def text(self) -> str:
        """What is asked, behind its cue and without a frame."""
        return f"{self.cue} {self.prompt}" if self.cue else self.prompt

    def pair(self) -> Pair:
        """The best answer against the first false one."""
        return Pair(
            prompt=self.text,
            true=self.options[self.best],
            false=self.options[self.right.index(False)],
            topic=self.topic,
            location=self.location,
            frame=self.frame,
        )


@dataclasses.dataclass(frozen=True)
class Statement:
    """A sentence that is true or false; `negated` where it denies, `register` and `split` where
    the file says so."""

    text: str
    label: bool
    topic: str = ""
    register: str = ""
    negated: bool = False
    split: str = ""
    location: str = ""
