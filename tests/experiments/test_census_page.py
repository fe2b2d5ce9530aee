"""What `nullcline census` prints of the shipped tables: the counts first, on one screen."""

import dataclasses

import pytest

from nullcline import dynamics
from nullcline.experiments.page import page_to_text
from nullcline.experiments.studies.heads import census_page
from nullcline.experiments.studies.heads._census import CensusRow
from nullcline.experiments.studies.steering import steering_census_page
from nullcline.experiments.studies.steering._census import SteeringRow
from nullcline.experiments.text import text_width


def rows_of(table, kind):
    names = [field.name for field in dataclasses.fields(kind)]
    rows = dynamics.load_figures(table)[names].itertuples(index=False)
    return tuple(kind(*row) for row in rows)


def test_heads_are_counted_and_the_models_with_most_stand_first():
    rows = rows_of("organism_heads", CensusRow)
    page = census_page(rows)
    some = sum(row.competing > 0 for row in rows)
    assert page.sentences[0].startswith(f"A head that competes is found in {some} of {len(rows)} [")
    planted = dataclasses.replace(rows[-1], model="mine", competing=2, replicated=2, heads=3)
    more = census_page((*rows[:-1], planted))
    assert more.columns[0].cells[0] == "mine"
    assert more.sentences[0].startswith(f"A head that competes is found in {some + 1} of ")
    least = tuple(dataclasses.replace(row, published_layers=0) for row in rows)
    assert "more than its controls" in page.sentences[1]
    assert "no more than its controls" in census_page(least).sentences[1]


def test_vectors_that_correct_more_than_their_controls_are_counted_and_named():
    rows = rows_of("organism_steering", SteeringRow)
    more = [row for row in rows if row.verdict.startswith("corrects")]
    page = steering_census_page(rows)
    assert page.sentences[0].startswith(
        f"Of {len(rows)} vectors {len(more)} correct more false answers than their controls"
    )
    none = tuple(dataclasses.replace(row, verdict="no_more_than_controls") for row in rows)
    assert f"Of {len(rows)} vectors none correct" in steering_census_page(none).sentences[0]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_stay_whole_and_the_page_fits(width):
    for page in (
        census_page(rows_of("organism_heads", CensusRow)),
        steering_census_page(rows_of("organism_steering", SteeringRow)),
    ):
        text = page_to_text(page, width=width)
        assert max(map(text_width, text.splitlines())) <= width
        assert all(name in text for name in page.columns[0].cells)
