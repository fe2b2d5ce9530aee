"""Truth vectors: a planted feature is found and used, labels matter, nothing held out is seen."""

import dataclasses
from typing import Any, cast

import numpy as np
import pytest
import torch
from narrow import not_none
from planted_truth import FLIPPABLE, HOOK_POINT, planted_truth, truth_axis
from tiny_models import TEXT, byte_tokenizer, tiny_network
from torch.nn.functional import softplus

from nullcline import interp
from nullcline.interp._evaluation.rows import mcnemar_p
from nullcline.interp._evaluation.verdict import judge
from nullcline.interp._steering.effects import Intervention, measure, measure_baseline
from nullcline.interp._truth.choose import corrected_share
from nullcline.interp._truth.linear import logistic, mass_mean
from nullcline.interp._truth.preference import mean_gradient, train_addition
from nullcline.interp._truth.sets import question_digest
from nullcline.interp._truth.states import residual_norms, states_at

WIDE = interp.Budget(kl=100.0)  # the planted feature acts on neutral text too


@pytest.fixture(scope="module")
def planted():
    return planted_truth()


@pytest.fixture(scope="module")
def found(planted):
    return interp.find_truth_vector(
        *planted, methods=("mass-mean", "logistic"), where="everywhere", budget=WIDE
    )


@pytest.fixture(scope="module")
def judged(planted, found):
    model, sets = planted
    return interp.evaluate_vector(model, found.vector, sets, budget=WIDE)


def test_the_search_finds_the_planted_layer_and_direction(found):
    assert found.vector.hook_point == HOOK_POINT
    assert found.vector.method == "mass-mean"
    assert float(found.vector.direction @ truth_axis()) > 0.95


def test_steering_flips_the_planted_share_and_random_directions_do_not(judged):
    steered = judged.row("steered")
    # 16 test questions, of which 2 of 3 can be flipped: the nearest whole number is meant.
    assert abs(steered.false_to_true - 16 * FLIPPABLE) < 1
    assert steered.corrected_share == steered.false_to_true / judged.answered_falsely
    assert steered.mcnemar_p < 0.01
    assert judged.row("random_max").corrected_share == 0.0
    assert judged.row("strength_0").mc1 == 0.0
    assert judged.verdict == "corrects"


def test_detection_is_perfect_where_the_feature_is_and_chance_before(found):
    by_point = {d.hook_point: d for d in found.detection}
    after = by_point[HOOK_POINT]
    assert after.accuracy == after.cross_topic == 1.0
    before = by_point[interp.HookPoint(0, "block")]
    assert before.low <= 0.5
    assert after.statements == before.statements == 32
    assert np.isnan(after.affirmed_to_denied)


def test_shuffled_labels_give_no_significant_gain_over_a_hundred_seeds(planted, found):
    model, sets = planted
    baseline = measure_baseline(
        model, sets.part("questions", "test"), neutral=sets.lines("test")[:1]
    )
    factor = float(found.vector.addition().norm()) / found.vector.raw_norm
    gains = []
    for seed in range(100):
        raw = interp.find_directions(model, sets, [HOOK_POINT], method="mass-mean", shuffle=seed)[0]
        addition = torch.from_numpy(np.array(raw)) * factor
        said = measure(baseline, Intervention(model, {HOOK_POINT: addition})).questions
        gains.append(mcnemar_p(int(said.mc1.sum()), 0) < 0.05)
    # A 5 % level: 100 seeds exceed ten with probability 1 %.
    assert sum(gains) <= 10


def test_no_method_sees_what_validation_or_test_ask(planted, found):
    _, sets = planted
    by_split = {
        split: {question_digest(q) for q in sets.part("questions", split)}
        for split in ("calibration", "validation", "test")
    }
    assert all(len(digests) == 16 for digests in by_split.values())
    for a in by_split:
        for b in by_split:
            assert a == b or not by_split[a] & by_split[b]
    told = {statement.text.split()[0] for statement in sets.statements}
    held_out = {
        q.prompt.split()[0] for s in ("validation", "test") for q in sets.part("questions", s)
    }
    assert told.isdisjoint(held_out)
    assert sets.dropped == 64
    assert found.vector.seen == by_split["calibration"] | by_split["validation"]


