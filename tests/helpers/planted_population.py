"""A population of families with a planted coupling, as the reader of tables would give it."""

import numpy as np
import pandas as pd

from nullcline.dynamics.phases import Scatter

ITEMS = {"x": 10042, "y": 817}
SCATTER = Scatter(sd=0.012, low=0.008, high=0.016, degrees_of_freedom=40.0, models=120)


def population(seed: int, *, mean=0.5, between=0.0, families=30, scatter=SCATTER.sd):
    """Models of families whose truth changes by about `mean` per reasoning score, in fractions."""
    random = np.random.default_rng(seed)
    rows = []
    for f in range(families):
        sizes = np.sort(random.uniform(8, 11, random.integers(3, 6)))
        coupling = random.normal(mean, between)
        x = random.uniform(0.35, 0.6) + 0.12 * (sizes - sizes[0])
        y = random.normal(0.45, 0.03) + coupling * (x - 0.6)
        y = np.clip(y + random.normal(0, scatter, len(x)), 0.02, 0.98)
        for place, (s, a, b) in enumerate(zip(sizes, x, y, strict=True)):
            rows.append({"family": f"F{f}", "model": f"F{f}-{place}", "time": s, "x": a, "y": b})
    frame = pd.DataFrame(rows)
    for name, items in ITEMS.items():
        error = np.sqrt(frame[name] * (1 - frame[name]) / items)
        frame[f"{name}_stderr"] = error
        frame[name] = np.clip(frame[name] + random.normal(0, 1, len(frame)) * error, 0.001, 0.999)
    return frame
