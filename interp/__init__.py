"""Looking inside one model: which heads push to the truth, where truth has a direction, and what
adding it does."""

from ._errors import InterpError as InterpError
from ._heads._attribution import Head as Head
from ._heads._attribution import HeadAttribution as HeadAttribution
from ._heads._attribution import HeadEffects as HeadEffects
from ._heads._attribution import attribute_heads as attribute_heads
from ._heads._direct import Direct as Direct
from ._heads._patching import Patching as Patching
from ._heads._patching import activation_patching as activation_patching
from ._heads._patching import attribution_patching as attribution_patching
from ._heads._patching import mean_ablation as mean_ablation
from ._heads._pattern import attention_pattern as attention_pattern
from ._heads._projection import OutputProjection as OutputProjection
from ._heads._projection import output_projection as output_projection
from ._heads._published import PublishedCompetition as PublishedCompetition
from ._heads._published import published_competition as published_competition
from ._heads._states import last_states as last_states
from ._models._hooks import hooked as hooked
from ._models._model import Model as Model
from ._models._model import build_model as build_model
from ._models._model import load_model as load_model
from ._models._model import organism_file as organism_file
from ._questions._pairs import Pair as Pair
from ._questions._pairs import Question as Question
from ._questions._pairs import Statement as Statement
from ._questions._read import pair_statements as pair_statements
from ._questions._read import read_pairs as read_pairs
from ._questions._read import read_questions as read_questions
from ._questions._read import read_statements as read_statements
from ._questions._scoring import Answered as Answered
from ._questions._scoring import EncodedQuestions as EncodedQuestions
from ._questions._scoring import encode_questions as encode_questions
from ._questions._scoring import score_questions as score_questions
from ._statistics import Effect as Effect
