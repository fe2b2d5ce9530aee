"""Attribution to edges: against exact patching, against attribution to heads, by sums."""

import functools

import numpy as np
import pytest
import torch
from narrow import not_none
from planted_circuits import turned
from tiny_models import tiny_model, tiny_network, word_tokenizer

from nullcline import interp
from nullcline.interp._edges import attribution
from nullcline.interp._edges.reads import find_reads

#: Of `tiny_models`, those whose blocks simply add to the residual stream.
ADDING = (
    "gpt2", "gpt_neox", "gpt_neo", "opt", "bloom", "llama", "mistral", "qwen2", "qwen3", "phi",
    "phi3", "falcon",
)  # fmt: skip
PAIRS = (
    interp.Pair("copper has the symbol", "cu", "fe", counterfactual="iron has the symbol"),
    interp.Pair("iron has the symbol", "fe", "cu", counterfactual="copper has the symbol"),
    interp.Pair(
        "the city of paris is in", "france", "sea", counterfactual="the city of iron is in"
    ),
)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """These networks are so small that threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@functools.cache
def tiny(kind):
    return interp.build_model(tiny_network(kind), word_tokenizer(), name=kind)


@functools.cache
def known(name):
    return interp.known_circuit(name, count=12)


def scores_of(found, edges):
    return np.array(
        [found.scores[found.sources.index(e.source), found.targets.index(e.target)] for e in edges]
    )


adding = pytest.mark.parametrize("kind", ADDING)
circuits = pytest.mark.parametrize("name", interp.KNOWN_CIRCUITS)


@adding
def test_edges_out_of_a_head_sum_to_its_attribution_patching_at_one_step(kind):
    found = interp.edge_attribution(tiny(kind), PAIRS, steps=1, check_top=0)
    heads = interp.attribution_patching(tiny(kind), PAIRS, check_top=0)
    sums = np.array(
        [[found.of_source(f"{layer}.{head}") for head in range(4)] for layer in range(3)]
    )
    # Single precision, summed in another order.
    scale = np.abs(heads.heads.mean).max()
    np.testing.assert_allclose(sums, heads.heads.mean, atol=1e-4 * scale)
    assert found.clean == pytest.approx(heads.clean, abs=1e-5)
    assert found.corrupted == pytest.approx(heads.corrupted, abs=1e-5)


@pytest.mark.slow(reason="64 gradients of each architecture")
@adding
def test_edges_out_of_the_embedding_explain_the_change(kind):
    found = interp.edge_attribution(tiny(kind), PAIRS, steps=64, check_top=0)
    change = found.clean - found.corrupted
    assert found.of_source("embed") == pytest.approx(found.explained, abs=1e-5)
    # The sum over 64 left points misses a smooth integral by some 1/64 of its slope.
    assert found.residual < 0.05 * max(1.0, abs(change))


@adding
def test_all_edges_are_the_model_and_none_the_corrupted_run(kind):
    model = tiny(kind)
    edges = interp.edges_of(model)
    found = interp.edge_attribution(model, PAIRS, steps=1, check_top=0)
    # But for the unembedding's bias, which neither counts.
    assert interp.circuit_difference(model, PAIRS, edges).mean() == pytest.approx(
        found.clean, abs=1e-5
    )
    assert interp.circuit_difference(model, PAIRS, ()).mean() == pytest.approx(
        found.corrupted, abs=1e-5
    )


@adding
def test_all_edges_out_of_a_head_are_the_head(kind):
    model = tiny(kind)
    edges = interp.edges_of(model)
    clean = interp.circuit_difference(model, PAIRS, edges)
    for layer, head in ((0, 1), (1, 2), (2, 3)):
        kept = [edge for edge in edges if edge.source != f"{layer}.{head}"]
        lost = clean - interp.circuit_difference(model, PAIRS, kept)
        np.testing.assert_allclose(
            lost,
            interp.activation_patching(model, turned(PAIRS), layer=layer, head=head),
            atol=1e-5,
        )


@adding
def test_queries_keys_and_values_are_those_of_transformer_lens(kind):
    model = tiny(kind)
    tokens = torch.tensor([model.encode("the city of paris is in")])
    for layer, reading in enumerate(find_reads(model)):
        for name in ("query", "key", "value"):
            made = getattr(reading, name)
            hook = f"blocks.{layer}.attn.hook_{name[0]}"
            seen, theirs = [], []
            keep = lambda *given, to=seen: to.append(given[2])  # noqa: E731
            keep_theirs = lambda value, hook, to=theirs: to.append(value)  # noqa: E731
            with torch.no_grad():
                with interp.hooked(after=[(made.module, keep)]):
                    model.network.base_model(tokens, use_cache=False)
                with model.bridge.hooks(fwd_hooks=[(hook, keep_theirs)]):
                    model.bridge(tokens)
            ours = seen[0][..., made.rows]
            np.testing.assert_allclose(ours, theirs[0].reshape(ours.shape), atol=1e-5)


def their_edge(edge):
    """TransformerLens' names, without the position, as ours."""
    names = []
    for node in edge:
        head = f"{node.layer}.{node.head}"
        names.append({"embed": "embed", "attn_head_out": head, "logits": "logits"}.get(node.kind))
        if node.kind.endswith("_input"):
            names[-1] = f"{head}.{node.kind[0]}"
        elif node.kind.startswith("mlp"):
            names[-1] = f"mlp{node.layer}"
    return interp.Edge(*names)


