"""Models whose circuit is known: they do their task, and what is called their circuit does it."""

import functools
import warnings

import numpy as np
import pytest
import torch
from planted_circuits import turned

from nullcline import interp


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """These networks are so small that threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@functools.cache
def circuit(name):
    return interp.known_circuit(name, count=12)


def differences(found, prompts):
    """logit(true) - logit(false) of each pair after some prompts, by the plain network."""
    model, values = found.model, []
    for pair, prompt in zip(found.pairs, prompts, strict=True):
        logits = model.network(torch.tensor([model.encode(prompt)])).logits[0, -1]
        (true,), (false,) = model.encode(pair.true), model.encode(pair.false)
        values.append(float(logits[true] - logits[false]))
    return np.array(values)


def span(found):
    """Mean difference of clean and corrupted runs."""
    clean, corrupted = (
        differences(found, [getattr(pair, name) for pair in found.pairs])
        for name in ("prompt", "counterfactual")
    )
    return clean.mean() - corrupted.mean()


every = pytest.mark.parametrize("name", interp.KNOWN_CIRCUITS)


def test_there_are_eight_kinds_in_three_architectures():
    assert len(interp.KNOWN_CIRCUITS) >= 8
    kinds = {circuit(name).model.architecture for name in interp.KNOWN_CIRCUITS}
    assert kinds == {"GPT2LMHeadModel", "GPTNeoXForCausalLM", "LlamaForCausalLM"}


@every
def test_a_model_does_its_task_on_every_pair(name):
    found = circuit(name)
    clean = differences(found, [pair.prompt for pair in found.pairs])
    corrupted = differences(found, [pair.counterfactual for pair in found.pairs])
    assert clean.min() > 1.5
    # In two of the models neither answer is right to the counterfactual.
    neutral = name in ("greater-than", "conjunction")
    assert corrupted.max() < (1.5 if neutral else -1.5)
    assert len(set(found.pairs)) == len(found.pairs) == 12


@every
def test_without_a_true_head_the_task_is_lost_and_without_an_idle_one_it_is_not(name):
    found = circuit(name)
    pairs, whole = turned(found.pairs), span(found)
    model = found.model
    for layer in range(model.n_layers):
        for head in range(model.n_heads):
            lost = interp.activation_patching(model, pairs, layer=layer, head=head).mean() / whole
            if (layer, head) in found.against:
                assert lost < -0.4, (layer, head)
            elif (layer, head) in found.heads:
                assert lost > 0.4, (layer, head)
            else:
                assert abs(lost) < 0.05, (layer, head)


@pytest.mark.slow(reason="patches every edge of each circuit by itself")
@every
def test_without_a_true_edge_the_task_is_lost_and_without_another_it_is_not(name):
    found = circuit(name)
    edges = interp.edges_of(found.model)
    lost = interp.edge_patching(found.model, turned(found.pairs), edges).mean(axis=0) / span(found)
    true = np.array([edge in found.edges for edge in edges])
    assert true.sum() == len(found.edges)
    assert np.abs(lost[true]).min() > 0.4
    assert np.abs(lost[~true]).max() < 0.05


@every
def test_the_circuit_alone_does_the_task(name):
    found = circuit(name)
    clean = differences(found, [pair.prompt for pair in found.pairs])
    alone = interp.circuit_difference(found.model, found.pairs, found.edges)
    assert alone.mean() == pytest.approx(clean.mean(), rel=0.15)  # idle parts add noise to both


@every
def test_idle_parts_are_not_silent(name):
    """A score that is zero for every idle head would separate them without knowing anything."""
    found = circuit(name)
    idle = [
        (layer, head)
        for layer in range(found.model.n_layers)
        for head in range(found.model.n_heads)
        if (layer, head) not in found.heads
    ]
    shares = interp.attribute_heads(found.model, found.pairs).truth.shares.heads
    sizes = np.abs(shares).mean(axis=0)
    assert np.mean([sizes[place] > 1e-4 for place in idle]) > 0.4


def test_the_norm_acts_in_one_model_and_hardly_in_another():
    def spread(name):
        """Standard deviation over mean of what the final norm divides by."""
        found, sizes = circuit(name), []

        def read(module, inputs):
            sizes.append(inputs[0][0].std(-1, unbiased=False))

        with interp.hooked(before=[(found.model.parts.final_norm, read)]):
            for pair in found.pairs:
                found.model.network(torch.tensor([found.model.encode(pair.prompt)]))
        return float(torch.cat(sizes).std() / torch.cat(sizes).mean())

    assert spread("factual-recall") > 0.1
    assert spread("induction") < 0.01


def test_a_model_is_the_same_each_time_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        one = interp.known_circuit("induction", count=12)
    assert one.model.fingerprint == circuit("induction").model.fingerprint
    assert one.pairs == circuit("induction").pairs
    other = interp.known_circuit("induction", count=12, seed=1)
    assert other.model.fingerprint != one.model.fingerprint
    assert other.edges == one.edges


def test_what_is_not_known_is_refused():
    with pytest.raises(interp.InterpError, match="there are induction"):
        interp.known_circuit("ioi")
    with pytest.raises(interp.InterpError, match="at least two"):
        interp.known_circuit("induction", count=1)
