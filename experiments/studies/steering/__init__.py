"""Truth vectors: found, judged, shown and counted over models."""

from ._card import card_of as card_of
from ._card import card_paths as card_paths
from ._card import write_card as write_card
from ._census import read_steering as read_steering
from ._census import steering_census_to_text as steering_census_to_text
from ._census_page import steering_census_page as steering_census_page
from ._choose import plan_of as plan_of
from ._json import steering_to_dict as steering_to_dict
from ._json import truth_to_dict as truth_to_dict
from ._json import vector_report as vector_report
from ._lm_eval import write_lm_eval as write_lm_eval
from ._page import steering_page as steering_page
from ._page import truth_page as truth_page
from ._plan import plan_to_dict as plan_to_dict
from ._plan import plan_to_text as plan_to_text
from ._push import check_push as check_push
from ._push import push as push
from ._study import SteeringStudy as SteeringStudy
from ._study import TruthStudy as TruthStudy
from ._study import choose_sets as choose_sets
from ._study import study_steering as study_steering
from ._study import study_truth as study_truth
from ._text import steering_to_text as steering_to_text
from ._text import truth_to_text as truth_to_text
