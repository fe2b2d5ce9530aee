"""The control of shuffled labels, of our methods and of vectors whose method nobody here knows."""

import dataclasses

import numpy as np
import pytest
from planted_truth import HOOK_POINT, planted_truth, truth_axis
from tiny_vectors import vector_for

from nullcline import interp
from nullcline.interp._evaluation.shuffled import shuffled_additions, shuffled_method


@pytest.fixture(scope="module")
def planted():
    return planted_truth()


def test_our_methods_are_dealt_at_the_factor_that_made_the_vector(planted):
    model, sets = planted
    vector = vector_for(model, method="logistic", norm=4.0, raw_norm=2.0, strength=0.5)
    found = shuffled_additions(model, vector, sets, vector.additions(), seed=3)
    raw = interp.find_directions(model, sets, [vector.hook_point], method="logistic", shuffle=3)[0]
    # What is added is 0.5 * 4 long; the method made it 2 long: the factor is 1.
    np.testing.assert_allclose(found[vector.hook_point].numpy(), raw, rtol=1e-6)
    assert shuffled_method(vector) == "logistic"


def test_of_another_tool_s_vector_a_difference_of_means_stands_in_and_is_never_longer(planted):
    model, sets = planted
    also = {interp.HookPoint(0): 3.0 * truth_axis()}
    vector = vector_for(model, method="gguf", strength=1.0, norm=1.5, also=also)
    additions = vector.additions()
    points = list(additions)
    found = shuffled_additions(model, vector, sets, additions, seed=3)
    assert list(found) == points
    dealt = interp.find_directions(model, sets, points, shuffle=3)
    true = interp.find_directions(model, sets, points)
    shares = np.linalg.norm(dealt, axis=1) / np.linalg.norm(true, axis=1)
    # Where the truth is, shuffled labels make little; where it is not, as much as true ones.
    assert shares[points.index(HOOK_POINT)] < 0.5
    for point, raw, share in zip(points, dealt, shares, strict=True):
        length = float(additions[point].norm()) * min(1.0, share)
        expected = raw / np.linalg.norm(raw) * length
        np.testing.assert_allclose(found[point].numpy(), expected, rtol=1e-4, atol=1e-6)
    longer = shuffled_additions(
        model, vector, dataclasses.replace(sets, statements=sets.statements[:3]), additions, seed=1
    )
    for point, value in longer.items():
        assert float(value.norm()) <= float(additions[point].norm()) * (1 + 1e-5)
    assert shuffled_method(vector) == "mass-mean"


def test_the_table_has_the_row_for_every_vector_and_the_verdict_hears_it(planted):
    model, sets = planted
    foreign = vector_for(
        model, method="plain", strength=1.0, norm=1.0, direction=truth_axis(), layer=1
    )
    assert foreign.hook_point == HOOK_POINT
    budget = interp.Budget(kl=100.0)  # the planted feature acts on neutral text too
    judged = interp.evaluate_vector(model, foreign, sets, budget=budget)
    assert judged.verdict == "corrects"
    assert judged.shuffled_method == "mass-mean"
    shuffled = judged.row("shuffled_labels")
    assert shuffled.corrected_share < judged.row("steered").corrected_low
    as_good = dataclasses.replace(shuffled, corrected_share=1.0)
    rows = tuple(as_good if row is shuffled else row for row in judged.rows)
    from nullcline.interp._evaluation.verdict import judge

    assert judge(dataclasses.replace(judged, rows=rows))[0] == "no_more_than_controls"
