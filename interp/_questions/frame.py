"""How a question is put to a model: as it stands, behind TruthfulQA's examples, or as a turn of a
conversation."""

import dataclasses
from pathlib import Path

from ...common.nearest import there_are
from .._errors import InterpError
from .._models.ends import is_tuned, templated
from .._models.model import Model
from .._names import Frame
from .examples import truthfulqa_examples

#: What stands around a question, in a few words.
FRAMES: dict[Frame, str] = {
    "plain": "as they stand",
    "truthfulqa": "as Q: … A: behind TruthfulQA's six questions with their answers",
    "chat": "as a user's turn of the model's own chat template",
}


@dataclasses.dataclass(frozen=True)
class Framed:
    """A text that is to be continued by an answer: `seam` stands between the two, and `special`
    says whether the tokenizer puts its own tokens before it (a chat template has written them)."""

    text: str
    seam: str
    special: bool

    def encode(self, model: Model, answer: str | None = None) -> list[int]:
        """Its tokens, those of an answer after it where one is given."""
        whole = self.text if answer is None else f"{self.text}{self.seam}{answer}"
        return model.encode(whole, special=self.special)


def framed(model: Model, text: str, frame: Frame = "plain", *, cue: str = "") -> Framed:
    """A question in its frame. The frame is chosen by nothing in the text.

    `cue` asks for the truth and stands before everything else that is said. A space joins question
    and answer unless the text ends with white space (`chat`: whatever the template writes).

    **Raises** `InterpError` for an unknown frame, for `chat` without a chat template, and for
    `truthfulqa` without its examples.
    """
    if frame == "plain":
        whole = f"{cue} {text}" if cue else text
        return Framed(whole, "" if whole[-1:].isspace() else " ", True)
    if frame == "truthfulqa":
        before = f"{cue}\n\n{_examples()}" if cue else _examples()
        return Framed(f"{before}\n\nQ: {text}\nA:", " ", True)
    if frame == "chat":
        turn = {"role": "user", "content": f"{cue} {text}" if cue else text}
        return Framed(templated(model, [turn], answer=True), "", False)
    raise InterpError(f"no frame {frame!r}; {there_are(frame, FRAMES)}")


def choose_frame(model: Model, frame: Frame | None = None, *, questions: Path | None) -> Frame:
    """The frame that was asked for; else, for a file of questions, `chat` where the model is tuned
    to converse, `truthfulqa` where the file is TruthfulQA's (its name says so) and the examples are
    to be had (`truthfulqa_examples`), and `plain`.

    Without a file what is asked are sentences to be completed, which stand by themselves: `plain`.

    **Raises** `InterpError` as `framed`.
    """
    if frame is not None:
        framed(model, "?", frame)
        return frame
    if questions is None:
        return "plain"
    if is_tuned(model):
        return "chat"
    named = questions.name.lower().replace("_", "").replace("-", "")
    if "truthfulqa" in named and truthfulqa_examples() is not None:
        return "truthfulqa"
    return "plain"


def prompt_frame(model: Model, frame: Frame | None = None) -> Frame:
    """The frame of a prompt that somebody types: as asked for; else `chat` where the model is tuned
    to converse, and `plain`."""
    if frame is not None:
        framed(model, "?", frame)
        return frame
    return "chat" if is_tuned(model) else "plain"


def _examples() -> str:
    text = truthfulqa_examples()
    if text is None:
        raise InterpError(
            "the frame truthfulqa takes its six examples from lm-evaluation-harness, which is not "
            "installed: pip install lm-eval, or take frame='plain'"
        )
    return text
