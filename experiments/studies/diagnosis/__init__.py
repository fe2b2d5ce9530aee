"""A diagnosis as plain data and on a terminal."""

from ._answers import POOLED_HEADER as POOLED_HEADER
from ._answers import POOLED_NOTE as POOLED_NOTE
from ._answers import conclusions as conclusions
from ._answers import pooled_rows as pooled_rows
from ._evidence import by_evidence as by_evidence
from ._json import diagnosis_to_dict as diagnosis_to_dict
from ._kinds import KINDS_HEADER as KINDS_HEADER
from ._kinds import KINDS_NOTE as KINDS_NOTE
from ._kinds import TUNES_HEADER as TUNES_HEADER
from ._kinds import TUNES_NOTE as TUNES_NOTE
from ._kinds import kinds_conclusions as kinds_conclusions
from ._kinds import kinds_rows as kinds_rows
from ._kinds import kinds_to_dict as kinds_to_dict
from ._kinds import kinds_to_text as kinds_to_text
from ._kinds import tunes_rows as tunes_rows
from ._plan import what_to_measure as what_to_measure
from ._short import diagnosis_to_sentences as diagnosis_to_sentences
from ._short import diagnosis_to_short as diagnosis_to_short
from ._text import SEEDS_NOTE as SEEDS_NOTE
from ._text import diagnosis_to_text as diagnosis_to_text
from ._text import gamma_text as gamma_text
from ._text import unseen_over_seeds as unseen_over_seeds
from ._three import three_sentences as three_sentences
