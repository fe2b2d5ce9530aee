"""What a head looks at."""

from collections.abc import Sequence

import numpy as np
import torch

from .._errors import InterpError
from .._models.model import Model


def attention_pattern(
    model: Model, text: str | Sequence[int], *, layer: int, head: int
) -> tuple[list[str], np.ndarray]:
    """Attention weights of one head on a text or its tokens.

    **Returns** the tokens as text and weights of shape (positions, positions); row i holds what
    position i takes from each. **Raises** `InterpError` for a layer or head that does not exist.
    """
    check_head(model, layer, head)
    tokens = model.encode(text) if isinstance(text, str) else list(text)
    if not tokens:
        raise InterpError(f"the text {text!r} has no tokens")
    name = f"blocks.{layer}.attn.hook_pattern"
    caught: list[torch.Tensor] = []

    def keep(value: torch.Tensor, hook: object) -> torch.Tensor:
        caught.append(value.detach())
        return value

    with torch.no_grad(), model.bridge.hooks(fwd_hooks=[(name, keep)]):
        model.bridge(torch.tensor([tokens], device=model.device))
    if not caught:
        raise InterpError(f"{model.name}: TransformerLens gives no attention weights for it")
    words = model.tokenizer.convert_ids_to_tokens(tokens)
    return list(words), caught[0][0, head].float().cpu().numpy()


def check_head(model: Model, layer: int, head: int) -> None:
    """Refuse a layer or head that the model does not have."""
    if not 0 <= layer < model.n_layers:
        raise InterpError(f"{model.name} has the layers 0 to {model.n_layers - 1}, not {layer}")
    if not 0 <= head < model.n_heads:
        raise InterpError(f"{model.name} has the heads 0 to {model.n_heads - 1}, not {head}")
