"""Looking inside one model: which heads push to the truth, where truth has a direction, and what
adding it does."""

from ._errors import InterpError as InterpError
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
