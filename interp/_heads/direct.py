"""Direct logit attribution: what each part of a decoder adds to a logit difference.

The final residual stream is a sum (embedding, every head of every block, every MLP, biases), the
unembedding is linear, and a norm is linear once its scale is taken as it was. So the logit
difference is a sum over parts, exactly. The direction that reads the difference is pulled back
through the norm and through each block's W_O once; a head's share is then one product with the
head's own output (d_head numbers), and nothing of size (layers, heads, positions, d_model) exists.

Elhage et al. (2021), A Mathematical Framework for Transformer Circuits; Wang et al. (2022),
Interpretability in the Wild.
"""

import dataclasses

import numpy as np
import torch
from torch import nn

from ...common.display import shown
from ...common.progress import Progress, silent
from .._models.hooks import first, hooked
from .._models.model import Model
from .._questions.tokens import batches
from .completeness import check_completeness
from .contrasts import Contrasts, Entries, entries_of
from .norms import FrozenNorm, read_norm


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class Direct:
    """Shares of the logit difference of every pair, in logits.

    - `heads`: shape (pairs, layers, heads); `mlps`: (pairs, layers); `embedding`: (pairs,);
      `biases`: (pairs,), of attention outputs, norms and unembedding together.
    - `logit_difference`: the model's own, before a final soft cap; shape (pairs,).
    """

    heads: np.ndarray
    mlps: np.ndarray
    embedding: np.ndarray
    biases: np.ndarray
    logit_difference: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Sum of all shares of every pair."""
        return self.heads.sum((1, 2)) + self.mlps.sum(1) + self.embedding + self.biases

    @property
    def residual(self) -> float:
        """Largest distance of the sum of all shares from the model's own difference."""
        return float(np.abs(self.total - self.logit_difference).max())


class _Catch:
    """Activations at the entries of one batch, by module: its input, its output, or both."""

    def __init__(self, entries: Entries, shape: tuple[int, int]) -> None:
        self.entries, self.shape = entries, shape
        self.inputs: dict[nn.Module, torch.Tensor] = {}
        self.outputs: dict[nn.Module, torch.Tensor] = {}

    def _at(self, tensor: torch.Tensor) -> torch.Tensor:
        # OPT's MLP works on (batch x positions, width).
        tensor = tensor.reshape(*self.shape, -1)
        return tensor[self.entries.row, self.entries.column].double()

    def before(self, module: nn.Module, inputs: tuple) -> None:
        self.inputs[module] = self._at(first(inputs))

    def after(self, module: nn.Module, inputs: tuple, output: object) -> None:
        self.outputs[module] = self._at(first(output))


def direct_attribution(
    model: Model,
    contrasts: Contrasts,
    *,
    on_progress: Progress | None = None,
) -> Direct:
    """Shares of every part, one forward pass over the rows, without the unembedding of positions
    that are not read.

    **Arguments**: `on_progress`: counts rows of tokens.

    **Raises** `InterpError` where the sum of the shares is not the model's own logit difference,
    with what in the architecture makes it so.
    """
    parts = model.parts
    pairs, layers = len(contrasts.pairs), model.n_layers
    heads = np.zeros((pairs, layers, model.n_heads))
    mlps = np.zeros((pairs, layers))
    embedding, biases, own = np.zeros(pairs), np.zeros(pairs), np.zeros(pairs)
    norms = {
        norm: read_norm(norm, model.d_model)
        for layer in parts.layers
        for norm in (layer.attention_norm, layer.mlp_norm)
        if norm is not None
    }
    norms[parts.final_norm] = read_norm(parts.final_norm, model.d_model)

    done, tell = 0, on_progress or silent
    for indices, tokens in batches(contrasts.rows, device=model.device):
        entries = entries_of(model, contrasts, indices)
        caught = _run(model, tokens, entries, set(norms))
        owner = entries.owner.cpu().numpy()

        final = norms[parts.final_norm]
        read = caught.outputs[parts.final_norm]
        pulled = final.pull_back(entries.direction, caught.inputs[parts.final_norm], read)
        np.add.at(own, owner, _numbers((entries.direction * read).sum(-1) + entries.offset))
        constant = entries.direction @ final.bias + entries.offset
        np.add.at(
            embedding, owner, _numbers((pulled * caught.inputs[parts.layers[0].block]).sum(-1))
        )
        for index, layer in enumerate(parts.layers):
            reading = _through(layer.attention_norm, norms, caught, pulled, layer.head_projection)
            weight, bias = projection(layer.head_projection)
            shares = (reading.to(weight.dtype) @ weight).double()
            shares = shares * caught.inputs[layer.head_projection]
            shares = shares.reshape(len(owner), model.n_heads, -1).sum(-1)
            np.add.at(heads[:, index], owner, _numbers(shares))
            constant = constant + reading @ bias
            if layer.attention_norm is not None:
                constant = constant + pulled @ norms[layer.attention_norm].bias
            if layer.mlp_out is not None:
                written = caught.outputs[layer.mlp_norm or layer.mlp_out]
                np.add.at(mlps[:, index], owner, _numbers((pulled * written).sum(-1)))
        np.add.at(biases, owner, _numbers(constant))
        done += len(indices)
        tell("reading pairs", done, len(contrasts.rows))
    direct = Direct(
        heads=heads, mlps=mlps, embedding=embedding, biases=biases, logit_difference=own
    )
    check_completeness(model, contrasts, total=direct.total, logit_difference=own)
    return direct


def projection(module: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """W_O as (d_model, heads x d_head), in single precision, and its bias in double.

    A copy of W_O in double precision would be the largest thing that attribution holds.
    """
    weight = module.get_parameter("weight").float()
    # GPT-2's Conv1D keeps its weight the other way round.
    weight = weight if isinstance(module, nn.Linear) else weight.T
    bias = getattr(module, "bias", None)
    if bias is None:
        return weight, weight.new_zeros(weight.shape[0], dtype=torch.float64)
    return weight, bias.double()


def _run(model: Model, tokens: torch.Tensor, entries: Entries, norms: set[nn.Module]) -> _Catch:
    """One pass of the decoder, without the unembedding."""
    parts, caught = model.parts, _Catch(entries, (tokens.shape[0], tokens.shape[1]))
    before = [(parts.layers[0].block, caught.before)]
    before += [(layer.head_projection, caught.before) for layer in parts.layers]
    before += [(norm, caught.before) for norm in norms]
    after = [(norm, caught.after) for norm in norms]
    after += [(layer.head_projection, caught.after) for layer in parts.layers]
    after += [(layer.mlp_out, caught.after) for layer in parts.layers if layer.mlp_out is not None]
    with torch.no_grad(), hooked(before=before, after=after):
        model.network.base_model(tokens, use_cache=False)
    return caught


def _through(
    norm: nn.Module | None,
    norms: dict[nn.Module, FrozenNorm],
    caught: _Catch,
    direction: torch.Tensor,
    source: nn.Module,
) -> torch.Tensor:
    """The direction before a norm that follows `source`, where there is one."""
    if norm is None:
        return direction
    return norms[norm].pull_back(direction, caught.outputs[source], caught.outputs[norm])


def _numbers(values: torch.Tensor) -> np.ndarray:
    return values.double().cpu().numpy()
