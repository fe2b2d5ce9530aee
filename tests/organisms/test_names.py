"""The closed vocabularies are those that the code knows."""

from typing import get_args

from nullcline import organisms
from nullcline.organisms._world.questions import REGISTER_PREFIXES
from nullcline.organisms._world.vocabulary import REGISTERS


def test_what_is_looked_up_by_a_word_has_all_of_them():
    assert set(organisms.EXPERIMENTS) == set(get_args(organisms.ExperimentName))
    assert set(REGISTER_PREFIXES) == {"none", *REGISTERS} == set(get_args(organisms.Register))


def test_every_score_is_one_of_an_organism():
    fields = organisms.Organism.__dataclass_fields__
    assert set(get_args(organisms.ScoreName)) <= set(fields)