@pytest.mark.parametrize("kind", ["gpt2", "gpt_neox"])
def test_one_step_and_circuits_equal_transformer_lens(kind):
    from transformer_lens.tools.analysis import attribution_patching as theirs

    model, pair = tiny(kind), PAIRS[0]
    clean, corrupted = (
        torch.tensor([model.encode(str(text))]) for text in (pair.prompt, pair.counterfactual)
    )
    (true,), (false,) = model.encode(pair.true), model.encode(pair.false)

    def metric(logits):
        return logits[0, -1, true] - logits[0, -1, false]

    model.bridge.requires_grad_(True)
    config = theirs.EdgeAttributionConfig(granularity="edge")
    found = theirs.attribution_patch(model.bridge, clean, corrupted, metric, config)
    model.bridge.requires_grad_(False)
    sums = dict.fromkeys(interp.edges_of(model), 0.0)
    for edge, value in found.edge_scores.items():
        sums[their_edge(edge)] += float(value)  # an edge that we do not have is an error
    ours = interp.edge_attribution(model, [pair, pair], steps=1, check_top=0)
    np.testing.assert_allclose(scores_of(ours, list(sums)), list(sums.values()), atol=1e-5)

    kept = {edge for number, edge in enumerate(sums) if number % 3}
    circuit = [edge for edge in found.edge_scores if their_edge(edge) in kept]
    recovered = theirs.faithfulness(model.bridge, clean, corrupted, metric, circuit).recovered
    alone = interp.circuit_difference(model, [pair], list(kept))[0]
    # Theirs divides by the change, so that rounding grows.
    assert (alone - ours.corrupted) / (ours.clean - ours.corrupted) == pytest.approx(
        recovered, abs=1e-3
    )


def test_grouped_queries_share_their_keys_and_values():
    targets = {edge.target for edge in interp.edges_of(tiny("llama"))}
    assert {f"1.{n}.q" for n in range(4)} | {"1.0.k", "1.1.k", "1.0.v", "1.1.v"} <= targets
    assert "1.2.k" not in targets


def test_a_parallel_mlp_does_not_read_its_own_layer():
    parallel, sequential = (interp.edges_of(tiny(kind)) for kind in ("gpt_neox", "gpt2"))
    own = interp.Edge("1.0", "mlp1")
    assert own in sequential
    assert own not in parallel
    assert interp.Edge("0.3", "mlp1") in parallel
    with pytest.raises(interp.InterpError, match=r"no edge 1\.0 → mlp1"):
        interp.edge_patching(tiny("gpt_neox"), PAIRS, [own])


@pytest.mark.slow(reason="patches every edge of each circuit by itself")
@circuits
def test_integrated_gradients_agree_with_exact_patching_on_known_circuits(name):
    found = known(name)
    edges = interp.edges_of(found.model)
    # What is lost without each edge, which is there in every circuit (see the next test).
    exact = interp.edge_patching(found.model, turned(found.pairs), edges).mean(axis=0)
    estimate = interp.edge_attribution(found.model, found.pairs, steps=32, check_top=0)
    scores = scores_of(estimate, edges)
    # Two edges that are needed together have the whole effect each, and share it in the estimate:
    # the order agrees more than the size.
    assert np.corrcoef(scores, exact)[0, 1] > 0.7
    true = np.array([edge in found.edges for edge in edges])
    largest = np.argsort(-np.abs(scores))[: 2 * true.sum()]
    assert true[largest].sum() >= 0.8 * true.sum()
    counted = true & (np.abs(scores) > 0.01 * (estimate.clean - estimate.corrupted))
    assert np.array_equal(np.sign(scores[counted]), np.sign(exact[counted]))


