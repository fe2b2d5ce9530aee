"""The parts of a forecast: settings, baselines, protocols, and the published procedure."""

from ._forecast.baselines import Method as Method
from ._forecast.baselines import baseline_methods as baseline_methods
from ._forecast.baselines import fit_method as fit_method
from ._forecast.cross_validate import MethodScore as MethodScore
from ._forecast.distance import Distance as Distance
from ._forecast.distance import family_distance as family_distance
from ._forecast.forecast import Member as Member
from ._forecast.forecast import Tracking as Tracking
from ._forecast.forecast import fit_setting as fit_setting
from ._forecast.forecast import forecast_settings as forecast_settings
from ._forecast.forecast_fit import ForecastSetting as ForecastSetting
from ._forecast.left_out import LeftOut as LeftOut
from ._forecast.left_out import left_out_errors as left_out_errors
from ._forecast.long_range import LongRange as LongRange
from ._forecast.long_range import long_range as long_range
from ._forecast.predict import ODE as ODE
from ._forecast.protocol import HELD_OUT_BENCHMARKS as HELD_OUT_BENCHMARKS
from ._forecast.protocol import Cohort as Cohort
from ._forecast.protocol import CohortFamily as CohortFamily
from ._forecast.protocol import family_interval as family_interval
from ._forecast.protocol import given_models as given_models
from ._forecast.published_ode import DenseODE as DenseODE
from ._forecast.published_ode import TrendHeldOut as TrendHeldOut
from ._forecast.published_ode import published_held_out as published_held_out
from ._forecast.published_ode import published_ode_in_sample as published_ode_in_sample
from ._forecast.teachers import SHIPPED_TEACHERS as SHIPPED_TEACHERS
