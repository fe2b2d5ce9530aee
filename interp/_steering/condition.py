"""Steering only where the residual stream looks a certain way."""

import dataclasses

import torch

from ...common.display import shown


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class Condition:
    """Steer a position only where `stream @ weight > threshold`; `accuracy` on the positions it
    was fitted to, balanced over both kinds.

    As in conditional activation steering (Lee et al. 2024, arXiv:2409.05907), but per position and
    read where the vector is added.
    """

    weight: torch.Tensor
    threshold: float
    accuracy: float