def test_what_is_needed_together_is_seen_on_the_way_and_not_by_putting_one_back():
    found = known("conjunction")
    halves = [edge for edge in found.edges if edge.target == "mlp1"]
    exact = interp.edge_patching(found.model, found.pairs, halves).mean(axis=0)
    lost = interp.edge_patching(found.model, turned(found.pairs), halves).mean(axis=0)
    one, many = (
        interp.edge_attribution(found.model, found.pairs, steps=steps, check_top=0)
        for steps in (1, 32)
    )
    whole = one.clean - one.corrupted
    assert np.abs(exact).max() < 0.05 * whole
    assert np.abs(scores_of(one, halves)).max() < 0.05 * whole
    assert lost.min() > 0.9 * whole
    assert scores_of(many, halves).min() > 0.3 * whole


def test_estimates_are_exact_where_the_model_is_linear():
    """Into the logits, all but linear: the norm's scale hardly moves."""
    found = known("induction")
    into = [edge for edge in interp.edges_of(found.model) if edge.target == "logits"]
    exact = interp.edge_patching(found.model, found.pairs, into).mean(axis=0)
    estimate = interp.edge_attribution(found.model, found.pairs, steps=8, check_top=0)
    np.testing.assert_allclose(scores_of(estimate, into), exact, atol=0.02 * np.abs(exact).max())


def test_more_steps_explain_what_one_misses():
    """Both heads of redundant-copies are saturated at either end, so one step sees nothing."""
    found = known("redundant-copies")
    one, many = (
        interp.edge_attribution(found.model, found.pairs, steps=steps, check_top=0)
        for steps in (1, 64)
    )
    change = one.clean - one.corrupted
    assert abs(one.explained) < 0.1 * change
    assert many.explained == pytest.approx(change, rel=0.1)


def test_a_few_positions_at_a_time_make_the_same_scores(monkeypatch):
    model = tiny("gpt2")
    whole = interp.edge_attribution(model, PAIRS, steps=2, check_top=0)
    monkeypatch.setattr(attribution, "_BYTES", 1)
    parts = interp.edge_attribution(model, PAIRS, steps=2, check_top=0)
    np.testing.assert_allclose(parts.scores, whole.scores, atol=1e-5)


def test_the_largest_are_checked_exactly():
    found = known("induction")
    estimate = interp.edge_attribution(found.model, found.pairs, check_top=4)
    assert [scored.edge for scored in estimate.top(4)] == [s.edge for s in estimate.exact]
    by_hand = interp.edge_patching(found.model, found.pairs, [s.edge for s in estimate.exact])
    exact = [not_none(scored.exact) for scored in estimate.exact]
    np.testing.assert_allclose(exact, by_hand.mean(axis=0))
    assert estimate.top(5)[-1].exact is None
    assert estimate.n_edges == len(interp.edges_of(found.model))
    assert estimate.left_out == 0


@pytest.mark.parametrize("kind", ["gemma2", "gemma3", "olmo2"])
def test_blocks_that_norm_what_they_add_have_no_edges(kind):
    model = tiny_model(kind)
    with pytest.raises(interp.InterpError, match="norm what they add"):
        interp.edges_of(model)


def test_what_cannot_be_patched_is_refused():
    model = tiny("gpt2")
    alone = [interp.Pair("a metal is", "heavy", "light"), interp.Pair("it is", "cold", "winter")]
    with pytest.raises(interp.InterpError, match="give a column counterfactual"):
        interp.edge_attribution(model, alone)
    with pytest.raises(interp.InterpError, match="only 1 of 3"):
        interp.edge_attribution(model, [*alone, PAIRS[0]])
    with pytest.raises(interp.InterpError, match="at least one step"):
        interp.edge_attribution(model, PAIRS, steps=0)


def test_an_interrupted_attribution_leaves_no_hook_behind():
    model = tiny("gpt2")

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interp.edge_attribution(model, PAIRS, on_progress=stop)
    for module in model.network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
