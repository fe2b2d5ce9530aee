"""The figure of the overview: it says what it found, and what it draws follows the data."""

from dataclasses import replace

import numpy as np
import pytest

from nullcline import dynamics
from nullcline.experiments.dashboard import _phase_diagram
from nullcline.experiments.dashboard._overview import families_table
from nullcline.experiments.dashboard._phase_diagram import finding, phase_diagram
from nullcline.experiments.dashboard._style import CONTEXT, PHASE_SYMBOLS, PHASES
from nullcline.experiments.formats import plain


@pytest.fixture(scope="module")
def uniform():
    return dynamics.diagnose(dynamics.load_table("uniform"), n_boot=100)


@pytest.fixture(scope="module")
def organisms():
    return dynamics.diagnose(dynamics.load_table("organisms"), n_boot=100)


def test_the_title_counts_the_phases(uniform):
    phases = [f.phase for f in uniform.families if f.current is not None]
    falls, rises, opens = (phases.count(p) for p in ("tax", "bonus", "undetermined"))
    assert finding(uniform) == (
        f"Of {len(phases)} families, TruthfulQA MC2 falls in {falls} and rises in {rises} as "
        f"HellaSwag grows; {opens} stay open"
    )
    one = next(f for f in uniform.families if f.phase == "tax")
    assert finding(replace(uniform, families=type(uniform.families)((one,)))) == (
        "Of 1 family, TruthfulQA MC2 falls in 1 as HellaSwag grows"
    )


def points_of(chart, name):
    """The trace that holds a family, and the places of its points in it."""
    (found,) = [t for t in chart["traces"] if name in t.get("meta", [])]
    return found, [at for at, owner in enumerate(found["meta"]) if owner == name]


def test_families_are_drawn_by_phase_with_names_and_all_that_a_hover_says(uniform):
    chart = plain(phase_diagram(uniform))
    several = {f.family: f for f in uniform.families if f.current is not None}
    for name, family in several.items():
        found, points = points_of(chart, name)
        colour = PHASES[family.phase] if family.phase != "undetermined" else CONTEXT
        marker = found["marker"]
        assert (marker["color"], marker["symbol"]) == (colour, PHASE_SYMBOLS[family.phase])
        *places, gap = points
        assert [found["x"][at] for at in places] == (100 * family.reasoning).tolist()
        assert [found["y"][at] for at in places] == (100 * family.truth).tolist()
        assert found["x"][gap] is found["y"][gap] is None
    found, points = points_of(chart, "Pythia")
    assert found["text"][points[0]] == (
        "Pythia<br>EleutherAI/pythia-70m-deduped, 70M<br>HellaSwag 27.2 %<br>TruthfulQA MC2 47.5 %"
    )
    # A trace per phase, however many families; the called phases stand on top, and their names
    # come first.
    order = [t["name"].split(":")[0] for t in chart["traces"] if "meta" in t]
    assert sorted(order) == sorted({f.phase for f in several.values()})
    assert order == sorted(order, key=lambda phase: phase != "undetermined")
    strong = [label["strong"] for label in chart["labels"]]
    assert strong == sorted(strong, reverse=True)
    assert {label["name"] for label in chart["labels"]} == set(several)


def test_a_figure_of_many_models_marks_the_largest_of_each_family_alone(uniform, monkeypatch):
    models = sum(len(f.models) for f in uniform.families if f.current is not None)
    for most, markers in ((models, models), (models - 1, 39)):
        monkeypatch.setattr(_phase_diagram, "_MOST_MARKERS", most)
        chart = plain(phase_diagram(uniform))
        marked = [t for t in chart["traces"] if "markers" in t["mode"]]
        assert sum(x is not None for t in marked for x in t["x"]) == markers
        assert ("too many for one at each" in chart["note"]) == (markers < models)
        drawn = [t for t in chart["traces"] if "lines" in t["mode"]]
        assert sum(x is not None for t in drawn for x in t["x"]) == models
    pythia = next(f for f in uniform.families if f.family == "Pythia")
    found = next(t for t in marked if "Pythia" in t["meta"])
    assert found["x"][found["meta"].index("Pythia")] == 100 * pythia.reasoning[-1]


def test_each_row_of_the_table_picks_a_line_of_the_figure(uniform):
    chart, rows = plain(phase_diagram(uniform)), plain(families_table(uniform))["rows"]
    assert chart["picks"] == plain(families_table(uniform))["picks"] == "family"
    assert {row[0]["state"]["family"] for row in rows} == {
        owner for t in chart["traces"] for owner in t.get("meta", [])
    }


def test_the_curve_and_its_band_are_drawn_where_a_turn_is_established_alone(uniform, organisms):
    assert not uniform.common_turn["reasoning"].established
    shut = plain(phase_diagram(uniform))
    assert all("meta" in t for t in shut["traces"])
    assert "so no pooled curve and no band are drawn" in shut["note"]
    assert organisms.common_turn["reasoning"].established
    shown = plain(phase_diagram(organisms))
    edges, curve = [t for t in shown["traces"] if "meta" not in t]
    assert "95 % band" in str(edges["name"])
    heights = [v for v in curve["y"] if v is not None]
    assert 0 <= min(heights) < max(heights) <= 100
    assert len(edges["y"]) > len(heights)
    assert "turns at" in shown["note"]


def test_an_untested_turn_is_said_to_be_untested(organisms):
    turn = replace(organisms.common_turn["reasoning"], established=False, gate_p=np.nan)
    found = replace(organisms, common_turn={"reasoning": turn})
    assert "cannot be tested here" in plain(phase_diagram(found))["note"]


def test_the_source_is_named(uniform):
    assert "arXiv:2405.10938" in plain(phase_diagram(uniform))["source"]
    assert plain(phase_diagram(replace(uniform, table="mine.csv")))["source"] == "Source: mine.csv."
