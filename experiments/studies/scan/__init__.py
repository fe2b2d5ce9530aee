"""A scan of all pairs of benchmarks as plain data, on a terminal and as a map."""

from ._json import scan_to_dict as scan_to_dict
from ._order import clustered as clustered
from ._text import MOVED_HEADER as MOVED_HEADER
from ._text import MOVED_NOTE as MOVED_NOTE
from ._text import answers as answers
from ._text import cell_note as cell_note
from ._text import coupling_text as coupling_text
from ._text import given_clock as given_clock
from ._text import moved_rows as moved_rows
from ._text import q_text as q_text
from ._text import scan_to_text as scan_to_text
