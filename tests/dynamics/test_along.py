"""Any clock: runs of checkpoints, sizes by tokens, FLOPs or date, and what explains a score."""

import numpy as np
import pandas as pd
import pytest

from nullcline import dynamics

STEPS = (0, 1, 10, 100, 1000)


def run_table(**columns) -> pd.DataFrame:
    """Two sizes of one family, five checkpoints each."""
    rows = [
        {"model": f"elm-{n}b", "step": step, "tokens": 2e6 * step, "hellaswag": 0.3 + 0.1 * i,
         "truthfulqa_mc2": 0.45 - 0.02 * i - 0.01 * n}
        for n in (1, 3)
        for i, step in enumerate(STEPS)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


@pytest.mark.parametrize("along", ["step", "tokens", "flops"])
def test_each_run_is_a_family_and_every_row_is_accounted_for(along):
    whole = dynamics.read_scores(run_table())
    assert len(whole.frame) == 2
    table = dynamics.along_clock(whole, along)
    assert table.families == ("elm-1b", "elm-3b")
    assert len(table.frame) == 8
    assert table.account.rows_used == 8
    assert len(table.left_out) == len(table.account.rows_left_out) == 2
    assert set(table.left_out["reason"]) <= {"clock_at_zero", f"no_{along}"}
    assert table.frame["lab"].nunique() == 2
    assert not any(w.code == "checkpoints" for w in table.warnings)
    assert any("2 left out" in w.message or "left out" in w.message for w in table.warnings)
    span = np.ptp(table.time()[table.frame["family"] == "elm-1b"])
    assert span == pytest.approx(3.0)


def test_flops_are_six_times_parameters_times_tokens():
    table = dynamics.read_scores(run_table(), along="flops")
    expected = np.log10(6 * table.frame["params"] * table.frame["tokens"])
    assert table.time() == pytest.approx(expected.to_numpy(float))
    assert table.frame["params"].iloc[0] == 1e9


def test_steps_in_names_and_seeds_make_one_run(tmp_path):
    rows = ["model,params,seed,hellaswag,truthfulqa_mc2"]
    rows += [
        f"elm-1b-step{step},1B,{seed},{30 + i + seed},{45 - i}"
        for seed in (0, 1)
        for i, step in enumerate(STEPS[1:])
    ]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(rows))
    table = dynamics.read_scores(path, along="step")
    assert table.families == ("elm-1b",)
    averaged = dynamics.average_seeds(table)
    assert averaged.time().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert averaged.frame["hellaswag"].iloc[0] == pytest.approx(0.305)


def test_a_run_needs_no_size_and_no_family():
    """A model that nobody knows, of which a table holds checkpoints alone."""
    frame = run_table().drop(columns="tokens")
    frame = frame.assign(model=frame["model"].map({"elm-1b": "thing", "elm-3b": "thing-wide"}))
    table = dynamics.read_scores(frame, along="step")
    assert table.families == ("thing", "thing-wide")
    assert table.frame["lab"].unique().tolist() == ["thing", "thing-wide"]
    assert dynamics.diagnose(table, n_boot=100).families["thing"].phase
    with pytest.raises(dynamics.TableError, match="no size is known"):
        dynamics.read_scores(frame, along="flops")
    with pytest.raises(dynamics.TableError, match="no size is known"):
        dynamics.read_scores(frame)


def test_each_number_of_shots_is_a_run(tmp_path):
    both = pd.concat([run_table(shots=0), run_table(shots=5).assign(hellaswag=0.6)])
    table = dynamics.read_scores(both.reset_index(drop=True), along="step")
    assert sorted(table.families) == [f"elm-{n}b ({k}-shot)" for n in (1, 3) for k in (0, 5)]
    assert len(table.frame) == 16


def test_families_without_checkpoints_stay_families():
    frame = run_table().drop(columns=["step", "tokens"])
    frame = frame.assign(
        model=[f"{f}-{n}b" for f in ("elm", "oak") for n in (1, 2, 3, 5, 7)],
        date=["2023-01-01", "2023-07-02", "2024-01", "2024-07-01", "2025-01-01"] * 2,
    )
    table = dynamics.read_scores(frame, along="date")
    assert table.families == ("elm", "oak")
    assert table.time()[[0, 4]].tolist() == [2023.0, 2025.0]
    assert table.time()[1] == pytest.approx(2023.4986, abs=1e-4)
    found = dynamics.diagnose(table, n_boot=100)
    assert found.along == "date"
    assert "date" in found.common_turn
    assert "critical_date" in found.to_pandas()


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("2024", 2024.0),
        ("2024-07-02", 2024.5),
        ("20240702", 2024.5),
        ("2 July 2024", 2024.5),
        ("2024-07-02T00:00:00Z", 2024.5),
        ("2024.5", 2024.5),
        ("12/31/2023", 2023 + 364 / 365),
        ("03/04/2024", None),
        ("1719792000", None),
        ("45000", None),
        ("", None),
    ],
)
def test_dates_are_years_or_nothing(written, year):
    frame = pd.DataFrame({"date": ["2024-01-01", written]})
    got = dynamics.CLOCKS["date"].position(frame)[1]
    assert np.isnan(got) if year is None else got == pytest.approx(year, abs=1e-12)


def test_a_clock_that_nothing_tells_is_refused_with_the_mend():
    with pytest.raises(dynamics.TableError, match="add a column date"):
        dynamics.read_scores(run_table(), along="date")
    table = dynamics.read_scores(run_table(), along="step")
    with pytest.raises(ValueError, match="as it was read"):
        dynamics.along_clock(table, "tokens")


