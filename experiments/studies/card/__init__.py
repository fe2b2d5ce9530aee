"""One model among the families of a shipped table."""

from ._given import model_from as model_from
from ._given import parse_scores as parse_scores
from ._json import card_to_dict as card_to_dict
from ._text import card_to_text as card_to_text
from ._words import card_facts as card_facts
from ._words import measure_rows as measure_rows
from ._words import phase_words as phase_words
from ._words import residual_words as residual_words
