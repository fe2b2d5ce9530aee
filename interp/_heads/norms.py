"""A norm with its scale held fixed is linear: what it does to a direction that reads its output."""

import dataclasses
from typing import Any

import torch
from torch import nn

Tensor = torch.Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class FrozenNorm:
    """`y = (x - centred * mean(x)) * scale(x) * weight + bias`, read off a norm by trying it.

    - `weight`, `bias`: shape (d_model,), in double precision.
    - `centred`: whether the mean is taken off (LayerNorm) or not (RMSNorm).
    """

    weight: Tensor
    bias: Tensor
    centred: bool

    def pull_back(self, direction: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """The direction in the norm's input that has the same product, but for the bias.

        **Arguments**: directions in the output, inputs and outputs of the norm, each of shape
        (entries, d_model).
        """
        scaled = direction * self.weight
        offset = inputs - inputs.mean(-1, keepdim=True) if self.centred else inputs
        shaped = offset * self.weight
        # The scale that this input met: the outputs are a multiple of `shaped` but for the bias.
        scale = ((outputs - self.bias) * shaped).sum(-1, keepdim=True)
        scale = scale / shaped.square().sum(-1, keepdim=True)
        pulled = scaled - scaled.mean(-1, keepdim=True) if self.centred else scaled
        return pulled * scale


def read_norm(norm: nn.Module, width: int) -> FrozenNorm:
    """Find weight, bias and kind of any LayerNorm or RMSNorm by what it does to three vectors."""
    example: Any = next(norm.parameters(), torch.zeros(1))
    kind: dict[str, Any] = {"dtype": example.dtype, "device": example.device}
    # Entries of size 1 to 2 (no division by a small number), mean zero, root mean square one.
    half = 1 + torch.arange(width // 2, dtype=torch.float64) / max(1, width // 2)
    probe = torch.stack([half, -half], dim=1).reshape(-1)
    if width % 2:
        probe = torch.cat([probe[:-1], probe[-1:] / 2, probe[-1:] / 2])
    probe = probe / probe.square().mean().sqrt()
    with torch.no_grad():
        bias = norm(torch.zeros(1, width, **kind))[0].double().cpu()
        # So large that the norm's epsilon is far below rounding.
        plain = norm((1e3 * probe).to(**kind)[None])[0].double().cpu()
        moved = norm((1e3 * (probe + 1)).to(**kind)[None])[0].double().cpu()
    size = float((plain - bias).abs().max())
    return FrozenNorm(
        weight=((plain - bias) / probe).to(example.device),
        bias=bias.to(example.device),
        centred=bool((plain - moved).abs().max() < 1e-2 * size),
    )
