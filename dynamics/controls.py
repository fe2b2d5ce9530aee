"""What a phase may be an artefact of: width, dimension, loss, labs and isoclines."""

from ._controls.dimension import Dimension as Dimension
from ._controls.dimension import DimensionChange as DimensionChange
from ._controls.dimension import compare_dimension as compare_dimension
from ._controls.dimension import effective_dimension as effective_dimension
from ._controls.dimension import participation_ratio as participation_ratio
from ._controls.frontier import HeldOutLabs as HeldOutLabs
from ._controls.frontier import LabEffects as LabEffects
from ._controls.frontier import PopulationLine as PopulationLine
from ._controls.frontier import decimal_year as decimal_year
from ._controls.frontier import equal_slopes_p as equal_slopes_p
from ._controls.frontier import lab_effects as lab_effects
from ._controls.frontier import lab_lines as lab_lines
from ._controls.frontier import leave_one_lab_out as leave_one_lab_out
from ._controls.frontier import population_line as population_line
from ._controls.isocline import IsoclineSigns as IsoclineSigns
from ._controls.isocline import isocline_signs as isocline_signs
from ._controls.loss import PowerLaw as PowerLaw
from ._controls.loss import fit_power_law as fit_power_law
from ._controls.loss import power_law_errors as power_law_errors
from ._controls.loss import rounding_spread as rounding_spread
from ._controls.width import WidthRatio as WidthRatio
from ._controls.width import ratio_null as ratio_null
from ._controls.width import variance_inflation as variance_inflation
from ._controls.width import width_ratio as width_ratio
from ._statistics.correlation import pearson as pearson
