"""The estimators below a diagnosis: slopes, random effects, critical points."""

from ._card.measure import Measure as Measure
from ._card.neighbourhood import NearFamily as NearFamily
from ._card.neighbourhood import Neighbourhood as Neighbourhood
from ._card.neighbourhood import neighbourhood as neighbourhood
from ._card.residual import expected_truth as expected_truth
from ._card.residual import residual_of as residual_of
from ._phases.clocks import Explained as Explained
from ._phases.clocks import compare_clocks as compare_clocks
from ._phases.common_turn import common_turn as common_turn
from ._phases.critical_bootstrap import critical_point_bootstrap as critical_point_bootstrap
from ._phases.critical_published import critical_point_published as critical_point_published
from ._phases.next_measurement import CandidateMeasurement as CandidateMeasurement
from ._phases.post_training import CouplingChange as CouplingChange
from ._phases.post_training import Gain as Gain
from ._phases.post_training import GainPerDecade as GainPerDecade
from ._phases.post_training import TuneCoupling as TuneCoupling
from ._phases.post_training import coupling_across_tunes as coupling_across_tunes
from ._phases.post_training import coupling_change as coupling_change
from ._phases.post_training import gain_per_decade as gain_per_decade
from ._phases.post_training import mean_gain as mean_gain
from ._phases.random_effects import RandomEffects as RandomEffects
from ._phases.random_effects import combine_families as combine_families
from ._phases.scatter import Scatter as Scatter
from ._phases.slope import current_slope as current_slope
from ._phases.slope import errors_in_variables_slope as errors_in_variables_slope
from ._phases.turn import slopes_about_turn as slopes_about_turn
