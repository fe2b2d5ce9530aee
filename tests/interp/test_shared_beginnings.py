"""A beginning that all questions share is computed once, and changes nothing."""

import contextlib
import dataclasses

import numpy as np
import pytest
from tiny_models import ARCHITECTURES, TEXT, byte_tokenizer, tiny_model, tiny_network
from tiny_vectors import vector_for

from nullcline import interp

ANSWERS, RIGHT = (" is heavy", " is cold and", " flies"), (True, False, False)
FEW = [
    interp.Question(f"{TEXT[:150]}{ask}", ANSWERS, RIGHT, 0)
    for ask in ("copper", "a feather", "the river that")
]


def scored(model, encoded, vector=None):
    with contextlib.nullcontext() if vector is None else interp.steer(model, vector) as applied:
        on_batch = None if applied is None else applied.start_at
        values = interp.score_questions(model, encoded, on_batch=on_batch).log_probabilities
    return np.concatenate(values)


@pytest.mark.slow(reason="every architecture, each kind of steering")
@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("steered", [None, "all", "last", "after attention"])
def test_scores_are_those_of_rows_that_are_read_whole(kind, steered):
    model = tiny_model(kind)
    encoded = interp.encode_questions(model, FEW)
    assert encoded.shared >= 32
    vector = None
    if steered is not None:
        last = steered == "last"
        site = "attention" if steered == "after attention" else "block"
        vector = vector_for(
            model,
            positions="last" if last else "all",
            hook_point=interp.HookPoint(1, site),
        )
    once = scored(model, encoded, vector)
    whole = scored(model, dataclasses.replace(encoded, shared=0), vector)
    # The same float32 products in passes of another shape.
    assert np.abs(once - whole).max() < 1e-4
    if vector is not None:
        assert np.abs(once - scored(model, encoded)).max() > 1e-3


def test_a_shared_beginning_is_read_once_and_short_ones_with_their_rows():
    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer())
    encoded = interp.encode_questions(model, FEW)
    read = []
    handle = model.network.transformer.h[0].register_forward_pre_hook(
        lambda module, inputs: read.append(inputs[0].shape[0] * inputs[0].shape[1])
    )
    interp.score_questions(model, encoded)
    handle.remove()
    assert read[0] == encoded.shared
    longest = max(len(tree.tokens) for tree in encoded.trees) - encoded.shared
    assert sum(read[1:]) <= longest * len(encoded.trees)
    short = interp.Question("the city", (" is cold", " is heavy"), (True, False), 0)
    assert interp.encode_questions(model, [short]).shared == 0
