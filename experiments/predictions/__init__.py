"""The dated predictions of arXiv:2605.18840 (`data/predictions.json`), and where they stand."""

from ._dates import parse_day as parse_day
from ._measure import PanelValue as PanelValue
from ._measure import measure as measure
from ._output import tracker_to_dict as tracker_to_dict
from ._output import tracker_to_text as tracker_to_text
from ._rules import Bound as Bound
from ._rules import Rule as Rule
from ._rules import Rules as Rules
from ._rules import Statistic as Statistic
from ._rules import load_rules as load_rules
from ._track import Standing as Standing
from ._track import Tracker as Tracker
from ._track import track as track
from ._words import due as due
from ._words import headline as headline
from ._words import rule_words as rule_words
from ._words import value_text as value_text
