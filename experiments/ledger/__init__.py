"""The ledger: each published claim recomputed, and a control that decides what follows from it."""

from ._build import build_ledger as build_ledger
from ._claim import Claim as Claim
from ._claim import Control as Control
from ._claim import Figure as Figure
from ._claim import judge as judge
from ._claim import ledger_to_dict as ledger_to_dict
from ._evidence import Effect as Effect
from ._evidence import Evidence as Evidence
from ._margin import Margin as Margin
from ._tables import LedgerTables as LedgerTables
from ._tables import load_ledger_tables as load_ledger_tables
from ._text import ledger_to_text as ledger_to_text
