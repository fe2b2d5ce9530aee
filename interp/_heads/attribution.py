"""Which heads push towards the true answer, and which compete: the result, and how it is made."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.checks import check_seed
from ...common.display import shown
from ...common.progress import Progress
from ...common.statistics import wilson
from .._errors import InterpError
from .._models.model import Model
from .._questions.pairs import Pair
from .._questions.tokens import prompt_tokens
from .._statistics import MeanEffect, effect
from .completeness import tolerance
from .contrasts import encode_contrasts
from .direct import Direct, direct_attribution

if TYPE_CHECKING:
    import pandas as pd


@shown
@dataclasses.dataclass(frozen=True, eq=False)
class HeadEffects:
    """Effects of all heads on one set of pairs, in logits.

    - `pairs`; `shares`: of every part for every pair, see `Direct`.
    - `heads`: mean effect of each head with interval, p and q, arrays of shape (layers, heads).
    - `mlps`, `embedding`, `biases`: mean effects of the rest; `logit_difference`: mean of the
      model's own.
    """

    pairs: tuple[Pair, ...]
    shares: Direct
    heads: MeanEffect

    def on(self, some: slice, *, level: float, seed: int) -> "HeadEffects":
        """The effects on a part of the pairs."""
        shares = Direct(
            **{
                field.name: getattr(self.shares, field.name)[some]
                for field in dataclasses.fields(Direct)
            }
        )
        return HeadEffects(
            pairs=self.pairs[some],
            shares=shares,
            heads=effect(shares.heads, level=level, seed=seed),
        )

    @property
    def mlps(self) -> np.ndarray:
        """Mean effect of each MLP, shape (layers,)."""
        return self.shares.mlps.mean(axis=0)

    @property
    def logit_difference(self) -> float:
        """Mean of the model's own logit(true) - logit(false)."""
        return float(self.shares.logit_difference.mean())


@dataclasses.dataclass(frozen=True)
class Head:
    """One head: its layer and number, its mean effect on truth pairs (and reasoning pairs) with
    interval and p, and whether it competes (None where there are no reasoning pairs)."""

    layer: int
    head: int
    truth: float
    truth_low: float
    truth_high: float
    truth_p: float
    truth_q: float
    reasoning: float | None
    reasoning_low: float | None
    reasoning_high: float | None
    reasoning_p: float | None
    reasoning_q: float | None
    competing: bool | None


