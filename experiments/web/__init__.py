"""What the dashboard and the server of a model share: neither imports the other.

A guard before every request, bounded bodies, a port, and a server on it until a signal stops it.
"""

from ._bodies import bounded as bounded
from ._bodies import media_type as media_type
from ._bodies import read_body as read_body
from ._guard import Guard as Guard
from ._guard import own_names as own_names
from ._port import bound as bound
from ._port import shown_address as shown_address
from ._refused import Refused as Refused
from ._run import run_until_stopped as run_until_stopped
