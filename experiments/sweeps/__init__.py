"""Many jobs of one kind: each with a key, skipped where it is done, on one machine or many.

A study such as `studies/diagnosis/diagnose.py` says what one job reads and does:

    @sweeps.experiment(Diagnose, command="diagnose", register=register, inputs=sweeps.table_inputs)
    def diagnose(settings: Diagnose, folder: Path) -> sweeps.Outcome: ...
"""

from ._collect import Collected as Collected
from ._collect import collect as collect
from ._experiment import Experiment as Experiment
from ._experiment import Outcome as Outcome
from ._experiment import experiment as experiment
from ._inputs import file_inputs as file_inputs
from ._inputs import model_inputs as model_inputs
from ._inputs import read_table as read_table
from ._inputs import table_inputs as table_inputs
from ._key import code_version as code_version
from ._key import file_digest as file_digest
from ._key import folder_digest as folder_digest
from ._main import main as main
from ._mistakes import choices as choices
from ._state import SweepStatus as SweepStatus
from ._state import read_status as read_status
from ._status_text import status_to_dict as status_to_dict
from ._status_text import status_to_text as status_to_text