@dataclasses.dataclass(frozen=True, eq=False)
class HeadAttribution:
    """Direct logit attribution of every head of a model. Make it with `attribute_heads`.

    - `model`: what was looked into; `truth`, `reasoning`: effects on the two sets of pairs.
    - `level` of the intervals; `false_discovery_rate` at which heads are named; `seed` of flips
      and halves.
    - `replicated`: heads (layer, head) that compete in both random halves of the pairs.
    """

    model: Model
    truth: HeadEffects
    reasoning: HeadEffects | None
    level: float
    false_discovery_rate: float
    seed: int
    replicated: tuple[tuple[int, int], ...]

    @property
    def completeness(self) -> tuple[float, float]:
        """Largest distance of the sum of all shares from the model's own difference, and what
        would be an error."""
        sets = [self.truth, *([self.reasoning] if self.reasoning is not None else [])]
        scale = max(float(np.abs(s.shares.logit_difference).max()) for s in sets)
        return max(s.shares.residual for s in sets), tolerance(self.model, scale)

    def heads(self) -> tuple[Head, ...]:
        """Every head, by layer and number."""
        competing = self._competing_mask()
        return tuple(
            Head(
                layer=layer,
                head=head,
                **_entry("truth", self.truth.heads, (layer, head)),
                **_entry(
                    "reasoning", self.reasoning.heads if self.reasoning else None, (layer, head)
                ),
                competing=None if competing is None else bool(competing[layer, head]),
            )
            for layer in range(self.model.n_layers)
            for head in range(self.model.n_heads)
        )

    def top(self, count: int = 10) -> tuple[Head, ...]:
        """The heads with the largest effects on truth pairs, whatever the sign."""
        return tuple(sorted(self.heads(), key=lambda head: -abs(head.truth))[:count])

    def significant(self) -> tuple[Head, ...]:
        """Heads whose effect on truth pairs is not zero at the false-discovery rate."""
        return tuple(h for h in self.heads() if h.truth_q <= self.false_discovery_rate)

    def competing(self) -> tuple[Head, ...]:
        """Heads whose effects on truth and on reasoning are both significant and of opposite sign.

        **Raises** `InterpError` where no reasoning pairs were given.
        """
        if self.reasoning is None:
            raise InterpError("competing heads need reasoning pairs; pass reasoning=...")
        return tuple(head for head in self.heads() if head.competing)

    def share_competing(self) -> tuple[float, float, float]:
        """Share of the heads that compete, with Wilson's interval."""
        count, of = len(self.competing()), self.model.n_layers * self.model.n_heads
        return count / of, *wilson(count, of, level=self.level)

    def on(self, some: slice) -> "HeadAttribution":
        """The attribution to a part of the pairs, such as `slice(None, None, 2)`: no new pass.

        **Raises** `InterpError` where fewer than two pairs of a set are left.
        """
        truth = self.truth.on(some, level=self.level, seed=self.seed)
        reasoning = None
        if self.reasoning is not None:
            reasoning = self.reasoning.on(some, level=self.level, seed=self.seed)
        return dataclasses.replace(
            self,
            truth=truth,
            reasoning=reasoning,
            replicated=()
            if reasoning is None
            else _replicated(truth, reasoning, rate=self.false_discovery_rate, seed=self.seed),
        )

    def pattern(self, layer: int, head: int, pair: int) -> tuple[list[str], np.ndarray]:
        """Attention of a head on a truth pair's prompt.

        **Returns** the tokens as text and the weights, shape (positions, positions), rows being
        the positions that look. **Raises** `InterpError` for what is out of range.
        """
        from .pattern import attention_pattern

        if not 0 <= pair < len(self.truth.pairs):
            raise InterpError(f"no pair {pair}; there are 0 to {len(self.truth.pairs) - 1}")
        prompt = prompt_tokens(self.model, self.truth.pairs[pair])
        return attention_pattern(self.model, prompt, layer=layer, head=head)

    def to_pandas(self) -> "pd.DataFrame":
        """One row per head."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(head) for head in self.heads()])

    def __repr__(self) -> str:
        from .show import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from .show import to_html

        return to_html(self)

    def _competing_mask(self) -> np.ndarray | None:
        if self.reasoning is None:
            return None
        return opposed(self.truth.heads, self.reasoning.heads, self.false_discovery_rate)


def attribute_heads(
    model: Model,
    pairs: Sequence[Pair],
    *,
    reasoning: Sequence[Pair] | None = None,
    level: float = 0.95,
    false_discovery_rate: float = 0.05,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> HeadAttribution:
    """How much each attention head adds to logit(true answer) - logit(false answer).

    **Arguments**

    - `pairs`: about truth; `reasoning`: about reasoning, needed to name competing heads.
    - `level`: of the intervals over pairs; `false_discovery_rate`: at which heads are named
      (Benjamini-Hochberg over all heads of the model); `seed`: of sign flips and halves.
    - `on_progress`: counts rows of tokens, of each set in turn.

    **Raises** `InterpError` for pairs that the tokenizer cannot say or tell apart, for fewer than
    two, and where the shares of all parts do not sum to the model's own logit difference.

    **Limits**: direct effects only. A head that works through later parts shows there, not here:
    see `attribution_patching`. The scale of the final norm is taken as it was. For answers of
    several tokens the logits of all tokens are summed, each after its own true beginning, so the
    two sums stand in different contexts. Pairs are taken as independent.

    ```pycon
    >>> from nullcline import interp
    >>> model = interp.load_model("organism:deep-10")
    >>> pairs = interp.read_pairs(interp.organism_file(model, "pairs.csv"))
    >>> heads = interp.attribute_heads(model, pairs[:20])
    >>> len(heads.heads())
    4

    ```
    """
    check_seed(seed, error=InterpError)

    def effects(some: Sequence[Pair]) -> HeadEffects:
        return _effects(model, some, level=level, seed=seed, on_progress=on_progress)

    truth = effects(pairs)
    other = None if reasoning is None else effects(reasoning)
    return HeadAttribution(
        model=model,
        truth=truth,
        reasoning=other,
        level=level,
        false_discovery_rate=false_discovery_rate,
        seed=seed,
        replicated=()
        if other is None
        else _replicated(truth, other, rate=false_discovery_rate, seed=seed),
    )


def opposed(truth: MeanEffect, reasoning: MeanEffect, rate: float) -> np.ndarray:
    """Where both effects are significant at the false-discovery rate and of opposite sign."""
    both = (truth.q <= rate) & (reasoning.q <= rate)
    return both & (np.sign(truth.mean) * np.sign(reasoning.mean) < 0)


def _effects(
    model: Model,
    pairs: Sequence[Pair],
    *,
    level: float,
    seed: int,
    on_progress: Progress | None,
) -> HeadEffects:
    shares = direct_attribution(model, encode_contrasts(model, pairs), on_progress=on_progress)
    return HeadEffects(
        pairs=tuple(pairs), shares=shares, heads=effect(shares.heads, level=level, seed=seed)
    )


def _replicated(
    truth: HeadEffects, reasoning: HeadEffects, *, rate: float, seed: int
) -> tuple[tuple[int, int], ...]:
    """Heads that compete, by the same rule, in each of two random halves of the pairs."""
    if min(len(truth.pairs), len(reasoning.pairs)) < 4:
        return ()
    rng = np.random.default_rng(seed)
    replicated = np.ones(truth.heads.mean.shape, dtype=bool)
    orders = [rng.permutation(len(side.pairs)) for side in (truth, reasoning)]
    signs = []
    for half in (0, 1):
        first, second = (
            effect(side.shares.heads[order[half::2]], seed=seed)
            for side, order in zip((truth, reasoning), orders, strict=True)
        )
        replicated &= opposed(first, second, rate)
        signs.append(np.sign(first.mean))
    replicated &= signs[0] == signs[1]
    return tuple((int(layer), int(head)) for layer, head in np.argwhere(replicated))


def _entry(name: str, effects: MeanEffect | None, head: tuple[int, int]) -> dict[str, Any]:
    keys = {"": "mean", "_low": "low", "_high": "high", "_p": "p", "_q": "q"}
    return {
        name + suffix: None if effects is None else float(getattr(effects, field)[head])
        for suffix, field in keys.items()
    }
