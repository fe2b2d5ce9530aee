"""Pairs the other way round."""

import dataclasses
from collections.abc import Sequence

from narrow import not_none

from nullcline import interp


def turned(pairs: Sequence[interp.Pair]) -> list[interp.Pair]:
    """Pairs under which a patch puts the corrupted run into the clean one, and counts the loss."""
    return [
        dataclasses.replace(
            pair,
            prompt=not_none(pair.counterfactual),
            counterfactual=pair.prompt,
            true=pair.false,
            false=pair.true,
        )
        for pair in pairs
    ]
