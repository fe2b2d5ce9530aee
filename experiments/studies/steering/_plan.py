"""What `nullcline truth --plan` says: how many tokens a search reads, and how long that takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...formats import pick, plain
from ...progress import duration
from ...text import text_table

if TYPE_CHECKING:
    from ....interp import Model, SearchPlan


def plan_to_text(model: Model, plan: SearchPlan) -> str:
    """The time first, then the stages."""
    calibration, validation, test = plan.questions
    rows = [
        [
            stage.name,
            f"{'≤ ' if stage.at_most else ''}{_short(stage.tokens)}",
            f"{'≤ ' if stage.at_most else ''}{duration(math.ceil(stage.seconds))}",
        ]
        for stage in plan.stages
    ]
    return "\n".join(
        [
            f"about {duration(math.ceil(plan.seconds))} at most, {_short(plan.tokens)} tokens, for "
            f"{model.name} on {model.device}",
            f"{1e3 * plan.seconds_per_token:.3g} ms per token, measured just now",
            f"questions: {calibration} calibration, {validation} validation, {test} test",
            "",
            text_table(["stage", "tokens", "time"], rows, right=(1, 2)),
            "",
            "a stopped search goes on: give the same command again; fewer --layers, one",
            "--site or one --method take less",
        ]
    )


def plan_to_dict(model: Model, plan: SearchPlan) -> dict[str, Any]:
    """What `nullcline truth --plan --json` prints."""
    return plain(
        {
            "model": model.name,
            **pick(plan, "tokens seconds seconds_per_token questions"),
            "stages": [pick(stage, "name tokens seconds at_most") for stage in plan.stages],
        }
    )


def _short(tokens: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "K")):
        if tokens >= size:
            return f"{tokens / size:.3g} {letter}"
    return str(tokens)
