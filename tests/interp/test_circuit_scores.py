"""`benchmarks/known_circuits.py`: its tables, and that its measures can fail."""

import importlib
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from nullcline import interp

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """These networks are so small that threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def scores():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("_circuit_scores")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def induction(scores):
    return scores.Scored(interp.known_circuit("induction", count=6), 0)


def test_the_command_makes_its_tables_of_one_circuit(monkeypatch, capsys):
    words = "known_circuits.py --circuits skip-trigram --seeds 1 --count 4 --json"
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(sys, "argv", words.split())
    runpy.run_path(str(BENCHMARKS / "known_circuits.py"), run_name="__main__")
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"heads", "edges", "circuits"}
    for lines in found.values():
        assert [next(iter(line.values())) for line in lines] == ["skip-trigram", "mean"]
    (heads, _), (edges, _) = found["heads"], found["edges"]
    assert heads["true heads"] == "1 of 8"
    assert edges["true edges"] == "4 of 31"
    assert edges["edge patching"] == "1.00"


def test_the_area_is_that_of_scikit_learn_with_ties_too(scores):
    rng = np.random.default_rng(0)
    for _ in range(20):
        values, truth = rng.integers(-3, 4, size=40), rng.random(40) < 0.3
        expected = roc_auc_score(truth, np.abs(values))
        assert scores.auroc(values, truth) == pytest.approx(expected)


def test_against_a_shuffled_truth_the_area_is_a_half(scores, induction):
    found = induction.edges["EAP-IG"]
    assert scores.auroc(found, induction.edge_truth) > 0.95
    rng = np.random.default_rng(0)
    shuffled = [scores.auroc(found, rng.permutation(induction.edge_truth)) for _ in range(400)]
    # Five true edges of 110: one area has a standard deviation of .13, the mean of 400 of .007.
    assert np.mean(shuffled) == pytest.approx(0.5, abs=0.03)


def test_a_ranking_that_puts_the_circuit_first_is_the_better_circuit(scores, induction):
    truth = induction.edge_truth.astype(float)
    circuit, edges = induction.circuit, induction.all_edges
    best, worst = (scores.areas(values, edges, circuit) for values in (truth, 1.0 - truth))
    # All five true edges are in at 5 % of the edges, and at once all is there.
    assert best[0] > 0.9
    assert best[1] < 0.1
    # Without them nothing is there until the last edges come, between half and all.
    assert worst[0] == pytest.approx(0.25, abs=0.05)
    assert worst[1] == pytest.approx(0.75, abs=0.05)


def test_no_edges_have_no_faithfulness_and_all_are_the_model(scores, induction):
    faith = scores.faithfulness(induction.circuit, induction.all_edges)
    assert faith(()) == 0.0
    assert faith(induction.all_edges) == 1.0
    assert faith(induction.circuit.edges) == pytest.approx(1.0, abs=0.1)
