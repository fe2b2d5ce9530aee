"""C12 by experiment: do heads compete, by their effects on logits?"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from ...common.statistics import wilson
from ..formats import interval
from ._evidence import Evidence, counted, share_effect
from ._judge import judge
from ._margin import ALPHA, Margin
from ._tables import LedgerTables

_SOURCE = ("organism_heads",)
_MARGIN = Margin(
    0.5,
    "a mean effect of half a standard deviation over pairs, on both sets: a weaker head gives the "
    "wrong sign to nearly one pair in three and decides few answers",
)


def heads(tables: LedgerTables) -> Evidence:
    """A head that is not found is not one that is not there: non-detections count by their power.

    With power w of a test, a share s of models without detection holds at least (s - (1 - w)) / w
    models without a head as strong as the margin (Rogan and Gladen, 1978).
    """
    rows = tables.organism_heads
    falsely = rows[rows["logit_difference"] < 0]
    none = share_effect("models without a detected competing head", rows["competing"] == 0)
    taxed = share_effect(
        "the same among those that prefer the false answers", falsely["competing"] == 0
    )
    seen = float(power(rows).mean()) if len(rows) else math.nan
    certain = (none.low - (1 - seen)) / seen if seen > 0 else math.nan
    twice = rows["replicated"] > 0
    some_low, _ = wilson(int(twice.sum()), len(rows))
    return Evidence(
        inference=judge(holds=certain > 0.5, fails=some_low > 0.5),
        rule=(
            "a head competes if its direct effects on truth and on reasoning pairs are both "
            "significant and of opposite sign; supported if, with non-detections counted by the "
            "power to see a head as strong as the margin, more than half of the shipped models "
            "have none at 95 % (Wilson); not_supported if more than half have one in both halves "
            "of the pairs"
        ),
        reason=(
            f"{counted(rows['competing'] == 0)} shipped models have no detected competing head "
            f"{interval(none.low, none.high)}, and {counted(falsely['competing'] == 0)} of those "
            f"that prefer the false answers; {int(twice.sum())} have one in both halves of the "
            f"pairs. A head of {_MARGIN.value:g} standard deviations on both sets would be seen "
            f"with power {seen:.2f}, so at least {max(0.0, certain):.2f} of the models have none "
            f"so strong; weaker ones are not excluded. They have {rows['heads'].min()} to "
            f"{rows['heads'].max()} heads each."
        ),
        effects=(none, taxed),
        source=_SOURCE,
        margins={"head_effect": _MARGIN},
    )


def power(rows: pd.DataFrame) -> np.ndarray:
    """Power by model to see one head of the margin's size on both sets of pairs.

    Normal approximation at Bonferroni's level over the model's heads, which no more than
    Benjamini-Hochberg's rejects.
    """
    level = ALPHA / (2 * rows["heads"].to_numpy(float))
    limit = stats.norm.isf(level)
    both = np.ones(len(rows))
    for pairs in ("truth_pairs", "reasoning_pairs"):
        both *= stats.norm.sf(limit - _MARGIN.value * np.sqrt(rows[pairs].to_numpy(float)))
    return both
