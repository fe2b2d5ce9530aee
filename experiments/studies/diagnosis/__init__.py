"""A diagnosis as plain data and on a terminal."""

from ._json import diagnosis_to_dict as diagnosis_to_dict
from ._text import conclusions as conclusions
from ._text import diagnosis_to_text as diagnosis_to_text
from ._text import gamma_text as gamma_text
