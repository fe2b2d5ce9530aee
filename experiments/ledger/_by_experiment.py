"""What the experiments with trained families say of C08, C12, C13, C14, C17 and C18.

C12 counts heads of the shipped models (`data/organism_heads.csv`), C14 steers them
(`data/organism_steering.csv`). The others compare families that differ in one thing, paired by
seed (`data/organisms.csv`).
"""

import dataclasses
from collections.abc import Callable

from ._claim import Claim
from ._evidence import Evidence
from ._tables import LedgerTables
from ._tried_heads import heads as heads
from ._tried_loss import loss as loss
from ._tried_shape import shape as shape
from ._tried_steering import steering as steering
from ._tried_training import training as training
from ._tried_unembedding import unembedding as unembedding

_EVIDENCE: dict[str, Callable[[LedgerTables], Evidence]] = {
    "C08": shape,
    "C12": heads,
    "C13": unembedding,
    "C14": steering,
    "C17": training,
    "C18": loss,
}


def with_evidence(claim: Claim, tables: LedgerTables) -> Claim:
    """The claim with what experiments say of it, where one does."""
    if claim.id not in _EVIDENCE:
        return claim
    return dataclasses.replace(claim, by_experiment=_EVIDENCE[claim.id](tables))
