"""The scan: couplings inside families for every pair, with planted truth and defining sums."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nullcline import dynamics
from nullcline.dynamics._phases.critical_types import within_families
from nullcline.dynamics._phases.own_slopes import OwnSlopes
from nullcline.dynamics._phases.random_effects import mean_of_effects
from nullcline.dynamics._scan.columns import ScoreColumns, score_columns
from nullcline.dynamics._scan.coupling import couplings, pair_sums
from nullcline.dynamics._scan.turns import bend_p


def families(rng, *, count=20, sizes=(3, 7), slopes=None, noise=0.01, spread=0.15, others=1):
    """A table of straight families: benchmark `x`, and `y0`, `y1`, ... with planted couplings."""
    rows = []
    for f in range(count):
        n = int(rng.integers(*sizes))
        log_n = np.sort(rng.uniform(7.5, 11, n))
        x = 0.5 + spread * (log_n - 9.3) / 2 + rng.normal(0, 0.01, n)
        row = {"family": f"F{f}", "params": 10**log_n, "x": x}
        for k in range(others):
            own = (slopes or [0.0])[k] + rng.normal(0, 0.03)
            row[f"y{k}"] = 0.5 + own * (x - 0.5) + rng.normal(0, 0.1) + rng.normal(0, noise, n)
        frame = pd.DataFrame(row)
        frame["model"] = [f"F{f}-{i}" for i in range(n)]
        rows.append(frame)
    return pd.concat(rows, ignore_index=True)


def read(frame):
    """Columns of the user's own, which our names do not touch."""
    return dynamics.read_scores(frame)


def name_of(table, heading):
    (name,) = [b for b in table.benchmarks if b.split(" ")[0] == heading]
    return name


@pytest.fixture(scope="module")
def table():
    return read(families(np.random.default_rng(0), slopes=[-0.6, 0.5, 0.0], others=3))


def test_a_coupling_is_the_random_effects_mean_of_the_families_slopes(table):
    columns = score_columns(table, table.benchmarks)
    sums = pair_sums(columns, 0)
    found = couplings(sums)
    for other in range(1, len(table.benchmarks)):
        slopes, spread, squares, dof = [], [], 0.0, 0
        for _, group in table.frame.groupby("family"):
            x = group[table.benchmarks[0]] - group[table.benchmarks[0]].mean()
            y = group[table.benchmarks[other]] - group[table.benchmarks[other]].mean()
            slope = float(x @ y / (x @ x))
            slopes.append(slope)
            spread.append(float(x @ x))
            squares += float(((y - slope * x) ** 2).sum())
            dof += len(group) - 2
        scatter = (squares + 8 * 0.0102**2) / (dof + 8)
        combined = mean_of_effects(np.array(slopes), scatter / np.array(spread))
        assert found.gamma[other] == pytest.approx(combined.mean, rel=1e-6)
        assert found.between[other] == pytest.approx(combined.between_sd, rel=1e-5, abs=1e-9)
        # Hartung and Knapp's interval with families - 1 degrees of freedom, or a wider one: the
        # weights differ, and the variances alone set a lower limit.
        assert found.high[other] - found.low[other] >= 0.999 * (combined.high - combined.low)
        assert found.high[other] - found.low[other] < 1.6 * (combined.high - combined.low)


def test_planted_couplings_get_their_verdicts(table):
    found = dynamics.scan(table)
    x = name_of(table, "x")
    said = [found.cell(x, name_of(table, f"y{k}")).verdict for k in range(3)]
    assert said == ["tax", "bonus", "between"]
    assert found.cell(x, name_of(table, "y0")).falling == found.families
    assert [c.other for c in found.said("tax") if c.reasoning == x] == [name_of(table, "y0")]


def test_a_verdict_moves_with_the_scores(table):
    turned = table.frame.copy()
    y = name_of(table, "y0")
    turned[y] = 1 - turned[y]
    before, after = (dynamics.scan(one) for one in (table, read(plain(turned, table))))
    x = name_of(table, "x")
    assert (before.cell(x, y).verdict, after.cell(x, y).verdict) == ("tax", "bonus")
    assert after.cell(x, y).coupling == pytest.approx(-before.cell(x, y).coupling)


def plain(frame, table):
    """A frame with the headings that a user wrote."""
    keep = ["family", "model", "params", *table.benchmarks]
    return frame[keep].rename(columns={b: b.split(" ")[0] for b in table.benchmarks})


