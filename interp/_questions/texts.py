"""Plain texts as passes: each a tree of one path."""

from collections.abc import Sequence

from .._models.model import Model
from .passes import Passes, abilities
from .trees import Growing


def passes_over_texts(model: Model, rows: Sequence[Sequence[int]]) -> Passes:
    """The passes over some texts, given as tokens."""
    trees = [Growing(row).tree() for row in rows]
    return Passes(model, trees, shared=0, masked=False, resumes=abilities(model).resumes)
