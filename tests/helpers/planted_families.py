"""Families drawn from a planted linear flow of log-odds, for the forecaster."""

import numpy as np

from nullcline.dynamics._forecast.forecast_fit import (
    ForecastSetting,
    system_matrix,
    to_scores,
)
from nullcline.dynamics._forecast.linear_flow import linear_flow
from nullcline.dynamics._forecast.protocol import Cohort, CohortFamily

BENCHMARKS = ("hellaswag", "truthfulqa_mc2", "winogrande")
DRIFT = np.array([[0.5, -0.2, 0.0, 0.1], [-0.1, 0.15, -0.4, 0.0], [0.3, 0.5, 0.0, -0.4]])
PLANTED = ForecastSetting(chance_share=0.8, clock=0.1, ridge=1e-9)


TOKEN_EFFECT = np.array([0.15, 0.0, -0.1])


def planted(count=12, noise=0.0, seed=0, lab_size=1, tokens=False) -> Cohort:
    """With `tokens` the log of each family's own number of them drives its scores, too."""
    rng = np.random.default_rng(seed)
    floor = np.array(PLANTED.coordinates(BENCHMARKS).floor)
    families = []
    for i in range(count):
        log10_n = np.sort(rng.uniform(8, 11, rng.integers(3, 7)))
        start = np.concatenate([[1.0], rng.normal([-1.0, -0.4, -0.8], 0.6)])
        drift, seen = DRIFT.copy(), None
        if tokens:
            seen = 10 ** rng.uniform(11, 13)
            drift[:, 0] += TOKEN_EFFECT * np.log(seen / 1e12)
        elapsed = PLANTED.time(log10_n) - PLANTED.time(log10_n[:1])
        state = linear_flow(
            system_matrix(drift)[None], np.repeat(start[None], len(log10_n), axis=0), elapsed
        )
        scores = to_scores(state[:, 1:], floor) + noise * rng.normal(size=(len(log10_n), 3))
        models = tuple(f"f{i}-{j}" for j in range(len(log10_n)))
        lab = f"lab{i // lab_size}"
        families.append(CohortFamily(f"f{i}", lab, models, log10_n, scores, seen))
    return Cohort(tuple(families), BENCHMARKS, ())