@pytest.mark.slow(reason="a bias is a mean over simulated tables")
def test_errors_of_the_first_score_do_not_draw_a_coupling_to_zero():
    stated, naive, informed, held = 0.02, [], [], 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frame = families(rng, count=40, slopes=[0.8], spread=0.06)
        frame["x"] = frame["x"] + rng.normal(0, stated, len(frame))
        without, known = read(frame), read(frame.assign(x_stderr=stated))
        x, y = (name_of(known, name) for name in ("x", "y0"))
        cells = [dynamics.scan(one, n_boot=100).cell(x, y) for one in (without, known)]
        naive.append(cells[0].coupling)
        informed.append(cells[1].coupling)
        held += cells[1].low < 0.8 < cells[1].high
    # Models of a family lie about 0.03 apart, their errors 0.02: a quarter to a third is lost.
    assert max(naive) < 0.8
    assert np.median(naive) < 0.65
    assert np.median(informed) == pytest.approx(0.8, abs=0.06)
    assert held >= 16  # of 20 intervals of 95 %; fewer come about by chance once in four hundred
    scans = [dynamics.scan(one, n_boot=100) for one in (without, known)]
    assert [x in one.without_errors for one in scans] == [True, False]


@pytest.mark.parametrize("sizes", [[4] * 8, [8, 3, 2, 3, 3, 2, 2, 2], [2] * 20])
@pytest.mark.parametrize("between", [0.0, 0.2])
def test_an_interval_holds_the_planted_mean_of_families(sizes, between):
    rng = np.random.default_rng(int(10 * between) + len(sizes))
    index = np.repeat(np.arange(len(sizes)), sizes)
    pairs, tables, held = 50, 12, []
    for _ in range(tables):
        x = 0.5 + np.concatenate([0.12 * np.linspace(-1, 1, n) for n in sizes])
        slope = -0.1 + rng.normal(0, between, (len(sizes), pairs))
        noise = rng.choice([0.005, 0.01, 0.03], pairs)
        y = 0.5 + slope[index] * (x - 0.5)[:, None] + rng.normal(0, 1, (x.size, pairs)) * noise
        scores = np.column_stack([x, y])
        columns = ScoreColumns(
            names=("x", *map(str, range(pairs))),
            scores=scores,
            errors=np.full(scores.shape, np.nan),
            time=rng.uniform(8, 11, x.size),
            date=np.full(x.size, np.nan),
            index=index,
            starts=np.flatnonzero(np.diff(index, prepend=-1)),
            families=tuple(map(str, range(len(sizes)))),
        )
        found = couplings(pair_sums(columns, 0))
        held.append((found.low <= -0.1)[1:] & (found.high >= -0.1)[1:])
    # 600 intervals of 95 %: four standard errors below.
    assert np.mean(held) >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / (pairs * tables))


@pytest.mark.slow(reason="a rate over simulated tables")
@pytest.mark.parametrize("gamma", [-0.1, 0.0, 0.1])
def test_nothing_false_is_said_of_one_pair_more_often_than_its_level(gamma):
    # At an edge of the band tax (or bonus) and between are false; at zero tax and bonus are.
    rng = np.random.default_rng(11)
    wrong, tables, pairs = 0, 40, 12
    for _ in range(tables):
        table = read(families(rng, count=8, slopes=[gamma] * pairs, others=pairs, noise=0.02))
        columns = score_columns(table, table.benchmarks)
        p = couplings(pair_sums(columns, 0)).decisions[:, 1:]
        false = p if gamma else p[:2]
        wrong += int((2 * np.nanmin(false, axis=0) <= 0.05).sum())
    # 480 pairs; four standard errors (of pairs taken as independent) above .05.
    assert wrong / (tables * pairs) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / (tables * pairs))


def test_false_discoveries_are_counted_over_the_whole_matrix():
    rng = np.random.default_rng(5)
    table = read(families(rng, count=8, slopes=[0.1] * 40, others=40, noise=0.02))
    found = dynamics.scan(table, reasoning=[name_of(table, "x")])
    alone = sum(cell.p <= 0.05 for cell in found.cells)
    assert sum(cell.verdict != "undetermined" for cell in found.cells) <= alone
    p = np.array([cell.p for cell in found.cells])
    order = np.argsort(p)
    step_up = np.minimum.accumulate((p[order] * p.size / np.arange(1, p.size + 1))[::-1])[::-1]
    assert np.array([cell.q for cell in found.cells])[order] == pytest.approx(
        np.minimum(1, step_up)
    )


