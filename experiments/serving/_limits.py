"""How much one request, and all together, may ask."""

import dataclasses
import math

MOST_BODY = 1_000_000
MOST_PROMPTS = 32
MOST_STOPS = 16
MOST_STRENGTH = 100.0
MOST_LOGPROBS = 5
#: Likeliest tokens beside each of a chat, as many as OpenAI gives.
MOST_TOP = 20


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    - `concurrent`: requests that are taken at once, of which one is answered at a time.
    - `queue`: requests that wait for a place behind those, in order; `wait`: for how many seconds.
    - `tokens`: new tokens of one prompt. `prompt`: tokens of one prompt, within the model's own
      context.

    **Raises** `ValueError` for a bound that lets nothing through.
    """

    concurrent: int = 2
    queue: int = 8
    wait: float = 30.0
    tokens: int = 512
    prompt: int = 2048

    def __post_init__(self) -> None:
        if self.queue < 0 or not 0 <= self.wait < math.inf:
            raise ValueError(
                f"a queue of {self.queue} for {self.wait:g} s is none; give 0 or more of both"
            )
        for name in ("concurrent", "tokens", "prompt"):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(
                    f"a limit of {value} ({name}) lets nothing through; give 1 or more"
                )
