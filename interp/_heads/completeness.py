"""Is the sum of all shares the model's own logit difference? If not, why not."""

import numpy as np
import torch

from .._errors import InterpError
from .._models.model import Model
from .._models.network import text_config
from .._questions.passes import logits_at
from .._questions.tokens import batches, token_budget
from .contrasts import Contrasts, entries_of

CHECKED_ROWS = 16


def tolerance(model: Model, scale: float) -> float:
    """How far the sum may be off: rounding of the number format, over differences of this size."""
    return max(1.0, scale) * (1e-3 if model.dtype == torch.float32 else 0.1)


def check_completeness(
    model: Model, contrasts: Contrasts, *, total: np.ndarray, logit_difference: np.ndarray
) -> None:
    """Compare the sum of shares, `total`, with the difference of the logits that the network gives
    out, both of shape (pairs,).

    All pairs are compared with the unembedding of the final state, the first rows also with the
    network's public output, so that a logit scale or a cap cannot go unseen.

    **Raises** `InterpError` above `tolerance`, with the reason in the architecture.
    """
    allowed = tolerance(model, float(np.abs(logit_difference).max()))
    public = public_difference(model, contrasts)
    known = np.isfinite(public)
    residual = float(np.abs(total - logit_difference).max())
    off = max(residual, float(np.abs(public - total)[known].max(initial=0.0)))
    if not off <= allowed:
        raise InterpError(
            f"{model.name} ({model.architecture}): the shares of heads, MLPs, embedding and biases "
            f"miss the model's own logit difference by {off:.2g} (more than {allowed:.2g}); "
            f"{_reason(model)}"
        )


def public_difference(model: Model, contrasts: Contrasts) -> np.ndarray:
    """Logit differences from the network's own output, a final soft cap undone, for the pairs of
    the first rows; NaN for the others."""
    first = contrasts.rows[:CHECKED_ROWS]
    cap = getattr(text_config(model.network.config), "final_logit_softcapping", None)
    total = np.zeros(len(contrasts.pairs))
    complete = np.ones(len(contrasts.pairs), dtype=bool)
    for pair, row, _, _, _ in contrasts.reads:
        complete[pair] &= row < len(first)
    for indices, tokens in batches(first, device=model.device, budget=token_budget(model)):
        entries = entries_of(model, contrasts, indices)
        with torch.no_grad():
            logits = logits_at(model, tokens, entries.row, entries.column).double()
        if cap:
            logits = cap * torch.atanh((logits / cap).clamp(-1 + 1e-12, 1 - 1e-12))
        batch_row = {index: row for row, index in enumerate(indices)}
        entry_of = {
            key: entry
            for entry, key in enumerate(
                zip(
                    entries.row.tolist(),
                    entries.column.tolist(),
                    entries.owner.tolist(),
                    strict=True,
                )
            )
        }
        for pair, row, column, token, sign in contrasts.reads:
            if row in batch_row:
                entry = entry_of[batch_row[row], column, pair]
                total[pair] += sign * float(logits[entry, token])
    return np.where(complete, total, np.nan)


def _reason(model: Model) -> str:
    config = text_config(model.network.config)
    if getattr(config, "do_layer_norm_before", True) is False:
        return "its blocks norm the residual stream after each addition, so it is no plain sum"
    if getattr(config, "logit_scale", None) or getattr(config, "logits_scaling", None):
        return "it scales its logits after the unembedding"
    if getattr(config, "residual_multiplier", None) not in (None, 1.0):
        return "it scales what each block adds to the residual stream"
    if getattr(config, "final_logit_softcapping", None):
        return "a soft cap on the logits saturates, so that it cannot be undone"
    if getattr(config, "word_embed_proj_dim", model.d_model) != getattr(
        config, "hidden_size", model.d_model
    ):
        return "a projection stands between the final norm and the unembedding"
    if model.dtype != torch.float32:
        return f"{model.dtype} is too coarse for it; load the model in float32"
    return "something between blocks and unembedding (the final norm's scale, say) is not linear"
