"""Many jobs of one study: each with a key, skipped where it is done, on one machine or many."""

from ._collect import Collected as Collected
from ._collect import collect as collect
from ._main import main as main
from ._run import run_here as run_here
from ._state import SweepStatus as SweepStatus
from ._state import folders_below as folders_below
from ._state import read_status as read_status
from ._status_text import overview_to_dict as overview_to_dict
from ._status_text import overview_to_text as overview_to_text
from ._status_text import stale_text as stale_text
from ._status_text import status_to_dict as status_to_dict
from ._status_text import status_to_text as status_to_text
