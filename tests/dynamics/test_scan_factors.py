"""How many dimensions a table of scores has: planted ones are found, none is invented."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.dynamics._scan.columns import ScoreColumns
from nullcline.dynamics._scan.factors import factors


def planted(rng, dimensions, *, benchmarks=8, families=25):
    """Families of 2 to 6 models: scores from `dimensions` factors and errors of their own."""
    sizes = rng.integers(2, 7, families)
    index = np.repeat(np.arange(families), sizes)
    loadings = rng.normal(0, 1, (dimensions, benchmarks))
    loadings[:1] = rng.uniform(0.5, 1, benchmarks)
    ability = rng.normal(0, 1, (index.size, dimensions)) * np.array([0.1, 0.06, 0.06])[:dimensions]
    errors = rng.normal(0, 0.02, (index.size, benchmarks)) * rng.uniform(0.5, 1.5, benchmarks)
    level = rng.normal(0, 0.2, (families, benchmarks))[index]
    scores = 0.5 + ability @ loadings + level + errors
    return ScoreColumns(
        names=tuple(f"b{i}" for i in range(benchmarks)),
        scores=scores,
        errors=np.full(scores.shape, np.nan),
        time=rng.uniform(8, 11, index.size),
        date=np.full(index.size, np.nan),
        index=index,
        starts=np.flatnonzero(np.diff(index, prepend=-1)),
        families=tuple(f"F{i}" for i in range(families)),
    )


@pytest.mark.slow(reason="counts factors of simulated tables of four kinds")
@pytest.mark.parametrize("dimensions", [0, 1, 2, 3])
def test_planted_dimensions_are_counted(dimensions):
    rng = np.random.default_rng(dimensions)
    found = Counter(
        factors(
            planted(rng, dimensions), kind="within", n_boot=10, n_null=200, seed=seed
        ).dimensions
        for seed in range(40)
    )
    # Each step is a test at 5 %: of 40 tables two would show one too many by chance, six are
    # beyond three standard errors.
    assert sum(n for d, n in found.items() if d is not None and d > dimensions) <= 6
    assert found[dimensions] >= 32


def test_levels_of_families_are_dimensions_of_the_pooled_scores_alone():
    columns = planted(np.random.default_rng(1), 1)
    within, pooled = (factors(columns, kind=k, n_boot=50) for k in ("within", "pooled"))
    assert within.dimensions == 1
    assert within.beyond_general == 0
    assert within.eigenvalues[0] / len(columns.names) > 0.8
    assert pooled.eigenvalues[0] / len(columns.names) < 0.5


def test_eigenvalues_and_vectors_are_those_of_the_correlation_inside_families():
    columns = planted(np.random.default_rng(2), 2)
    found = factors(columns, kind="within", n_boot=200)
    centred = np.concatenate(
        [part - part.mean(axis=0) for part in np.split(columns.scores, columns.starts[1:])]
    )
    expected = np.corrcoef(centred.T)
    assert found.correlation == pytest.approx(expected, abs=1e-12)
    assert found.eigenvalues.sum() == pytest.approx(len(columns.names))
    first = found.vectors[:, 0]
    assert expected @ first == pytest.approx(found.eigenvalues[0] * first, abs=1e-10)
    assert np.all(found.correlation_low <= found.correlation + 1e-9)
    assert np.all(found.correlation <= found.correlation_high + 1e-9)
    assert np.all(found.vectors_low <= found.vectors_high)
    assert found.eigenvalues_low[0] < found.eigenvalues[0] < found.eigenvalues_high[0]


def test_a_family_of_another_direction_is_seen():
    columns = planted(np.random.default_rng(3), 1)
    scores = columns.scores.copy()
    largest = int(np.bincount(columns.index).argmax())
    mine = columns.index == largest
    scores[mine, 4:] = 1 - scores[mine, 4:]
    turned = factors(dataclasses.replace(columns, scores=scores), kind="within", n_boot=50)
    straight = factors(columns, kind="within", n_boot=50)
    name = columns.families[largest]
    assert straight.by_family[name].cosine > 0.9 > turned.by_family[name].cosine


def test_what_cannot_be_told_says_so():
    columns = planted(np.random.default_rng(4), 1, benchmarks=10, families=3)
    assert factors(columns, kind="within").status == "underdetermined"
    table = dynamics.load_table("uniform")
    two = dynamics.scan(table, reasoning=["hellaswag"], against=["mmlu"])
    assert two.within.status == "underdetermined"
    assert two.within.dimensions is None


def test_a_score_that_does_not_vary_is_named():
    columns = planted(np.random.default_rng(5), 1)
    scores = columns.scores.copy()
    scores[:, 2] = 0.25
    found = factors(dataclasses.replace(columns, scores=scores), kind="within")
    assert found.status == "constant_benchmark"
