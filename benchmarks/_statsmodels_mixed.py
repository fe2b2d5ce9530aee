"""Run in an environment with statsmodels: a mixed model of each table, then one of them in turns.

    python _statsmodels_mixed.py TABLES.json

TABLES holds for each table `x` and `y`, lists of families of models. Says of all tables the mean
slope and the ends of its interval, then fits the first one once for each line of stdin.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import statsmodels.api as sm  # pyright: ignore[reportMissingImports]
from _side_by_side.measure import serve_turns

warnings.filterwarnings("ignore")


def fit(table):
    """Mean slope, low, high of the random slopes within families."""
    x, y = (np.array(table[name]) for name in ("x", "y"))
    family = np.repeat(np.arange(len(x)), x.shape[1])
    # Less its family's mean, so that differences between families are not taken for a slope.
    within = (x - x.mean(axis=1, keepdims=True)).ravel()
    design = np.column_stack([np.ones_like(within), within])
    model = sm.MixedLM(y.ravel(), design, groups=family, exog_re=design)
    found = model.fit(reml=True)
    low, high = found.conf_int()[1]
    return float(found.fe_params[1]), float(low), float(high)


def main(source):
    tables = json.loads(Path(source).read_text())
    serve_turns({"fit": lambda: fit(tables[0])}, {"fits": [fit(table) for table in tables]})


main(*sys.argv[1:])
