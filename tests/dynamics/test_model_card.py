"""One model among families: planted truth, coverage, and what may not be said."""

import math

import numpy as np
import pandas as pd
import pytest

from nullcline import dynamics
from nullcline.dynamics import phases
from tests.helpers.planted_population import SCATTER, population

TABLE = dynamics.load_table("uniform")


def given(name="Mine-7B", params=None, **scores):
    return dynamics.read_model(name, scores, params=params, known=TABLE.benchmarks, of="uniform")


def near(pair, *, score=0.6, size=9.5, count=8, **settings):
    return phases.neighbourhood(
        pair, reasoning="hellaswag", score=score, log10_params=size, count=count,
        scatter=SCATTER, **settings,
    )  # fmt: skip


@pytest.mark.slow(reason="coverage is counted over simulated populations")
@pytest.mark.parametrize("between", [0.0, 0.3])
def test_the_interval_of_a_neighbourhood_holds_the_planted_coupling(between):
    hits = sum(
        (found := near(population(seed, between=between))).low <= 0.5 <= found.high
        for seed in range(150)
    )
    # Three binomial errors below 95 %.
    assert hits / 150 > 0.95 - 3 * math.sqrt(0.95 * 0.05 / 150)


@pytest.mark.slow(reason="a rate over 200 simulated populations")
def test_a_coupling_inside_the_band_is_seldom_called_tax_or_bonus():
    found = [near(population(seed, mean=0.0, between=0.2)).phase for seed in range(150)]
    assert sum(phase in ("tax", "bonus") for phase in found) / 150 < 0.05
    far = [near(population(seed, mean=1.2, between=0.2)).phase for seed in range(50)]
    assert far.count("bonus") > 45  # and a clear one is called what it is


def test_the_nearest_families_count_and_no_truth_score_chooses_them():
    pair = population(3)
    found = near(pair, count=5)
    moved = near(pair.assign(y=pair["y"].to_numpy()[::-1]), count=5)
    assert [f.family for f in found.families] == [f.family for f in moved.families]
    assert len(found.families) == 5
    distances = [f.distance for f in found.families]
    assert distances == sorted(distances)
    assert all(2 <= len(f.models) <= 3 for f in found.families)


def test_a_size_alone_is_no_phase_nor_are_two_families():
    pair = population(4)
    alone = near(pair, score=math.nan)
    assert (alone.phase, alone.by) == ("undetermined", "size")
    assert math.isnan(alone.gamma)
    assert near(pair, score=math.nan, size=math.nan).by == "nothing"
    two = near(pair[pair["family"].isin(["F0", "F1"])])
    assert (two.phase, two.why) == ("undetermined", "2 families have two sizes to compare")
    unknown = near(pair.assign(y_stderr=np.nan))
    assert unknown.phase == "undetermined"
    assert "standard error" in unknown.why
    outside = near(population(4, mean=1.2), outside=True)
    assert outside.phase == "undetermined"
    assert near(population(4, mean=1.2)).phase == "bonus"


def test_the_standard_error_of_a_residual_is_that_of_models_left_out():
    z = []
    for seed in range(60):
        pair = population(seed, families=20, between=0.1)
        own = pair[pair["family"] == "F0"].iloc[0]
        rest = pair[pair["family"] != "F0"]
        line = phases.expected_truth(
            rest, {"x": own["x"], "time": own["time"]}, y="y",
            noise=rest["y_stderr"].to_numpy() ** 2,
        )  # fmt: skip
        assert line is not None
        found = phases.residual_of(
            line, own["y"], given=("x", "time"), truth_stderr=own["y_stderr"],
            reasoning_stderr=own["x_stderr"],
        )  # fmt: skip
        parts = math.hypot(found.scatter, found.noise, found.line)
        assert found.stderr == pytest.approx(parts)
        z.append(found.value / found.stderr)
    # 60 draws of a standard normal: its standard deviation within three of its own errors.
    assert abs(np.std(z) - 1) < 3 / math.sqrt(2 * 60)
    assert abs(np.mean(z)) < 3 / math.sqrt(60)


