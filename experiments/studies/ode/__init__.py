"""The dynamics: fitted and shown."""

from ._fit import fit_data as fit_data
from ._fit import fit_report as fit_report
from ._json import crossval_to_dict as crossval_to_dict
from ._json import fit_to_dict as fit_to_dict
from ._json import prediction_to_dict as prediction_to_dict
from ._page import crossval_page as crossval_page
from ._page import fit_page as fit_page
from ._system_json import system_to_dict as system_to_dict
from ._system_text import system_to_text as system_to_text
from ._text import about_distance as about_distance
from ._text import crossval_to_text as crossval_to_text
from ._text import fit_to_text as fit_to_text
from ._text import prediction_to_text as prediction_to_text
from ._text import reliance as reliance
