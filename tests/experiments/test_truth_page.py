"""What `nullcline truth` and `nullcline evaluate` print: the answer first, on one screen."""

import dataclasses
import math
from typing import Any

import pytest

from nullcline import interp
from nullcline.experiments.cli import main
from nullcline.experiments.page import page_to_sentences, page_to_text
from nullcline.experiments.studies.steering import (
    choose_sets,
    steering_page,
    steering_to_text,
    study_steering,
    study_truth,
    truth_page,
    truth_to_text,
)
from nullcline.experiments.text import text_width

QUICK = ("--method", "mass-mean", "--layers", "0", "--site", "attention", "--where", "everywhere")


@pytest.fixture(scope="module")
def truth():
    model = interp.load_model("organism:web-28")
    sets, inputs = choose_sets(model)
    how = {"methods": ("mass-mean",), "layers": (0,), "sites": ("attention",)}
    return study_truth(model, sets, inputs=inputs, where="everywhere", **how)


@pytest.fixture(scope="module")
def steering(truth):
    return study_steering(truth.model, truth.sets, truth.vector, inputs=truth.inputs)


def judged(study, *, verdict, reason: Any = "all of it", **steered):
    """The study with another verdict, and other numbers of its vector."""
    found = study.evaluation
    rows = tuple(
        dataclasses.replace(row, **steered) if row.name == "steered" else row for row in found.rows
    )
    found = dataclasses.replace(found, rows=rows, verdict=verdict, verdict_reason=reason)
    return dataclasses.replace(study, evaluation=found)


def test_the_verdict_is_the_first_sentence(truth, steering):
    share = {"corrected_share": 0.77, "corrected_low": 0.61, "corrected_high": 0.88}
    largest = max(truth.evaluation.random_corrected)
    for study, page in ((truth, truth_page), (steering, steering_page)):
        said = page(judged(study, verdict="corrects", **share)).sentences[0]
        assert "corrects 77 % [61, 88] of" in said
        assert f"{100 * largest:.0f} % by the best of 20 random directions" in said
        assert said.endswith("more than its controls, within the budget of its costs.")
        said = page(judged(study, verdict="no_more_than_controls", **share)).sentences[0]
        assert said.endswith(": no more than its controls.")
        costs = judged(study, verdict="corrects_at_a_cost", reason="so; median KL 3 nats", **share)
        assert page(costs).sentences[0].endswith("but over the budget (median KL 3 nats).")


def test_nothing_to_correct_is_said_and_no_share_is_shown(truth):
    found = dataclasses.replace(
        truth.evaluation, answered_falsely=0, verdict="nothing_to_correct", verdict_reason="none"
    )
    page = truth_page(dataclasses.replace(truth, evaluation=found))
    assert "has nothing to correct" in page.sentences[0]
    corrected = next(column for column in page.columns if column.title.startswith("corrected"))
    assert set(corrected.cells) == {"–"}


def test_where_truth_is_told_stands_beside_chance(truth):
    def told(**how):
        detection = (dataclasses.replace(truth.search.detection[0], **how),)
        search = dataclasses.replace(truth.search, detection=detection)
        return truth_page(dataclasses.replace(truth, search=search)).sentences[1]

    sure = told(accuracy=0.8, low=0.7, high=0.9, cross_topic=0.61, affirmed_to_denied=math.nan)
    assert "80 % [70, 90] of" in sure
    assert "held out, more than chance (50 %); on another topic 61 %." in sure
    assert "no more than chance" in told(accuracy=0.55, low=0.45, high=0.65)
    assert "Too few facts" in told(accuracy=math.nan)
    preset = truth_page(dataclasses.replace(truth, search=None)).sentences[1]
    assert preset == "Nothing was searched: the vector is that of the published rule."


def test_the_published_rule_is_judged_by_the_same_controls(steering):
    def said(**how):
        rows = tuple(
            dataclasses.replace(row, **how) if row.name == "published_rule" else row
            for row in steering.evaluation.rows
        )
        found = dataclasses.replace(steering.evaluation, rows=rows)
        return steering_page(dataclasses.replace(steering, evaluation=found)).sentences[1]

    assert "99 % [98, 100], more than the controls" in said(
        corrected_share=0.99, corrected_low=0.98, corrected_high=1.0
    )
    assert "2 % [0, 9], no more than the controls" in said(
        corrected_share=0.02, corrected_low=0.0, corrected_high=0.09
    )


def test_the_mean_of_several_vectors_has_no_p(steering):
    page = steering_page(steering)
    names = list(page.columns[0].cells)
    p = next(column for column in page.columns if column.title == "p").cells
    assert p[names.index("random, mean of 20")] == "–"
    assert p[names.index("this vector")] != "–"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_page_fits_and_holds_the_sentences(truth, steering, width):
    for page in (truth_page(truth), steering_page(steering)):
        text = page_to_text(page, width=width)
        assert max(map(text_width, text.splitlines())) <= width
        assert page_to_sentences(page, width=width) in text
        assert len(page.columns[0].cells) == len(steering.evaluation.rows) == 7


@pytest.mark.slow(reason="judges a vector by two commands, three times each")
def test_quiet_is_the_sentences_and_full_the_whole_page(truth, steering, capsys, tmp_path):
    path = str(tmp_path / "t.safetensors")
    interp.save_vector(truth.vector, path)
    pages = {
        ("truth", "organism:web-28", *QUICK): (truth_page(truth), truth_to_text(truth)),
        ("evaluate", "organism:web-28", "--vector", path): (
            steering_page(steering),
            steering_to_text(steering),
        ),
    }
    for words, (page, full) in pages.items():
        for flag, wanted in (
            ("--quiet", page_to_sentences(page)),
            ("--full", full),
            (None, page_to_text(page)),
        ):
            assert main([*words, *([flag] if flag else [])]) == 0
            assert capsys.readouterr().out.rstrip("\n") == wanted


def test_a_plan_has_one_page(capsys):
    assert main(["truth", "organism:web-28", "--plan", "--quiet"]) == 2
    assert "leave out --full and --quiet" in capsys.readouterr().err
