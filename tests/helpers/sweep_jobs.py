"""Entry points for the tests of sweeps: jobs of a few milliseconds, and jobs that go wrong."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from nullcline.experiments.inputs import file_inputs
from nullcline.experiments.schemas import Launched
from nullcline.experiments.study import Outcome, Say, study


@dataclass
class Trial(Launched):
    """What a trial does: `work`, `sleep`, `fail`, `exit`, or `die` as if it were killed."""

    seed: int = 0
    act: str = "work"
    path: str | None = None


@study(
    Trial,
    command="trial",
    inputs=lambda settings: file_inputs(settings.path),
    rows="rows",
    objective="mean",
)
def trial(settings: Trial, say: Say) -> Outcome:
    """A few sums."""
    import numpy as np

    print(f"trial {settings.seed} begins", flush=True)
    if settings.act == "sleep":
        time.sleep(0.2)
    if settings.act == "fail":
        raise ValueError(f"trial {settings.seed} was asked to fail")
    if settings.act == "exit":
        raise SystemExit("trial left")
    if settings.act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    drawn = np.random.default_rng(settings.seed).normal(size=(3, 50))
    return Outcome(
        {
            "mean": float(drawn.mean()),
            "relative": settings.path is not None and Path(settings.path).is_file(),
            "rows": [
                {"row": i, "eigen": float(np.linalg.norm(r @ r))} for i, r in enumerate(drawn)
            ],
        }
    )
