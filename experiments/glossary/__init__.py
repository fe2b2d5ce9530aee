"""The words of the pages, each in two sentences: for the terminal, the docs and the dashboard."""

from ._terms import Word as Word
from ._terms import explain as explain
from ._terms import terms as terms
from ._terms import terms_in as terms_in
