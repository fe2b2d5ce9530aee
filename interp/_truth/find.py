"""Truth directions at all hook points, by method."""

from collections.abc import Sequence

import numpy as np
import torch

from ...common.nearest import there_are
from ...common.progress import Progress, silent
from .._errors import InterpError
from .._models.model import Model
from .._names import TruthMethod
from .._questions.pairs import Pair
from .._steering.hook_point import HookPoint
from .linear import logistic, mass_mean
from .preference import TRAINING_STEPS, mean_gradient, train_addition
from .sets import TruthSets
from .states import states_at

#: Each method, and which texts its direction tells apart.
METHODS: dict[TruthMethod, str] = {
    "mass-mean": "true against false statements: mean states at the value",
    "logistic": "true against false statements: logistic regression of states at the value",
    "gradient": "true against false endings of statements: mean gradient of their log-odds",
    "trained": "true against false endings of statements: an addition trained on their log-odds",
    "cue": "prompts behind a cue to the truth against the same prompts without: mean states",
    "iti": "true against false statements: mean outputs of the heads that tell them apart best",
    "all-layers": "true against false statements: mean states at the value, at all layers at once",
}
#: Methods that add at several hook points at once, and so make no direction of a single one.
AT_SEVERAL: tuple[TruthMethod, ...] = ("iti", "all-layers")
#: Training an addition takes many passes back and forth: it is tried where the others do most.
TRAINED_HOOK_POINTS = 2
#: Methods whose direction owes nothing to a cue.
WITHOUT_CUE: tuple[TruthMethod, ...] = ("mass-mean", "logistic", "gradient", "trained")


def find_directions(
    model: Model,
    sets: TruthSets,
    hook_points: Sequence[HookPoint],
    *,
    method: TruthMethod = "mass-mean",
    states: np.ndarray | None = None,
    shuffle: int | None = None,
    seed: int = 0,
    steps: int = TRAINING_STEPS,
    on_progress: Progress | None = None,
) -> np.ndarray:
    """Directions at all hook points, as long as the method makes them, shape (hook_points,
    d_model).

    **Arguments**: `states` of the statements at these hook points, where they have been read
    already (`statement_states`); `shuffle`: a seed; the labels (which statement, ending or prompt
    is the true or cued one) are dealt at random, for the control. `seed` and `steps` of the method
    `trained`.

    **Raises** `InterpError` for an unknown method, and for statements that make no pairs where the
    method needs them.
    """
    if method not in METHODS:
        raise InterpError(f"no method {method!r}; {there_are(method, METHODS)}")
    if method in AT_SEVERAL:
        raise InterpError(
            f"{method} adds at several hook points at once and has no direction of each; "
            "find_truth_vector takes it"
        )
    rng = None if shuffle is None else np.random.default_rng(shuffle)
    if method in ("mass-mean", "logistic"):
        labels = np.array([statement.label for statement in sets.statements])
        if rng is not None:
            labels = rng.permutation(labels)
        if states is None:
            states = statement_states(model, sets, hook_points)
        return mass_mean(states, labels) if method == "mass-mean" else logistic(states, labels)[0]
    pairs = sets.pairs()
    signs = np.ones(len(pairs)) if rng is None else rng.choice([-1.0, 1.0], size=len(pairs))
    if method == "cue":
        return _cue(model, sets, pairs, hook_points, signs)
    if method == "gradient":
        return mean_gradient(model, pairs, hook_points, signs=signs)
    tell = on_progress or silent
    additions = []
    for point in hook_points:

        def count(step: int, of: int, point: HookPoint = point) -> None:
            tell(f"training an addition, {point}", step, of)

        additions.append(
            train_addition(model, pairs, point, signs=signs, steps=steps, seed=seed, on_step=count)
        )
    return np.stack(additions)


def statement_states(model: Model, sets: TruthSets, hook_points: Sequence[HookPoint]) -> np.ndarray:
    """States at the end of every statement, before its full stop, shape (hook_points, statements,
    d_model)."""
    return states_at(model, statement_rows(model, sets), hook_points)


def statement_rows(model: Model, sets: TruthSets) -> list[list[int]]:
    """Tokens of every statement up to its full stop."""
    return [model.encode(statement.text.rstrip(" .")) for statement in sets.statements]


def _cue(
    model: Model,
    sets: TruthSets,
    pairs: Sequence[Pair],
    hook_points: Sequence[HookPoint],
    signs: np.ndarray,
) -> np.ndarray:
    plain = states_at(model, [model.encode(pair.prompt) for pair in pairs], hook_points)
    behind = [model.encode(f"{sets.cue} {pair.prompt}") for pair in pairs]
    cued = states_at(model, behind, hook_points)
    return np.einsum("ptd,t->pd", cued - plain, signs / len(pairs))


def unit(direction: np.ndarray) -> tuple[torch.Tensor, float]:
    """A direction of length one, and the length it had. Zero stays zero."""
    tensor = torch.as_tensor(np.array(direction), dtype=torch.float32)
    length = float(tensor.norm())
    return (tensor / length if length > 0 else tensor), length