def test_one_family_alone_bounds_nothing():
    rng = np.random.default_rng(1)
    frame = families(rng, count=6, slopes=[-1.0])
    rest = frame["family"] != "F0"
    for name, sd in (("x", 0.001), ("y0", 0.01)):
        frame.loc[rest, name] = 0.5 + rng.normal(0, sd, int(rest.sum()))
    table = read(frame)
    cell = dynamics.scan(table).cell(name_of(table, "x"), name_of(table, "y0"))
    assert (cell.verdict, cell.low, cell.high) == ("undetermined", -math.inf, math.inf)
    assert math.isnan(cell.q)


def test_the_bend_is_that_of_own_slopes_also_where_scores_are_missing(table):
    rng = np.random.default_rng(4)
    frame = table.frame.copy()
    for name in table.benchmarks[1:]:
        frame[name] = frame[name].mask(rng.random(len(frame)) < 0.2)
    holed = read(plain(frame, table))
    columns = score_columns(holed, holed.benchmarks)
    found = bend_p(columns, pair_sums(columns, 0))
    for other in range(1, len(holed.benchmarks)):
        both = columns.known[:, 0] & columns.known[:, other]
        data = within_families(
            columns.scores[both, 0], columns.scores[both, other], columns.index[both]
        )
        (bend,) = OwnSlopes(data).bends(data.y[:, None])
        assert found[other] == pytest.approx(bend.p, rel=1e-6)


def test_the_gate_of_a_cell_is_the_gate_of_a_diagnosis():
    table = dynamics.load_table("uniform")
    cell = dynamics.scan(table, reasoning=["hellaswag"], against=["truthfulqa_mc2"]).cells[0]
    turn = dynamics.diagnose(table, n_boot=200).common_turn["reasoning"]
    assert cell.turn_p_exact
    assert cell.turn_p == pytest.approx(turn.gate_p, rel=1e-9)
    assert cell.turn == "not_established"
    assert not turn.established


def test_a_planted_turn_is_established_in_its_cell_alone():
    rng = np.random.default_rng(8)
    frame = families(rng, count=14, sizes=(6, 9), slopes=[0.0, 0.4], others=2)
    frame["y0"] = 0.4 + 6 * (frame["x"] - 0.5) ** 2 + rng.normal(0, 0.005, len(frame))
    table = read(frame)
    found = dynamics.scan(table, reasoning=[name_of(table, "x")])
    turns = {cell.other.split(" ")[0]: cell.turn for cell in found.cells}
    assert turns == {"y0": "established", "y1": "not_established"}


def test_gates_that_cannot_be_made_are_counted_among_those_asked():
    found = dynamics.scan(dynamics.load_table("uniform"), n_boot=100)
    begun = [c for c in found.cells if c.turn_p_exact]
    cannot = [c for c in begun if math.isnan(c.turn_p)]
    assert cannot
    assert all(c.turn == "untested" and math.isnan(c.turn_q) for c in cannot)
    asked = [
        1.0 if c in cannot else c.turn_p for c in found.cells if c in cannot or c.turn_p == c.turn_p
    ]
    expected = stats.false_discovery_control(asked)
    told = [c for c in found.cells if c in cannot or c.turn_p == c.turn_p]
    for cell, q in zip(told, expected, strict=True):
        assert cell in cannot or cell.turn_q == pytest.approx(q)


def test_what_size_explains_is_what_regressions_leave(table):
    found = dynamics.scan(table)
    x, y = name_of(table, "x"), name_of(table, "y0")
    left, share_y, share_fit = [], [], []
    log_n = np.log10(table.frame["params"])
    for _, group in table.frame.assign(n=log_n).groupby("family"):
        n = group["n"] - group["n"].mean()
        share_y.append(np.column_stack([n, group[y] - group[y].mean()]))
        if len(group) >= 3:
            left.append(
                np.column_stack(
                    [group[c] - np.polyval(np.polyfit(n, group[c], 1), n) for c in (x, y)]
                )
            )
        share_fit.append(len(group))
    rest = np.concatenate(left)
    cell = found.cell(x, y)
    expected = (
        rest[:, 0] @ rest[:, 1] / math.sqrt((rest[:, 0] @ rest[:, 0]) * (rest[:, 1] @ rest[:, 1]))
    )
    assert cell.r_given_size == pytest.approx(expected, abs=1e-9)
    n, dy = np.concatenate(share_y).T
    assert cell.by_size == pytest.approx((n @ dy) ** 2 / ((n @ n) * (dy @ dy)), rel=1e-9)
    assert cell.pooled_r == pytest.approx(table.frame[[x, y]].corr().iloc[0, 1], rel=1e-9)
    assert math.isnan(cell.by_date)