def test_the_shipped_checkpoints_and_their_runs():
    table = dynamics.load_table("checkpoints", along="tokens")
    assert len(table.families) == 16
    assert table.frame.groupby("family").size().eq(26).all()
    assert table.frame["lab"].value_counts().eq(2 * 26).all()  # twins, trained on the same sizes
    assert len(dynamics.load_table("checkpoints").frame) == 16
    assert len(dynamics.load_table("checkpoints_5shot", along="step").frame) == 240


def test_less_stereotype_counts_as_more():
    """A share of which less is better is turned, so that a tax is a tax."""
    table = dynamics.load_table("checkpoints", along="tokens").select(["pythia-1.4b"])
    found = dynamics.diagnose(table, reasoning="arc_easy", truth="crows_pairs_english", n_boot=200)
    (family,) = found.families
    assert family.phase == "tax"
    rows = table.frame.sort_values("tokens")
    assert family.truth == pytest.approx(1 - rows["crows_pairs_english"].to_numpy())
    with pytest.raises(ValueError, match="along tokens"):
        _ = family.log10_params


# What explains a score: planted, and seen to move.


def planted(truth, *, seed=0, noise=0.01) -> pd.DataFrame:
    """Runs of eight sizes of a family; the reasoning score follows FLOPs with wiggles of its own
    for each model."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, params in enumerate(np.geomspace(1e8, 1e10, 8)):
        phase = rng.uniform(0, 2 * np.pi)
        for tokens in np.geomspace(1e9, 1e12, 16):
            n, d = np.log10(params) - 9, np.log10(tokens) - 10.5
            x = 0.5 + 0.1 * (n + d) + 0.06 * np.sin(3 * d + phase)
            y = truth(x, n, d) + noise * rng.standard_normal()
            rows.append((f"m{k}", params, tokens, x, y))
    frame = pd.DataFrame(rows, columns=["family", "params", "tokens", "x", "y"])
    return frame.assign(lab=frame["family"])


def test_a_score_that_follows_the_other_is_explained_by_it():
    found = compare(planted(lambda x, n, d: 0.8 - 0.6 * x))
    assert found.reasoning_adds[1] > 0
    assert found.clock_adds[1] < 0 < found.clock_adds[2]
    left = {one.name: one.left for one in found.explained}
    assert left["tokens"] < -0.5


def test_a_score_that_follows_tokens_is_explained_by_them():
    found = compare(planted(lambda x, n, d: 0.5 - 0.1 * d))
    assert found.clock_adds[1] > 0
    assert found.reasoning_adds[1] < 0.02
    assert found.share_low > 0.8
    by_tokens = next(one for one in found.explained if one.name == "tokens")
    assert abs(by_tokens.left) < 0.3
    assert by_tokens.r2 > 0.9


def test_the_mixture_of_flops_is_found():
    found = compare(planted(lambda x, n, d: 0.5 - 0.1 * (n + d)))
    assert found.share_low <= 0.5 <= found.share_high
    assert found.share_high - found.share_low < 0.2
    assert found.mixed == ("params", "tokens")


def compare(frame):
    found = dynamics.phases.compare_clocks(frame, along="tokens")
    assert found is not None
    assert found.groups == 8
    return found


def test_one_clock_is_no_comparison():
    frame = planted(lambda x, n, d: x)
    assert dynamics.phases.compare_clocks(frame.drop(columns="tokens")) is None
    few = frame[frame["family"].isin(["m0", "m1", "m2"])]
    assert dynamics.phases.compare_clocks(few, along="tokens") is None


# Dynamics along training.

SCORES = ("arc_easy", "piqa")


@pytest.mark.slow(reason="fits and validates a forecaster of checkpoints")
def test_the_rest_of_a_run_is_predicted_from_its_first_third_by_runs_of_other_sizes():
    table = dynamics.load_table("checkpoints", along="tokens")
    found = dynamics.hold_out(table, "pythia-1.4b", protocol="third", benchmarks=SCORES)
    assert found.along == "tokens"
    steps = table.frame["step"][table.frame["family"] == "pythia-1.4b"]
    assert len(found.given) == (steps <= 143000 / 3).sum() == 16
    assert found.at[-1] == 143000 * 2097152
    assert len(found.trained_on) == 14
    assert not any("1.4b" in name for name in found.trained_on)
    assert found.mae < found.baselines["training mean"][0] / 3
    with pytest.raises(ValueError, match="along tokens"):
        _ = found.params


@pytest.mark.slow(reason="fits and validates a forecaster of checkpoints")
def test_a_run_is_extended_at_places_of_its_clock():
    table = dynamics.load_table("checkpoints", along="tokens")
    found = dynamics.extend(table, "pythia-1.4b", at="600B", benchmarks=SCORES)
    assert found.at.tolist() == [6e11]
    assert (found.predicted > 0.5).all()
    with pytest.raises(ValueError, match=r"above 2\.9989"):
        dynamics.extend(table, "pythia-1.4b", at="200B", benchmarks=SCORES)
    with pytest.raises(ValueError, match="give at"):
        dynamics.extend(table, "pythia-1.4b", params="600B", benchmarks=SCORES)
    with pytest.raises(ValueError, match="trained_on=own"):
        dynamics.extend(table, "pythia-1.4b", at="600B", benchmarks=SCORES, trained_on="both")


def test_trajectories_follow_the_clock():
    table = dynamics.load_table("checkpoints", along="step").select(["pythia-70m", "pythia-12b"])
    trajectories = dynamics.Trajectories.from_table(table, benchmarks=SCORES)
    assert trajectories.sizes == (26, 26)
    assert float(trajectories.s[0, 0]) == 0.0
    assert float(trajectories.s[0, -1]) == pytest.approx(np.log10(143000))
    assert trajectories.models[0][-1] == "pythia-70m step 143000"
