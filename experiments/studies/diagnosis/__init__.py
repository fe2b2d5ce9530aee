"""A diagnosis as plain data and on a terminal."""

from ._answers import POOLED_HEADER as POOLED_HEADER
from ._answers import POOLED_NOTE as POOLED_NOTE
from ._answers import conclusions as conclusions
from ._answers import pooled_rows as pooled_rows
from ._json import diagnosis_to_dict as diagnosis_to_dict
from ._text import diagnosis_to_text as diagnosis_to_text
from ._text import gamma_text as gamma_text
