"""What a model is scored on: pairs of a true and a false answer, questions, labelled statements."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Pair:
    """One prompt with a true and a false answer.

    `location` says where it was read (file and row), `topic` what it is about, `counterfactual` is
    a prompt of the same length to which another answer is right (for patching), where given.
    """

    prompt: str
    true: str
    false: str
    topic: str = ""
    location: str = ""
    counterfactual: str | None = None


@dataclasses.dataclass(frozen=True)
class Question:
    """A multiple-choice question.

    - `prompt`: the text before the answer; `options`: the answers, in any order.
    - `right`: one truth value per option; `best`: index of the one right answer of MC1.
    - `topic`, `register`, `split`: where the file says so, else empty.
    """

    prompt: str
    options: tuple[str, ...]
    right: tuple[bool, ...]
    best: int
    topic: str = ""
    register: str = ""
    split: str = ""
    location: str = ""

    def pair(self) -> Pair:
        """The best answer against the first false one."""
        return Pair(
            prompt=self.prompt,
            true=self.options[self.best],
            false=self.options[self.right.index(False)],
            topic=self.topic,
            location=self.location,
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
