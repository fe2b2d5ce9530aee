"""Generation that the caller ends, and prompts that are tokens already."""

import pytest
import serving_app as served
import torch

from nullcline import interp
from nullcline.interp._steering.guard import _highest


@pytest.mark.parametrize("on_text", [None, lambda piece: None])
def test_a_text_is_halted_between_two_tokens(on_text):
    whole = served.alone(tokens=12)
    asked = iter([False, False, True])
    halted = interp.generate(
        served.model(), served.PROMPT, max_new_tokens=12, on_text=on_text, halt=lambda: next(asked)
    )
    assert halted.tokens == whole.tokens[:3]
    assert halted.finish == "halted"
    assert whole.finish == "length"


def test_a_guarded_text_is_halted_too():
    asked = iter([False, True])
    whole, halted = (
        interp.generate_guarded(
            served.model(),
            served.make_vector(),
            served.PROMPT,
            budget=5,
            max_new_tokens=6,
            halt=halt,
        ).generated
        for halt in (None, lambda: next(asked))
    )
    assert halted.tokens == whole.tokens[:2]
    assert halted.finish == "halted"


def test_a_strength_beyond_the_number_format_never_fits_a_budget():
    plain = torch.tensor([0.25, 0.75]).log()
    logs = torch.stack([torch.full((2,), torch.nan), plain + 0, plain])
    assert _highest(logs, 1e6) == (1, 0.0)
    assert _highest(logs[[0, 2]], 1e6) == (1, 0.0)


def test_a_halt_that_never_comes_changes_nothing():
    found = interp.generate(
        served.model(), served.PROMPT, max_new_tokens=12, halt=lambda: False, temperature=1.0
    )
    assert found == served.alone(tokens=12, temperature=1.0)


def test_tokens_are_a_prompt():
    tokens = served.model().encode(served.PROMPT)
    assert interp.generate(served.model(), tokens, max_new_tokens=12) == served.alone(tokens=12)
    for strange in ([-1], [served.model().d_vocab]):
        with pytest.raises(interp.InterpError, match="no token"):
            interp.generate(served.model(), strange)
    with pytest.raises(interp.InterpError, match="empty"):
        interp.generate(served.model(), [])