def test_one_fact_in_several_registers_is_in_one_split_and_has_one_digest():
    plain = interp.Question("red fox eats", ("hay", "mice"), (True, False), 0)
    marked = dataclasses.replace(plain, prompt="reference red fox eats", register="reference")
    turned = dataclasses.replace(plain, options=("mice", "hay"), right=(False, True), best=1)
    assert question_digest(plain) == question_digest(marked) == question_digest(turned)
    others = [dataclasses.replace(plain, prompt=f"red {word} eats") for word in "abc"]
    sets = interp.truth_sets(
        [interp.Statement("owls fly north", True), interp.Statement("owls fly south", False)],
        [plain, *others],
        retain=[dataclasses.replace(q, prompt=f"reference {q.prompt}", register="reference")
              for q in (others[1], plain)],
        neutral=["x"],
    )  # fmt: skip
    splits = {question_digest(q): q.split for q in sets.questions}
    assert len(set(splits.values())) == 3
    for question in (*sets.retain, *sets.cued):
        assert question.split == splits[question_digest(question)]


def test_questions_that_the_vector_has_seen_do_not_judge_it(planted, found):
    model, sets = planted
    tested = [question_digest(q) for q in sets.part("questions", "test")]
    seen = dataclasses.replace(found.vector, seen=found.vector.seen | set(tested[:4]))
    judged = interp.evaluate_vector(model, seen, sets, budget=WIDE)
    assert (judged.questions, judged.left_out) == (12, 4)
    everything = dataclasses.replace(found.vector, seen=found.vector.seen | set(tested))
    with pytest.raises(interp.InterpError, match="all 16 test questions"):
        interp.evaluate_vector(model, everything, sets)


def test_the_verdict_follows_from_the_figures(judged):
    def verdict(**changes):
        rows = tuple(
            dataclasses.replace(row, **changes) if row.name == "steered" else row
            for row in judged.rows
        )
        return judge(dataclasses.replace(judged, rows=rows))[0]

    assert verdict() == "corrects"
    assert verdict(corrected_low=0.0) == "no_more_than_controls"
    assert verdict(kl=101.0) == "corrects_at_a_cost"
    assert verdict(right_lost=0.06) == "corrects_at_a_cost"
    assert verdict(reasoning_change=-0.03) == "corrects_at_a_cost"


def test_mcnemar_is_the_exact_binomial_test():
    # By hand: 8 against 1 changes, 2 (C(9,0) + C(9,1)) / 2^9.
    assert mcnemar_p(8, 1) == pytest.approx(2 * (1 + 9) / 2**9, rel=1e-12)
    assert mcnemar_p(0, 0) == 1.0


def test_mass_mean_and_logistic_are_those_of_a_loop_and_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    labels = rng.random(80) < 0.4
    states = rng.standard_normal((3, 80, 6))
    states += labels[None, :, None] * rng.standard_normal((3, 1, 6))
    means = np.stack([s[labels].mean(axis=0) - s[~labels].mean(axis=0) for s in states])
    np.testing.assert_allclose(mass_mean(states, labels), means, atol=1e-12)
    weights, offsets = logistic(states, labels, penalty=1e-2)
    for point in range(3):
        spread = states[point].std(axis=0)
        scaled = (states[point] - states[point].mean(axis=0)) / spread
        balance = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
        # Mean loss plus penalty / 2 per squared weight is C = 1 / (n penalty).
        peer = LogisticRegression(C=1 / (80 * 1e-2), tol=1e-10, max_iter=1000)
        peer.fit(scaled, labels, sample_weight=balance)
        # Two solvers of one convex problem, each to its own tolerance.
        np.testing.assert_allclose(weights[point] * spread, peer.coef_[0], rtol=1e-4, atol=1e-6)
        said = states[point] @ weights[point] + offsets[point] > 0
        assert (said == peer.predict(scaled)).mean() == 1.0


def test_the_mean_gradient_is_that_of_finite_differences(planted):
    model, sets = planted
    pairs = sets.pairs()[:4]
    gradient = mean_gradient(model, pairs, [HOOK_POINT], signs=np.ones(4))[0]

    def margin(vector):
        with interp.adding(model, HOOK_POINT, vector):
            said = interp.score_questions(
                model,
                [interp.Question(p.prompt, (p.true, p.false), (True, False), 0) for p in pairs],
            )
        return np.mean([values[0] - values[1] for values in said.log_probabilities])

    axis = truth_axis()
    step = 1e-2  # float32: smaller steps drown in rounding, larger ones leave the tangent
    slope = (margin(axis * step) - margin(-axis * step)) / (2 * step)
    assert gradient @ axis.numpy() == pytest.approx(slope, rel=0.02)


def test_training_an_addition_lowers_the_loss_of_held_out_pairs_too(planted):
    model, sets = planted
    pairs = sets.pairs()
    vector = train_addition(model, pairs, HOOK_POINT, signs=np.ones(len(pairs)), steps=60)
    assert float(torch.from_numpy(vector) @ truth_axis()) > 0
    baseline = measure_baseline(model, sets.part("questions", "validation"), neutral=["w0"])
    said = measure(baseline, Intervention(model, {HOOK_POINT: torch.from_numpy(vector)})).questions

    def loss(answered):
        values = torch.tensor([v[1] - v[0] for v in answered.log_probabilities])
        return float(softplus(values).mean())

    assert loss(said) < 0.5 * loss(baseline.plain.questions)
    assert corrected_share(baseline.plain.questions, said) > 0.5


