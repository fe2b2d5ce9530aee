"""A condition under which to steer: where the stream looks like a plain question."""

from typing import get_args

import numpy as np
import torch

from .._errors import InterpError
from .._models.model import Model
from .._names import Where
from .._questions.pairs import Question
from .._questions.tokens import encode_question, prompt_tokens
from .._steering.condition import Condition
from .._steering.hook_point import HookPoint
from .linear import logistic
from .sets import TruthSets
from .states import all_states

WHERE = get_args(Where)
_PENALTY = 1e-3
#: Share of the other calibration positions at which the condition may hold.
_OPEN_ELSEWHERE = 0.01


def fit_condition(model: Model, sets: TruthSets, hook_point: HookPoint) -> Condition:
    """Tell positions of plain questions from those of everything else, on the calibration split.

    The others are positions of reasoning questions with their answers, of cued questions and of
    the questions to be retained. Neutral text is not among them: it may hold plain questions of its
    own, and is what the cost is measured on. The threshold is that of a logistic
    regression, or higher where more than one of a hundred other positions would pass it.

    **Raises** `InterpError` where there is nothing to tell plain questions from.
    """
    pairs = sets.pairs()
    plain = [prompt_tokens(model, q) for q in sets.part("questions", "calibration")]
    plain += [model.encode(pair.prompt) for pair in pairs]
    others = [_with_answer(model, q) for q in sets.part("reasoning", "calibration")]
    others += [
        prompt_tokens(model, q)
        for kind in ("cued", "retain")
        for q in sets.part(kind, "calibration")
    ]
    others += [model.encode(f"{sets.cue} {pair.prompt}") for pair in pairs]
    if not plain or not others:
        raise InterpError("there is nothing to tell plain questions from; steer everywhere")
    inside = all_states(model, plain, hook_point)
    outside = all_states(model, others, hook_point)
    labels = np.arange(len(inside) + len(outside)) < len(inside)
    states = np.concatenate([inside, outside])
    weight, offset = logistic(states[None], labels, penalty=_PENALTY)
    scores = states @ weight[0]
    # Steering what is no question costs more than leaving out a position of one.
    threshold = max(-float(offset[0]), float(np.quantile(scores[~labels], 1 - _OPEN_ELSEWHERE)))
    steered = scores > threshold
    return Condition(
        weight=torch.from_numpy(np.array(weight[0], dtype=np.float32)),
        threshold=threshold,
        accuracy=float((steered[labels].mean() + (~steered[~labels]).mean()) / 2),
    )


def _with_answer(model: Model, question: Question) -> list[int]:
    tokens = encode_question(model, question)
    return [*tokens.context, *tokens.answers[question.best]]
