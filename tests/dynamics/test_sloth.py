"""Sloth's model as the benchmark fits it, on planted skills."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scripts import load_script

model = load_script("benchmarks/_sloth_model.py")
protocol = load_script("benchmarks/_sloth_protocol.py")
fit_sloth, predict = model.fit_sloth, model.predict
BENCHMARKS, FOLDS, read_study = protocol.BENCHMARKS, protocol.FOLDS, protocol.read_study
CHANCE = np.array([0.25, 0.1, 0.5, 0.0])


def planted(seed=0, count=8):
    """Families of four sizes with one skill each of two kinds, and four benchmarks."""
    rng = np.random.default_rng(seed)
    params = np.tile([0.5, 2.0, 8.0, 30.0], count)
    tokens = np.repeat(rng.uniform(0.3, 8.0, count), 4)
    families = np.repeat(np.eye(count), 4, axis=0)
    inputs = np.stack([np.log(tokens), np.log(params), np.log(tokens) * np.log(params)], axis=1)
    truth = model.Sloth(
        inputs=jnp.array([[0.3, 0.1], [0.4, 0.2], [0.03, 0.02]]),
        families=jnp.array(rng.normal(0, 0.5, (count, 2)), jnp.float32),
        loadings=jnp.array([[1.0, 0.2, 0.6, 0.8], [0.1, 1.0, 0.5, -0.4]]),
        offsets=jnp.array([-0.5, -1.0, -0.3, -0.8]),
        chance=jnp.log((jnp.array(CHANCE) + 1e-5) / (1 - jnp.array(CHANCE) + 1e-5)),
        link=None,
    )
    train = np.ones(len(params), bool)
    train[1:4] = False  # of the first family only the smallest model is given
    data = model.Data(
        jnp.array(inputs, jnp.float32), jnp.array(families, jnp.float32),
        jnp.zeros((len(params), 4), jnp.float32), jnp.array(train),
    )  # fmt: skip
    return truth, data._replace(scores=predict(truth, data).astype(jnp.float32))


@pytest.fixture(scope="module")
def fits():
    """The planted model, its data, and Sloth with as many skills and with one too few."""
    truth, data = planted()
    chance = jnp.array(CHANCE, jnp.float32)
    return truth, data, {d: fit_sloth(data, chance, skills=d) for d in (1, 2)}


@pytest.mark.slow(reason="trains Sloth with one skill and with two")
def test_planted_skills_come_back(fits):
    truth, data, found = fits
    hidden = ~np.asarray(data.train)
    exact = np.asarray(data.scores)[hidden]
    fixed, trained = found[2]
    # Adam stops where 500 steps gain less than 1e-5 in the mean error; a point is 0.01.
    np.testing.assert_allclose(np.asarray(predict(fixed, data))[hidden], exact, atol=0.01)
    np.testing.assert_allclose(np.asarray(predict(trained, data))[hidden], exact, atol=0.03)
    # Skills are known up to a linear map, and a constant number of tokens belongs to the family;
    # what size, and size times tokens, do to each benchmark is known.
    effect = np.asarray(fixed.inputs @ fixed.loadings)
    planted_effect = np.asarray(truth.inputs @ truth.loadings)
    np.testing.assert_allclose(effect[1:], planted_effect[1:], atol=0.01)
    np.testing.assert_allclose(fixed.chance, truth.chance, rtol=1e-6)
    # One skill cannot hold what two made, so the test above can fail.
    assert np.abs(np.asarray(predict(found[1][0], data))[hidden] - exact).max() > 0.1


@pytest.mark.slow(reason="trains Sloth with one skill and with two")
def test_a_trained_link_rises(fits):
    _, data, found = fits
    trained = found[1][1]
    larger = data._replace(inputs=data.inputs * jnp.array([[0.0, 1.0, 0.0]]))
    skills = np.asarray(larger.inputs @ trained.inputs + larger.families @ trained.families)[:, 0]
    signs = np.sign(np.asarray(trained.loadings)[0])
    order = np.argsort(skills)
    steps = np.diff(np.asarray(predict(trained, larger))[order], axis=0) * signs
    assert steps.min() > -1e-6  # rounding of 32 bits
    assert min(float(w.min()) for w in trained.link[::2]) >= 0


def table(families, benchmarks):
    rows = [
        {"Model": f"{f}-{n}b", "Family2": f, "#Params (B)": n, "Pretraining Data Size (T)": 1.0,
         **dict.fromkeys(benchmarks, 0.3 + n / 100)}
        for f in families
        for n in (7, 1, 3)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_all_but_the_smallest_model_of_each_family_of_a_fold_are_hidden(tmp_path):
    families = sorted({f for fold in FOLDS["v2"] for f in fold} | {"other"})
    frame = table(families, BENCHMARKS["v2"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    study = read_study(tmp_path / "t.csv", "v2")
    hidden = study.frame[study.hidden(("pythia", "dolly-v2"))]
    assert sorted(hidden["model"]) == ["dolly-v2-3b", "dolly-v2-7b", "pythia-3b", "pythia-7b"]
    frame[frame["Family2"] != "opt"].to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SystemExit, match="no family 'opt' with two complete models"):
        read_study(tmp_path / "t.csv", "v2")
    frame.drop(columns="Family2").to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SystemExit, match="no column 'Family2'"):
        read_study(tmp_path / "t.csv", "v2")
