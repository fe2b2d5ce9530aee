"""The published way to steer and to count (C14), for comparison with the sound one.

arXiv:2605.18838: a unit difference of means over 8 true and 8 false sentences at layer n // 4,
added at the last position; an output counts as corrected when its sampled text differs.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from ...common.checks import check_seed
from .._errors import InterpError
from .._models.model import Model
from .._questions.pairs import Question
from .._questions.tokens import prompt_tokens
from .._steering.generate import generate
from .._steering.hook_point import HookPoint
from .._steering.steer import steer
from .._steering.vector import TruthVector, dtype_name
from .._truth.find import unit
from .._truth.linear import mass_mean
from .._truth.sets import TruthSets
from .._truth.states import states_at

SENTENCES = 8
TEMPERATURE = 0.7


def published_vector(model: Model, sets: TruthSets, *, seed: int = 0) -> TruthVector:
    """The published rule's vector; its sentences are drawn from the calibration statements.

    Its strength is 1 of a norm of 1: what is added has length one, whatever the model.

    **Raises** `InterpError` where there are not eight statements of each kind.
    """
    check_seed(seed, error=InterpError)
    rng = np.random.default_rng(seed)
    chosen = []
    for label in (True, False):
        texts = [s.text for s in sets.statements if s.label == label]
        if len(texts) < SENTENCES:
            raise InterpError(
                f"the published rule takes {SENTENCES} true and {SENTENCES} false statements; "
                f"there are {len(texts)} of one kind"
            )
        chosen += [texts[index] for index in rng.permutation(len(texts))[:SENTENCES]]
    hook_point = HookPoint(model.n_layers // 4, "block")
    states = states_at(model, [model.encode(text) for text in chosen], [hook_point])
    labels = np.arange(2 * SENTENCES) < SENTENCES
    direction, length = unit(mass_mean(states, labels)[0])
    return TruthVector(
        direction=direction,
        hook_point=hook_point,
        strength=1.0,
        norm=1.0,
        raw_norm=length,
        method="published",
        contrast="8 true against 8 false sentences: mean states at the last position",
        model=model.name,
        fingerprint=model.fingerprint,
        rounded_fingerprint=model.rounded_fingerprint,
        dtype=dtype_name(model),
        frame=sets.frame,
        revision=model.revision,
        positions="last",
        data=sets.sha256,
        seen=sets.seen,
    )


@dataclasses.dataclass(frozen=True)
class PublishedCount:
    """Shares of prompts whose sampled text differs, which were counted as corrected.

    - `steered`: from the text without steering, sampled anew.
    - `strength_0`: the same, with nothing added: what sampling alone does.
    - `greedy`: the same without sampling, so that only the vector can make a difference.
    - `prompts`: how many.
    """

    steered: float
    strength_0: float
    greedy: float
    prompts: int


def published_count(
    model: Model,
    vector: TruthVector,
    questions: Sequence[Question],
    *,
    max_new_tokens: int = 12,
    seed: int = 0,
) -> PublishedCount:
    """Count as published: two texts per prompt at temperature 0.7 without a common seed."""
    check_seed(seed, error=InterpError)
    differ = np.zeros(3)
    for number, question in enumerate(questions):
        prompt = prompt_tokens(model, question)

        def text(strength: float, temperature: float, draw: int, prompt: list[int] = prompt):
            with steer(model, vector, strength=strength, force=True):
                return generate(
                    model,
                    prompt,
                    max_new_tokens=max_new_tokens,
                    temperature=temperature,
                    seed=draw,
                ).tokens

        first, second = (seed + 2 * number, seed + 2 * number + 1)
        plain = text(0.0, TEMPERATURE, first)
        differ += (
            text(vector.strength, TEMPERATURE, second) != plain,
            text(0.0, TEMPERATURE, second) != plain,
            text(vector.strength, 0.0, 0) != text(0.0, 0.0, 0),
        )
    steered, again, greedy = (differ / max(1, len(questions))).tolist()
    return PublishedCount(steered=steered, strength_0=again, greedy=greedy, prompts=len(questions))