def test_a_coupling_that_is_size_alone_is_none_given_size():
    rng = np.random.default_rng(6)
    frame = families(rng, count=30, sizes=(5, 8), slopes=[0.0])
    log_n = np.log10(frame["params"])
    frame["x"] = 0.5 + 0.1 * (log_n - 9) + rng.normal(0, 0.01, len(frame))
    frame["y0"] = 0.5 + 0.1 * (log_n - 9) + rng.normal(0, 0.01, len(frame))
    table = read(frame)
    cell = dynamics.scan(table).cell(name_of(table, "x"), name_of(table, "y0"))
    assert cell.verdict == "bonus"
    assert cell.r > 0.9
    assert cell.by_size > 0.9
    assert abs(cell.r_given_size) < 0.3
    assert cell.p_given_size > 0.05


def test_dates_explain_where_they_are_known():
    rng = np.random.default_rng(9)
    frame = families(rng, count=10, sizes=(4, 6), slopes=[0.0])
    years = rng.integers(2020, 2025, len(frame))
    frame["date"] = [f"{y}-06" for y in years]
    frame["y0"] = 0.3 + 0.05 * (years - 2020) + rng.normal(0, 0.005, len(frame))
    table = read(frame)
    cell = dynamics.scan(table).cell(name_of(table, "x"), name_of(table, "y0"))
    assert cell.by_date > 0.9 > cell.by_size


def test_a_score_of_which_less_is_better_is_turned():
    frame = families(np.random.default_rng(7), slopes=[0.7]).rename(
        columns={"y0": "crows_pairs_english", "x": "hellaswag"}
    )
    found = dynamics.scan(read(frame))
    assert found.cell("hellaswag", "crows_pairs_english").verdict == "tax"


def test_the_order_of_rows_changes_nothing(table):
    shuffled = read(plain(table.frame.sample(frac=1, random_state=1), table))
    one, other = (dynamics.scan(t, n_boot=200) for t in (table, shuffled))
    keys = ["reasoning", "other"]
    a, b = (s.to_pandas().sort_values(keys, ignore_index=True) for s in (one, other))
    numbers = a.select_dtypes(float).columns
    assert np.allclose(a[numbers], b[numbers], rtol=1e-8, atol=1e-10, equal_nan=True)
    assert (a["verdict"] == b["verdict"]).all()


def test_names_in_any_spelling_and_what_is_refused():
    table = dynamics.load_table("uniform")
    found = dynamics.scan(table, reasoning=["HellaSwag"], against=["TruthfulQA MC2", "ARC"])
    assert found.reasoning == ("hellaswag",)
    assert found.others == ("truthfulqa_mc2", "arc_challenge")
    assert found.matrix().shape == (1, 2)
    with pytest.raises(ValueError, match=r"uniform: no benchmark 'nothing'; there are hellaswag"):
        dynamics.scan(table, reasoning=["nothing"])
    with pytest.raises(ValueError, match="a pair needs two"):
        dynamics.scan(table, reasoning=["hellaswag"], against=["hellaswag"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        dynamics.scan(table, q=1.0)
    lone = families(np.random.default_rng(0), count=6, sizes=(1, 2))
    with pytest.raises(dynamics.TableError, match="no family has two models"):
        dynamics.scan(read(lone))


def test_tuning_moves_what_it_was_made_to_move():
    rng = np.random.default_rng(12)
    base = families(rng, count=8, sizes=(2, 4), slopes=[0.0, 0.0], others=2)
    tuned = base.copy()
    tuned["y0"] = tuned["y0"] + 0.1 + rng.normal(0, 0.01, len(tuned))
    tuned["y1"] = tuned["y1"] + rng.normal(0, 0.01, len(tuned))
    tuned["base_model"], tuned["model"] = tuned["model"], tuned["model"] + "-chat"
    base["kind"], tuned["kind"] = "base", "tuned"
    table = read(pd.concat([base, tuned], ignore_index=True))
    found = {m.benchmark.split(" ")[0]: m for m in dynamics.scan(table).moved}
    assert {name: m.way for name, m in found.items()} == {
        "y0": "up", "y1": "undetermined", "x": "undetermined",
    }  # fmt: skip
    assert found["y0"].gain == pytest.approx(0.1, abs=0.015)
    assert found["y0"].pairs == len(base)


def test_a_table_of_base_models_alone_has_nothing_moved(table):
    assert dynamics.scan(table).moved == ()
