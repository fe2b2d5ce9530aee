"""Attention heads of one model: studied, shown and counted over models."""

from ._census import census_to_dict as census_to_dict
from ._census import census_to_text as census_to_text
from ._census import read_census as read_census
from ._census_page import census_page as census_page
from ._json import study_to_dict as study_to_dict
from ._page import heads_page as heads_page
from ._pairs import choose_pairs as choose_pairs
from ._study import study_heads as study_heads
from ._text import study_to_text as study_to_text
