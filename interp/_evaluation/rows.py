"""One row of the controlled table: answers beside the unsteered ones, and what they cost."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from ...common.statistics import mcnemar_p, wilson
from .._questions.scoring import Answered
from .._steering.effects import Baseline, Measured
from .._truth.choose import corrected_share, reasoning_change, right_lost

RESAMPLES = 9_999


@dataclasses.dataclass(frozen=True)
class Row:
    """One way to treat the model, on the test split. Shares are of 1; NaN where not defined.

    - `mc1` with Wilson's interval, `mc2`: right answers, and probability on right ones.
    - `false_to_true`, `true_to_false`: questions that changed sides, with McNemar's exact p.
    - `net_change`: of mc1 from `strength_0`, with a paired bootstrap interval over questions.
    - `corrected_share`: of the questions answered falsely at strength 0, the share answered truly,
      with Wilson's interval. `right_lost`: of all right answers (to any register), the share lost.
    - `kl`: median KL on neutral text, nats; `perplexity_ratio` there; `reasoning_change` of the
      share of right reasoning answers.
    - `count`: how many vectors the row is over (random directions), else 1.
    """

    name: str
    mc1: float
    mc1_low: float
    mc1_high: float
    mc2: float
    false_to_true: float
    true_to_false: float
    mcnemar_p: float
    net_change: float
    net_low: float
    net_high: float
    corrected_share: float
    corrected_low: float
    corrected_high: float
    right_lost: float
    kl: float
    perplexity_ratio: float
    reasoning_change: float
    count: int = 1


def row_of(name: str, baseline: Baseline, measured: Measured, seed: int) -> Row:
    """A treatment's row: its answers beside the unsteered ones, and its costs."""
    plain, steered = baseline.plain.questions, measured.questions
    lost, of = right_lost(baseline.plain, measured)
    return dataclasses.replace(
        answers_row(name, plain, steered, seed),
        right_lost=lost / of if of else float("nan"),
        kl=float(np.median(measured.kl)),
        perplexity_ratio=measured.perplexity_ratio,
        reasoning_change=reasoning_change(baseline.plain, measured),
    )


def answers_row(name: str, plain: Answered, steered: Answered, seed: int) -> Row:
    """What can be said of a row's answers alone; its costs are NaN."""
    gained = int((~plain.mc1 & steered.mc1).sum())
    lost = int((plain.mc1 & ~steered.mc1).sum())
    low, high = wilson(int(steered.mc1.sum()), len(steered.mc1))
    false = int((~plain.mc1).sum())
    corrected = wilson(gained, false)
    net_low, net_high = _net_interval(plain.mc1, steered.mc1, seed)
    nan = float("nan")
    return Row(
        name=name,
        mc1=float(steered.mc1.mean()),
        mc1_low=low,
        mc1_high=high,
        mc2=float(steered.mc2.mean()),
        false_to_true=gained,
        true_to_false=lost,
        mcnemar_p=mcnemar_p(gained, lost),
        net_change=float(steered.mc1.mean() - plain.mc1.mean()),
        net_low=net_low,
        net_high=net_high,
        corrected_share=corrected_share(plain, steered),
        corrected_low=corrected[0],
        corrected_high=corrected[1],
        right_lost=nan,
        kl=nan,
        perplexity_ratio=nan,
        reasoning_change=nan,
    )


def _net_interval(plain: np.ndarray, steered: np.ndarray, seed: int) -> tuple[float, float]:
    """95 % of the mean change over questions that are drawn again."""
    change = steered.astype(float) - plain
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(change), size=(RESAMPLES, len(change)))
    low, high = np.quantile(change[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def over_random(rows: Sequence[Row]) -> list[Row]:
    """Rows of random directions as their mean, and as the one that corrects most."""
    numbers = [f.name for f in dataclasses.fields(Row) if f.name not in ("name", "count")]
    mean = {key: float(np.mean([getattr(row, key) for row in rows])) for key in numbers}
    most = max(rows, key=lambda row: row.corrected_share)
    return [
        Row(name="random", count=len(rows), **mean),
        dataclasses.replace(most, name="random_max"),
    ]
