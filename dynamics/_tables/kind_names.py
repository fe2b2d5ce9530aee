"""Kinds of models, base and tuned: the words, in a file that imports nothing heavy."""

from typing import Literal

ModelKind = Literal["base", "tuned"]
#: Which models of a table are wanted.
KindChoice = Literal["base", "tuned", "all"]
