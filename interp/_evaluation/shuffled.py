"""The control of shuffled labels: what statements whose labels mean nothing would have made."""

from collections.abc import Mapping

import numpy as np
import torch

from .._models.model import Model
from .._names import TruthMethod
from .._steering.hook_point import HookPoint
from .._steering.vector import TruthVector
from .._truth.find import METHODS, find_directions, statement_rows
from .._truth.sets import TruthSets
from .._truth.several import at_heads, head_outputs

#: Stands in for a method that is not known here: the plainest use of the same statements.
_INSTEAD: TruthMethod = "mass-mean"


def shuffled_method(vector: TruthVector) -> TruthMethod:
    """The method whose labels are shuffled: the vector's own where it is one of `METHODS`."""
    known: dict[str, TruthMethod] = {method: method for method in METHODS if method != "all-layers"}
    return known.get(vector.method, _INSTEAD)


def shuffled_additions(
    model: Model,
    vector: TruthVector,
    sets: TruthSets,
    additions: Mapping[HookPoint, torch.Tensor],
    *,
    seed: int,
) -> dict[HookPoint, torch.Tensor]:
    """What is added at each hook point of `additions`, each of shape (d_model,).

    The direction from shuffled labels is multiplied by the factor that made the vector out of its
    method's own direction: renormalised, it would be plus or minus the real direction wherever a
    cue is common to the contrast. Of a vector whose method is not known here, `mass-mean` stands
    in: by the factor that would make its direction from the true labels as long as the vector at
    that layer, and never longer than the vector (labels that tell nothing apart make a longer
    difference when shuffled).
    """
    points, method = list(additions), shuffled_method(vector)
    if vector.heads:
        return _at_same_heads(model, vector, sets, additions, seed=seed)
    dealt = find_directions(model, sets, points, method=method, shuffle=seed)
    if method == vector.method:
        lengths = np.full(len(points), vector.raw_norm)
    else:
        true = find_directions(model, sets, points, method=method)
        lengths = np.maximum(np.linalg.norm(true, axis=1), np.linalg.norm(dealt, axis=1))
    return {
        point: torch.from_numpy(np.array(raw, np.float32)) * _factor(additions[point], length)
        for point, raw, length in zip(points, dealt, lengths, strict=True)
    }


def _at_same_heads(
    model: Model,
    vector: TruthVector,
    sets: TruthSets,
    additions: Mapping[HookPoint, torch.Tensor],
    *,
    seed: int,
) -> dict[HookPoint, torch.Tensor]:
    """The same heads with directions from shuffled labels, each addition as long as the vector's:
    which heads there are is no property of labels that mean nothing."""
    labels = np.array([statement.label for statement in sets.statements])
    dealt = np.random.default_rng(seed).permutation(labels)
    outputs = head_outputs(model, statement_rows(model, sets))
    numbers = [layer * model.n_heads + head for layer, head in vector.heads]
    made = at_heads(model, outputs, dealt, numbers).vectors
    return {
        point: torch.from_numpy(np.array(made[point], np.float32))
        * _factor(addition, float(np.linalg.norm(made[point])))
        for point, addition in additions.items()
    }


def _factor(addition: torch.Tensor, length: float) -> float:
    return float(addition.norm()) / float(length) if length > 0 else 0.0
