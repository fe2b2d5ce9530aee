"""Base models and tunes of them with a planted gain and planted couplings."""

import numpy as np
import pandas as pd

SIZES = (0.5e9, 1e9, 3e9, 7e9, 14e9)


def planted_pairs(
    families: int = 12,
    *,
    gain: float = 0.04,
    per_decade: float = 0.0,
    before: float = 0.2,
    change: float = 0.0,
    noise: float = 0.008,
    family_sd: float = 0.01,
    seed: int = 0,
) -> pd.DataFrame:
    """A table of pairs: the gain is `gain` at 3B plus `per_decade` per decade, plus `change` per
    unit of reasoning about the family's mean; families differ by `family_sd` in gain."""
    rng = np.random.default_rng(seed)
    rows = []
    for f in range(families):
        size = np.log10(SIZES)
        x = 0.45 + 0.25 * (size - size.mean()) + rng.normal(0, 0.02)
        y = 0.42 + before * (x - x.mean()) + rng.normal(0, 0.02)
        more = gain + rng.normal(0, family_sd) + per_decade * (size - np.log10(3e9))
        tuned = y + more + change * (x - x.mean())
        for n, params in enumerate(SIZES):
            for kind, truth in (("base", y[n]), ("tuned", tuned[n])):
                rows.append(
                    {
                        "family": f"Elm {f}",
                        "model": f"acme/elm{f}-{params / 1e9:g}b" + "-chat" * (kind == "tuned"),
                        "params": params,
                        "kind": kind,
                        "hellaswag": x[n],
                        "truthfulqa_mc2": truth + rng.normal(0, noise),
                    }
                )
    return pd.DataFrame(rows)


def planted_tunes(
    makers: int = 40,
    *,
    slope: float = 0.5,
    each: int = 3,
    maker_sd: float = 0.02,
    noise: float = 0.01,
    bases: tuple[float, ...] = (0.6,),
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Reasoning, truth, base model and maker of tunes; a maker's uploads share an offset in truth
    and lie together in reasoning. Base models themselves fall along their reasoning, steeply."""
    rng = np.random.default_rng(seed)
    x, y, base, maker = [], [], [], []
    for b, level in enumerate(bases):
        for m in range(makers):
            centre, offset = rng.normal(0, 0.03), rng.normal(0, maker_sd)
            for _ in range(each):
                d = centre + rng.normal(0, 0.005)
                x.append(level + d)
                y.append(0.9 - level + slope * d + offset + rng.normal(0, noise))
                base.append(f"base {b}")
                maker.append(f"maker {m}")
    return np.array(x), np.array(y), np.array(base), np.array(maker)
