"""An OpenAI-compatible server of one model and, where there is one, its truth vector."""

from ._app import create_app as create_app
from ._limits import Limits as Limits
