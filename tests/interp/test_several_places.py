"""Vectors of several places: single heads (ITI) and all layers at once, found and judged alike."""

import json

import numpy as np
import pytest
import torch
from planted_truth import planted_truth
from tiny_models import byte_tokenizer, tiny_model, tiny_network

from nullcline import interp
from nullcline.interp._evaluation.shuffled import shuffled_additions
from nullcline.interp._models.hooks import first, hooked, replaced
from nullcline.interp._steering.effects import Intervention
from nullcline.interp._truth.several import all_layers, at_heads, chosen_heads, head_outputs

WIDE = interp.Budget(kl=9.0, lost=1.0, reasoning=1.0)


@pytest.fixture(scope="module")
def planted():
    return planted_truth()


@pytest.fixture(scope="module")
def asked(planted):
    """A model and its sets for each method: the planted truth is not in heads."""
    organism = interp.load_model("organism:heads-64")
    sets = interp.default_sets(organism)
    return {"iti": (organism, sets), "all-layers": planted}


@pytest.fixture(scope="module")
def found(asked):
    return {
        method: interp.find_truth_vector(*both, methods=[method], budget=WIDE).vector
        for method, both in asked.items()
    }


@pytest.mark.parametrize("kind", ["gpt2", "gpt_neox", "llama", "qwen2", "falcon", "opt"])
def test_adding_to_heads_is_adding_what_they_write_to_the_stream(kind):
    model = tiny_model(kind)
    texts = ("the city of paris", "a metal is heavy", "the birds fly", "it is cold")
    outputs = head_outputs(model, [model.encode(text) for text in texts])
    assert outputs.shape[:2] == (model.n_layers * model.n_heads, len(texts))
    places = at_heads(model, outputs, np.array([True, True, False, False]), [1, 2, 9])
    assert set(places.heads) == {(0, 1), (0, 2), (2, 1)}
    assert [point.layer for point in places.vectors] == [0, 2]

    def adds(layer):
        def hook(module, inputs):
            written = first(inputs).clone()
            size = written.shape[-1] // model.n_heads
            for (at, head), value in places.heads.items():
                if at == layer:
                    written[..., head * size : (head + 1) * size] += torch.from_numpy(value)
            return replaced(inputs, written)

        return hook

    tokens = torch.tensor([model.encode("the river runs to the sea")])
    projections = [layer.head_projection for layer in model.parts.layers]
    with torch.no_grad():
        plain = model.network(tokens).logits
        with hooked(before=[(module, adds(n)) for n, module in enumerate(projections)]):
            by_heads = model.network(tokens).logits
        additions = {p: torch.from_numpy(np.float32(v)) for p, v in places.vectors.items()}
        with Intervention(model, additions).applied():
            in_stream = model.network(tokens).logits
    assert float((by_heads - plain).abs().max()) > 1e-2
    torch.testing.assert_close(in_stream, by_heads, atol=1e-4, rtol=1e-4)


def test_a_head_gets_its_direction_times_the_spread_along_it(asked):
    model, sets = asked["iti"]
    few = chosen_heads(model, sets)
    assert [len(places.heads) for places in few] == sorted(len(p.heads) for p in few)
    outputs = head_outputs(
        model, [model.encode(statement.text.rstrip(" .")) for statement in sets.statements]
    )
    for (layer, head), value in few[-1].heads.items():
        along = outputs[layer * model.n_heads + head] @ (value / np.linalg.norm(value))
        assert np.linalg.norm(value) == pytest.approx(along.std(), rel=1e-4)


def test_a_norm_after_attention_is_refused_in_one_line(planted):
    model = interp.build_model(tiny_network("gemma2"), byte_tokenizer(), name="gemma2")
    with pytest.raises(interp.InterpError, match="norm after its attention"):
        chosen_heads(model, planted[1])


def test_all_layers_share_the_strength_evenly():
    points = [interp.HookPoint(layer) for layer in range(3)]
    raw = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0]])
    norms = dict(zip(points, (10.0, 20.0, 40.0), strict=True))
    found = all_layers(points, raw, norms).vectors
    assert set(found) == {points[0], points[2]}  # one has no length
    np.testing.assert_allclose(found[points[0]], [3.0, 4.0])
    np.testing.assert_allclose(found[points[2]], [0.0, 20.0])


@pytest.mark.slow(reason="finds and judges a direction by each method")
@pytest.mark.parametrize("method", ["iti", "all-layers"])
def test_both_are_found_kept_exported_and_judged_like_any_other(found, asked, method, tmp_path):
    model, sets = asked[method]
    vector = found[method]
    assert vector.method == method
    assert bool(vector.heads) == (method == "iti")
    assert len(vector.additions()) > 1 or vector.heads
    interp.save_vector(vector, tmp_path / "kept.safetensors")
    for name in ("kept.safetensors", "out.json", "out.pt"):
        if not name.startswith("kept"):
            interp.export_vector(model, vector, tmp_path / name)
        again = interp.read_vector(tmp_path / name)
        assert isinstance(again, interp.TruthVector)
        for point, addition in vector.additions().items():
            torch.testing.assert_close(again.additions()[point], addition)
        if name != "out.pt":
            assert list(again.heads) == list(vector.heads)
    exported = json.loads((tmp_path / "out.json").read_text())
    assert [(e["layer"], e["head_index"]) for e in exported["heads"]] == list(vector.heads)
    control = shuffled_additions(model, vector, sets, vector.additions(), seed=1)
    for point, addition in vector.additions().items():
        assert float(control[point].norm()) <= float(addition.norm()) * (1 + 1e-4)
        assert not torch.allclose(control[point], addition, atol=1e-3)
    judged = interp.evaluate_vector(model, vector, sets, budget=WIDE)
    assert {"strength_0", "random", "shuffled_labels"} <= {row.name for row in judged.rows}
    # What corrects no more than its controls is not said to correct.
    others = max(*judged.random_corrected, judged.row("shuffled_labels").corrected_share)
    if judged.row("steered").corrected_share <= others:
        assert judged.verdict == "no_more_than_controls"


def test_the_planted_direction_is_among_the_layers(found, planted):
    model, sets = planted
    judged = interp.evaluate_vector(model, found["all-layers"], sets, budget=WIDE)
    steered = judged.row("steered").corrected_share
    assert steered > 2 * np.mean(judged.random_corrected)
    assert steered > judged.row("shuffled_labels").corrected_share


def test_several_layers_go_into_one_control_vector(planted, tmp_path):
    pytest.importorskip("gguf")
    model, sets = planted
    layers = list(range(1, model.n_layers))  # llama.cpp adds nothing at layer 0
    vector = interp.find_truth_vector(
        model, sets, methods=["all-layers"], layers=layers, budget=WIDE
    ).vector
    interp.export_vector(model, vector, tmp_path / "control.gguf")
    again = interp.read_vector(tmp_path / "control.gguf")
    assert isinstance(again, interp.TruthVector)
    for point, addition in vector.additions().items():
        torch.testing.assert_close(again.additions()[point], addition)
