"""What `nullcline heads` prints: the answer first, on one screen."""

import dataclasses
import re

import numpy as np
import pytest

from nullcline import interp
from nullcline.experiments.cli import main
from nullcline.experiments.page import page_to_sentences, page_to_text
from nullcline.experiments.studies.heads import choose_pairs, heads_page, study_heads, study_to_text
from nullcline.experiments.text import text_width


@pytest.fixture(scope="module")
def study():
    model = interp.load_model("organism:deep-10")
    return study_heads(model, choose_pairs(model, count=40))


def with_heads(study, q, reasoning_q=None):
    """The study with other q of its heads, in order of layers."""
    found = study.attribution
    shape = (study.model.n_layers, study.model.n_heads)
    truth, reasoning = found.truth, found.reasoning

    def having(effects, q):
        heads = dataclasses.replace(effects.heads, q=np.reshape(q, shape))
        return dataclasses.replace(effects, heads=heads)

    return dataclasses.replace(
        study,
        attribution=dataclasses.replace(
            found,
            truth=having(truth, q),
            reasoning=having(reasoning, reasoning_q or [0.9] * 4),
            replicated=(),
        ),
    )


def sentences(study):
    return heads_page(study, top=10).sentences


def rows(study, top=10):
    page = heads_page(study, top=top)
    return list(zip(*(column.cells for column in page.columns), strict=True))


def test_the_first_sentence_counts_the_heads_that_push(study):
    none, *_ = sentences(with_heads(study, [0.5] * 4))
    assert none.startswith("None of 4 heads is seen to push for or against the true answer over")
    signs = np.sign(study.attribution.truth.heads.mean.ravel())
    said, *_ = sentences(with_heads(study, [0.01] * 4))
    up, down = (re.findall(r"L\dH\d", part) for part in said.partition(" and ")[::2])
    assert len(up) == (signs > 0).sum()
    assert len(set(down)) == (signs < 0).sum()


def test_competing_heads_are_named_and_stand_first(study):
    truth, reasoning = (
        np.sign(effects.heads.mean.ravel())
        for effects in (study.attribution.truth, study.attribution.reasoning)
    )
    opposed = [i for i in range(4) if truth[i] * reasoning[i] < 0]
    assert opposed
    last = opposed[-1]
    planted = with_heads(
        study,
        [0.01 if i == last else 0.8 for i in range(4)],
        [0.01 if i == last else 0.8 for i in range(4)],
    )
    said = sentences(planted)[1]
    assert said.startswith(
        f"1 of 4 heads competes (pushes truth and reasoning opposite ways) (L{last}H0)"
    )
    assert "25 % [5, 70], none of them in both random halves" in said
    assert rows(planted)[0][:2] == (str(last), "0")
    assert rows(planted)[0][4] == "competing"
    assert sentences(with_heads(study, [0.8] * 4))[1].startswith("None of 4 heads competes")


def test_layers_and_heads_are_whole_numbers_and_rows_are_counted(study):
    assert [row[:2] for row in rows(study, top=2)] == [row[:2] for row in rows(study)][:2]
    assert {cell for row in rows(study) for cell in row[:2]} <= set("0123")
    page = page_to_text(heads_page(study, top=3))
    assert "and 1 more (--top 4 shows all)" in page
    assert "more (" not in page_to_text(heads_page(study, top=10))


def test_without_reasoning_pairs_nothing_is_said_to_compete(study):
    alone = dataclasses.replace(
        study,
        attribution=dataclasses.replace(study.attribution, reasoning=None, replicated=()),
        published=None,
        projection=None,
    )
    assert "cannot be told without pairs about reasoning" in sentences(alone)[1]
    assert "competing" not in page_to_text(heads_page(alone, top=10)).split("layer")[-1]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_page_fits(study, width):
    page = page_to_text(heads_page(study, top=10), width=width)
    assert max(map(text_width, page.splitlines())) <= width


def test_quiet_is_the_sentences_and_full_the_whole_page(study, capsys):
    words = ["heads", "organism:deep-10", "--count", "40"]
    pages = {}
    for flag in ("--quiet", "--full", None):
        assert main(words + ([flag] if flag else [])) == 0
        pages[flag] = capsys.readouterr().out.rstrip("\n")
    assert pages["--quiet"] == page_to_sentences(heads_page(study, top=10))
    assert pages["--full"] == study_to_text(study, top=10)
    assert pages[None] == page_to_text(heads_page(study, top=10))
