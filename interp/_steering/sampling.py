"""How the next token is drawn: temperature, and the nucleus of the likeliest tokens."""

import torch

from .._errors import InterpError


def check_temperature(temperature: float) -> None:
    """Refuse what is no temperature."""
    if not 0 <= temperature <= 100:
        raise InterpError(f"temperature {temperature} is none; give 0 (greedy) to 100")


def check_top_p(top_p: float) -> None:
    """Refuse what is no share of the probability."""
    if not 0 <= top_p <= 1:
        raise InterpError(f"top_p {top_p} is no share; give 0 to 1 (all tokens)")


def nucleus(weights: torch.Tensor, top_p: float) -> torch.Tensor:
    """Probabilities with all but the likeliest tokens at 0: as many are kept as are needed for
    their sum to reach `top_p`, at least one. Shape (vocabulary,), not normalised again."""
    if top_p >= 1:
        return weights
    ordered, tokens = weights.sort(descending=True)
    kept = ordered.cumsum(dim=0) - ordered < top_p
    kept[0] = True
    return torch.zeros_like(weights).scatter(0, tokens[kept], ordered[kept])


def drawn(logs: torch.Tensor, temperature: float, top_p: float, draw: torch.Generator) -> int:
    """A token from log-probabilities of shape (vocabulary,); at temperature 0 the likeliest."""
    if temperature == 0:
        return int(logs.argmax())
    weights = nucleus((logs / temperature).softmax(dim=-1), top_p)
    return int(torch.multinomial(weights, 1, generator=draw))