def test_states_at_all_hook_points_are_those_of_the_network():
    model = interp.build_model(tiny_network("llama"), byte_tokenizer(), name="tiny")
    rows = [model.encode(text) for text in ("the city of paris", "birds fly south in winter")]
    points = interp.hook_points_of(model)
    states = states_at(model, rows, points)
    for number, row in enumerate(rows):
        with torch.no_grad():
            hidden = model.network(torch.tensor([row]), output_hidden_states=True).hidden_states
        for layer in range(model.n_layers - 1):  # the last one is after the final norm
            point = points.index(interp.HookPoint(layer, "block"))
            # Batched with another row, the same float32 sums run in another order.
            np.testing.assert_allclose(states[point, number], hidden[layer + 1][0, -1], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"methods": ("magic",)}, "no method 'magic'"),
        ({"methods": ()}, "no method is given"),
        ({"layers": [7]}, "has no layer 7"),
        ({"sites": ("roof",)}, "no site 'roof'"),
        ({"where": "there"}, "where='there' is no choice"),
        ({"positions": "some"}, "no positions 'some'"),
    ],
)
def test_a_search_that_cannot_be_is_refused(planted, change, said):
    with pytest.raises(interp.InterpError, match=said):
        interp.find_truth_vector(*planted, **change)


def test_sets_that_cannot_be_used_are_refused():
    asked = [interp.Question(f"{w} is", ("yes", "no"), (True, False), 0) for w in "abc"]
    both = [interp.Statement("x is up", True), interp.Statement("x is down", False)]
    for statements, questions, neutral, said in (
        (both, [], ["t"], "no questions"),
        (both, asked[:2], ["t"], "none for test"),
        (both[:1], asked, ["t"], "all 1 statements are true"),
        ([], asked, ["t"], "no statements"),
        ([interp.Statement("b is yes", True)], asked, ["t"], "what held-out questions ask"),
        (both, asked, [], "no neutral text"),
    ):
        with pytest.raises(interp.InterpError, match=said):
            interp.truth_sets(statements, questions, neutral=neutral)


def test_a_model_that_is_always_right_gives_nothing_to_choose_by(planted):
    model, sets = planted
    easy = [dataclasses.replace(q, options=q.options[::-1], best=0) for q in sets.questions]
    with pytest.raises(interp.InterpError, match="nothing to correct"):
        interp.find_truth_vector(model, dataclasses.replace(sets, questions=tuple(easy)))


def test_default_sets_of_other_models_are_the_generated_ones():
    sets = interp.default_sets(
        interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny"), count=30
    )
    assert {statement.topic for statement in sets.statements} == {"cities", "elements"}
    assert any(statement.negated for statement in sets.statements)
    assert len(sets.questions) == 60
    assert TEXT not in sets.neutral


def test_an_unknown_way_to_detect_is_refused_with_the_choices(planted):
    model, sets = planted
    method = cast(Any, "nearest")  # a caller without a type checker
    with pytest.raises(interp.InterpError, match="'nearest'; there are mass-mean, logistic"):
        interp.detect(model, sets, [HOOK_POINT], method=method)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_sink_of_attention_does_not_set_the_strength(kind):
    network = tiny_network(kind)
    model = interp.build_model(network, byte_tokenizer(), name=kind)
    rows = [[5, 7, 9, 11, 13, 15], [5, 8, 10, 12]]
    points = [interp.HookPoint(1)]
    plain = states_at(
        model, [row[:stop] for row in rows for stop in range(2, len(row) + 1)], points
    )
    with torch.no_grad():
        embedding = not_none(network.get_input_embeddings()).get_parameter("weight")
        embedding[5] *= 1e5  # the first token of every text
    held = residual_norms(model, rows, points)[0]
    firsts = np.linalg.norm(states_at(model, [[5]], points)[0, 0])
    assert firsts > 100 * held
    # Whatever reads the sink, ordinary positions are within a few times of what they were.
    assert held < 10 * np.linalg.norm(plain[0], axis=1).max()


def test_without_sinks_all_positions_count():
    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer())
    rows = [[5, 7, 9, 11], [6, 8]]
    every = [row[:stop] for row in rows for stop in range(1, len(row) + 1)]
    norms = np.linalg.norm(states_at(model, every, [interp.HookPoint(2)])[0], axis=1)
    assert norms.max() < 10 * np.median(norms)
    assert residual_norms(model, rows, [interp.HookPoint(2)])[0] == pytest.approx(norms.mean())
