"""How often two rules call a family of several seeds a turning one, by design, null ones first.

    python benchmarks/seed_turns.py [--families 2000] [--seed 0] [--json]

`seeds` is the rule of `nullcline.common.turns`, which `diagnose` and `organisms compare` use;
`curve` is the U-test on the means over seeds, which `diagnose` uses where there are no seeds. Both
at p < .05. Sizes are those of the family `web`; seeds scatter as the shipped families' do.
"""

import argparse
import json

import numpy as np

from nullcline import dynamics, organisms
from nullcline.common.turns import turn_p, turns_by_seed

SEEDS = (5, 12)


def shipped_families():
    """Truth of every shipped family, (seeds, sizes), and log10 N of `web`."""
    rows = organisms.read_score_table(organisms.organisms_folder().parent / "organisms.csv")
    groups: dict[str, list[organisms.Curve]] = {}
    for curve in organisms.curves(rows):
        groups.setdefault(curve.family, []).append(curve)
    truth = {family: np.stack([c.truth for c in group]) for family, group in groups.items()}
    return truth, groups["web"][0].log10_params


def designs(u, web):
    """Mean curves over u from 0 to 1: those that do not both fall and rise, then two that do."""
    nulls = {
        "flat": np.full_like(u, 0.3),
        "line up": 0.2 + 0.4 * u,
        "line down": 0.6 - 0.4 * u,
        "flat, then up": 0.3 + 0.8 * np.maximum(u - 0.5, 0),
        "up at the end": 0.3 + 0.4 * (u > 0.8),
        "down, then flat": 0.2 + 0.3 * np.maximum(0.5 - u, 0),
        "down at the start": 0.2 + 0.25 * (u < 0.1),
        "ever less down": 0.15 + 0.3 * np.exp(-6 * u),
        "ever less up": 0.5 - 0.35 * np.exp(-6 * u),
        "ever more up": 0.3 + 0.4 * u**3,
        "ever less steeply down": 0.3 + 0.35 * (1 - u) ** 3,
    }
    mean = web.mean(axis=0)
    return nulls, {"web": mean, "web, half as deep": (mean + mean.mean()) / 2}


def rates(curve, scatter, log10_params, *, seeds, families, generator):
    """Share of families that each rule calls turning."""
    scores = curve + scatter * generator.standard_normal((families, seeds, curve.size))
    errors = scores.std(axis=1, ddof=1) / np.sqrt(seeds)
    of_means = [
        dynamics.u_test(log10_params, one.mean(axis=0), y_stderr=error).p_value
        for one, error in zip(scores, errors, strict=True)
    ]
    return {
        "seeds": float(np.mean(turn_p(turns_by_seed(scores)) < 0.05)),
        "curve": float(np.mean(np.array(of_means) < 0.05)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=2000, help="simulated per design")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    truth, log10_params = shipped_families()
    scatter = np.mean([scores.std(axis=0, ddof=1) for scores in truth.values()], axis=0)
    u = (log10_params - log10_params[0]) / np.ptp(log10_params)
    generator, rows = np.random.default_rng(arguments.seed), []
    for kind, curves in zip(("null", "turn"), designs(u, truth["web"]), strict=True):
        for name, curve in curves.items():
            for seeds in SEEDS:
                found = rates(
                    curve,
                    scatter,
                    log10_params,
                    seeds=seeds,
                    families=arguments.families,
                    generator=generator,
                )
                rows.append({"kind": kind, "design": name, "of_seeds": seeds, **found})
                if not arguments.json:
                    cells = "  ".join(f"{rule} {share:.3f}" for rule, share in found.items())
                    print(f"{kind}  {name:24s} {seeds:2d} seeds  {cells}", flush=True)
    if arguments.json:
        print(json.dumps({"families": arguments.families, "designs": rows}))


if __name__ == "__main__":
    main()
