"""MC1 and MC2 equal those of lm-evaluation-harness, run through the harness itself."""

import json

import pytest
from scripts import load_script
from tiny_models import byte_tokenizer, tiny_network

from nullcline import interp

pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed")


@pytest.fixture(scope="module")
def parity():
    return load_script("benchmarks/harness_parity.py")


QUESTIONS = {
    "What is larger than five?": (["Seven is.", "Seven is larger."], ["Nothing is.", "A feather"]),
    "Where is the city of paris?": (["In France."], ["In the sea.", "It flies south in winter."]),
    "Name a metal.": (["Copper", "Iron is one."], ["A feather is a metal.", "Birds"]),
    "Does the river run to the sea": (["It does."], ["It runs to the birds."]),
}


@pytest.mark.slow(reason="runs the whole harness of others")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::ResourceWarning")
def test_a_tiny_models_scores_are_the_harness_own(parity, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    entries = [
        {
            "question": question,
            "mc1_targets": {right[0]: 1, **dict.fromkeys(wrong, 0)},
            "mc2_targets": {**dict.fromkeys(right, 1), **dict.fromkeys(wrong, 0)},
        }
        for question, (right, wrong) in QUESTIONS.items()
    ]
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(entries))
    # Positions by distance: the examples take a thousand of these short tokens.
    model = interp.build_model(tiny_network("bloom"), byte_tokenizer(), name="tiny")
    ours, theirs = parity.compare(model, path, len(entries))
    # Both read the same float32 logits; batches of another width round them otherwise.
    assert ours == pytest.approx(theirs, abs=1e-6)
    # Neither is a share that any model would get.
    assert 0 < ours["mc2"] < 1