def test_the_line_is_least_squares_at_the_models_place():
    pair = population(1)
    line = phases.expected_truth(
        pair, {"x": 0.55, "time": 9.0}, y="y", noise=np.full(len(pair), np.nan)
    )
    assert line is not None
    design = np.column_stack([np.ones(len(pair)), pair["x"], pair["time"]])
    beta = np.linalg.lstsq(design, pair["y"].to_numpy(), rcond=None)[0]
    assert line.expected == pytest.approx(beta @ [1, 0.55, 9.0])
    assert line.slopes == pytest.approx(beta[1:])
    assert phases.expected_truth(pair[:5], {"x": 0.5}, y="y", noise=np.zeros(5)) is None


def test_scores_are_read_as_in_a_table():
    percent = given(hellaswag="78.2", truthfulqa_mc2="43,1%", params="6.9B")
    fraction = given(HellaSwag=0.782, tqa_mc2="0.431 ± 0.01", params=6.9e9)
    for model in (percent, fraction):
        assert model.scores == pytest.approx({"hellaswag": 0.782, "truthfulqa_mc2": 0.431})
        assert model.params == 6.9e9
    assert fraction.stderr("truthfulqa_mc2") == pytest.approx(0.01)
    assert percent.stderr("truthfulqa_mc2") == pytest.approx(math.sqrt(0.431 * 0.569 / 817))
    assert given(hellaswag=78).params == 7e9  # of the name
    assert given("Mine-7B-chat", hellaswag=78).tuned


@pytest.mark.parametrize(
    ("scores", "params", "said"),
    [
        ({"helaswag": 78}, None, "no benchmark 'helaswag'; nearest: hellaswag"),
        ({"truthfulqa": 0.4}, None, "'truthfulqa' is not the variant"),
        ({"hellaswag": "high"}, None, "hellaswag is 'high', which is no score"),
        ({"hellaswag": 140}, None, "hellaswag is 140, outside 0 to 100 percent"),
        ({"hellaswag": 0.78, "mmlu": 45}, None, "hellaswag is 0.78, where most scores are in"),
        ({"hellaswag": 78, "HellaSwag (10-shot)": 79}, None, "hellaswag is given twice"),
        ({"hellaswag": 78}, "1e20", "params is '1e20', no size of a language model"),
        ({"hellaswag": 78}, "seven", "params is 'seven', no size of a language model"),
        ({"hellaswag": "nan"}, None, "hellaswag is 'nan', which is no score"),
        ({}, None, "Mine has no score; give some of hellaswag"),
    ],
)
def test_what_cannot_be_is_said_on_one_line(scores, params, said):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as error:
        given("Mine", params=params, **scores)
    assert said in str(error.value)


@pytest.mark.slow(reason="two cards of the shipped table with models left out")
def test_a_shipped_model_is_left_out_of_its_own_card():
    row = TABLE.frame[TABLE.frame["model"] == "huggyllama/llama-13b"].iloc[0]
    named = dynamics.model_in_table(TABLE, "llama-13b", known=TABLE.benchmarks)
    assert named.scores["hellaswag"] == row["hellaswag"]
    renamed = given("Something-13B", **{b: row[b] for b in ("hellaswag", "truthfulqa_mc2")})
    for model in (named, renamed):
        card = dynamics.model_card(model)
        assert card.left_out == ("huggyllama/llama-13b",)
        assert card.own_family == "Llama"
        assert card.models == len(TABLE.frame) - 1
        assert row["model"] not in [other.model for other in card.nearest]
        used = [m for f in card.neighbourhood.families for m in f.models]
        assert row["model"] not in used


@pytest.mark.slow(reason="three cards of the shipped table, each with models left out")
def test_names_that_end_alike_are_no_twins():
    card = dynamics.model_card(given("llama-7b", hellaswag=60, truthfulqa_mc2=41))
    assert card.left_out == ("huggyllama/llama-7b",)
    assert dynamics.model_card(given("7b", hellaswag=60)).left_out == ()
    meta = dynamics.model_card(given("Llama-3-8B", hellaswag=60))
    assert meta.left_out == ("meta-llama/Meta-Llama-3-8B",)


@pytest.mark.parametrize("name", TABLE.benchmarks)
def test_any_one_benchmark_gives_what_it_can(name):
    card = dynamics.model_card(given("Mine", **{name: 45.0}))
    assert card.own_coupling == "undetermined"
    assert card.residual is None
    assert card.next.status == "not_computable"
    assert card.levels[0].benchmark == name
    assert len(card.nearest) == 5
    assert any("no size" in said for said in card.missing)
    assert card.measure_next[0].kind == "benchmark"  # the pair's missing score first
    if name == "truthfulqa_mc2":
        assert (card.neighbourhood.by, card.neighbourhood.phase) == ("nothing", "undetermined")
    else:
        assert card.reasoning == name


