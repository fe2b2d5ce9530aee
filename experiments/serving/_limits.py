"""How much one request, and all together, may ask."""

import dataclasses

MOST_BODY = 1_000_000
MOST_PROMPTS = 32
MOST_STOPS = 16
MOST_STRENGTH = 100.0
MOST_LOGPROBS = 5


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    - `concurrent`: requests at once, of which one is answered while the others wait.
    - `tokens`: new tokens of one prompt. `prompt`: tokens of one prompt, within the model's own
      context.

    **Raises** `ValueError` for a bound that lets nothing through.
    """

    concurrent: int = 2
    tokens: int = 512
    prompt: int = 2048

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(
                    f"a limit of {value} ({name}) lets nothing through; give 1 or more"
                )