def test_a_whole_model_gets_a_whole_card():
    card = dynamics.model_card(given(hellaswag=78.2, truthfulqa_mc2=43.1))
    assert card.neighbourhood.phase == "bonus"
    assert card.residual is not None
    assert card.residual.given == ("hellaswag", "log10_params")
    assert card.next.params == pytest.approx(14e9)
    for score in card.next.scores:
        assert score.low < score.expected < score.high
    sizes = [m for m in card.measure_next if m.kind == "size"]
    widths = [m.then for m in sizes]
    assert widths == sorted(widths)
    assert math.isinf(sizes[0].now)
    far = {m.params / card.params: m.then for m in sizes}
    assert far[8.0] < far[4.0] < far[2.0]  # a longer lever tells more
    with pytest.raises(ValueError, match="not above the model's 7e"):
        dynamics.model_card(given(hellaswag=78.2), next_params=1e9)


@pytest.mark.slow(reason="150 simulated families")
def test_what_a_second_size_tells_is_what_slopes_of_two_models_have():
    card = dynamics.model_card(given(hellaswag=78.2, truthfulqa_mc2=43.1))
    measure = next(m for m in card.measure_next if m.kind == "size" and m.params < 1e9)
    near = card.neighbourhood
    scatter = dynamics.diagnose(TABLE, n_boot=100).scatter
    random = np.random.default_rng(5)
    widths = []
    for _ in range(150):
        gain = random.choice([f.gain for f in near.families]) * math.log10(measure.params / 7e9)
        sd = math.hypot(near.between_sd, (near.high - near.low) / 4)
        x = np.array([0.782 + gain, 0.782])
        y = 0.431 + random.normal(near.gamma, sd) * (x - 0.782)
        errors = [np.sqrt(v * (1 - v) / n) for v, n in ((x, 10042), (y, 817))]
        x = x + random.normal(0, 1, 2) * errors[0]
        y = y + random.normal(0, 1, 2) * np.hypot(errors[1], scatter.sd)
        slope = phases.errors_in_variables_slope(
            x, y, x_stderr=errors[0], y_stderr=errors[1], scatter=scatter
        )
        widths.append(slope.high - slope.low)
    # Two medians by simulation; this one of 300 draws is off by some per cent.
    assert measure.then == pytest.approx(float(np.median(widths)), rel=0.15)


def test_what_lies_far_from_all_is_outside_and_open():
    for model in (
        given("Mine", hellaswag=99, truthfulqa_mc2=99, params="1B"),
        given("Mine", hellaswag=78, truthfulqa_mc2=43, params="50T"),
    ):
        card = dynamics.model_card(model)
        assert card.outside
        assert card.neighbourhood.phase == "undetermined"
        assert any("stays open" in said for said in card.missing)


@pytest.mark.slow(reason="two cards of the shipped table")
def test_an_unusual_truth_score_leaves_the_neighbourhood_as_it_is():
    usual = dynamics.model_card(given(hellaswag=84.9, truthfulqa_mc2=45))
    high = dynamics.model_card(given(hellaswag=84.9, truthfulqa_mc2=68.3, arc_challenge=63))
    assert high.outside
    assert not usual.outside
    assert high.neighbourhood == usual.neighbourhood
    assert high.neighbourhood.phase == "bonus"


def test_a_row_of_ones_own_table_is_a_model():
    frame = pd.DataFrame(
        {"model": ["Own-1B", "Own-7B"], "hellaswag": [0.5, 0.7], "truthfulqa_mc2": [0.4, 0.41]}
    )
    table = dynamics.read_scores(frame)
    model = dynamics.model_in_table(table, "own-7b", known=TABLE.benchmarks)
    assert model.params == 7e9
    assert model.scores == {"hellaswag": 0.7, "truthfulqa_mc2": 0.41}
    with pytest.raises(ValueError, match="no model 'Owm-7B'; nearest: Own-7B"):
        dynamics.model_in_table(table, "Owm-7B", known=TABLE.benchmarks)
    with pytest.raises(ValueError, match="has no score of gsm8k"):
        dynamics.model_in_table(table, "Own-7B", known=["gsm8k"])
