"""Coverage of the critical point's interval on simulated families with a known mean vertex.

A family's score is an offset, a curvature per side times the squared distance from its own vertex,
and noise of 1 pp. Sizes are those of real families (the shipped tables); the mean vertex lies at
log10 N = 9.54, the spread of the families' vertices about it and the sd of the offsets are the
design. The curvature is 4 pp per squared decade, the geometric mean of both sides: about that of
Pythia from 70M to 12B if its vertex is taken at 3.5B.

`--designs chosen` are those that the method was chosen on, `--designs held-out` others.
"""

import argparse
import json
import sys
import time

import jax
import numpy as np

from nullcline import dynamics

MEAN_VERTEX = 9.54
CURVATURE = 0.04
NOISE = 0.01

# (table, family, largest number of sizes)
LAYOUTS = {
    "3 families, 14 models": [
        ("published", "Pythia", 8),
        ("published", "Llama-1", 3),
        ("published", "Llama-2", 3),
    ],
    "16 families, 62 models": [
        ("uniform", "Pythia", 8),
        ("uniform", "RWKV", 7),
        ("uniform", "Cerebras-GPT", 6),
        ("uniform", "BLOOM", 5),
        ("uniform", "GPT-Neo/J", 5),
        ("uniform", "Falcon", 4),
        ("uniform", "Llama", 4),
        ("uniform", "XGLM", 4),
        ("uniform", "Llama-2", 3),
        ("uniform", "Qwen", 3),
        ("uniform", "SmolLM", 3),
        ("uniform", "StarCoder2", 3),
        ("uniform", "Phi", 2),
        ("uniform", "Yi", 2),
        ("uniform", "Llama-3", 2),
        ("uniform", "DeepSeek-LLM", 2),
    ],
    "3 other families, 14 models": [
        ("published", "OPT", 8),
        ("published", "Falcon", 3),
        ("published", "GPT-Neo", 3),
    ],
    "6 families, 27 models": [
        ("uniform", "OPT", 8),
        ("uniform", "Qwen2", 5),
        ("uniform", "GPT-2", 4),
        ("uniform", "StarCoder", 4),
        ("uniform", "OpenLlama", 3),
        ("uniform", "Gemma-2", 3),
    ],
    "16 other families, 62 models": [
        ("published", "OPT", 8),
        ("uniform", "Qwen1.5", 8),
        ("published", "Cerebras-GPT", 7),
        ("published", "BLOOM", 6),
        ("published", "Qwen2.5", 6),
        ("published", "Falcon", 3),
        ("published", "GPT-Neo", 3),
        ("published", "Llama-1", 3),
        ("published", "Llama-2", 3),
        ("uniform", "OpenLlama", 3),
        ("uniform", "Phi", 2),
        ("uniform", "Gemma", 2),
        ("uniform", "InternLM2", 2),
        ("uniform", "Mistral", 2),
        ("uniform", "Codegen", 2),
        ("uniform", "Yi-200K", 2),
    ],
}
# Per set: layouts, curvature right over left, spreads of the vertices, seed.
DESIGNS = {
    "chosen": (tuple(LAYOUTS)[:2], (1.2, 1.5, 1 / 1.2, 1 / 1.5), (0.0, 0.3, 0.6), 11),
    "held-out": (tuple(LAYOUTS), (1.35, 1 / 1.35), (0.0, 0.3, 0.6), 314159),
}
METHODS = ("published", "cluster bootstrap", "slope test inversion")


def layout_sizes(name):
    """log10 of the sizes and the family of every model in a layout."""
    sizes, families = [], []
    for number, (table, family, most) in enumerate(LAYOUTS[name]):
        frame = dynamics.load_table(table).frame
        params = frame.loc[frame["family"] == family, ["model", "params"]]
        if (table, family) == ("published", "Pythia"):
            # GPT-J and NeoX are filed under it, but are not of it.
            params = params[params["model"].str.startswith("Pythia-")]
        sizes.append(np.log10(np.sort(params["params"].to_numpy(float))[:most]))
        families += [number] * len(sizes[-1])
    return np.concatenate(sizes), np.array(families)


def simulate(generator, x, family, *, ratio, offset, spread):
    """Scores as fractions of one set of families; `ratio` is right over left curvature."""
    count = int(family.max()) + 1
    vertex = MEAN_VERTEX + spread * generator.standard_normal(count)
    level = 0.38 + offset * generator.standard_normal(count)
    d = x - vertex[family]
    steepness = CURVATURE * np.where(d < 0, ratio**-0.5, ratio**0.5)
    return level[family] + steepness * d * d + NOISE * generator.standard_normal(x.size)


def intervals(x, y, family, *, n_boot):
    """(low, high) of each method."""
    pooled = dynamics.critical_point(x, y, family, n_boot=n_boot)
    published = dynamics.phases.critical_point_published(x, y, n_boot=n_boot)
    return [(r.low, r.high) for r in (published, pooled.alternatives[0], pooled)]


def cover(low, high):
    """Coverage, share unbounded, coverage given bounded, median and mean width of bounded ones."""
    hit = (low <= MEAN_VERTEX) & (high >= MEAN_VERTEX)
    bounded = np.isfinite(low) & np.isfinite(high)
    width = (high - low)[bounded]
    return {
        "coverage": float(np.mean(hit)),
        "unbounded": float(np.mean(~bounded)),
        "coverage_bounded": float(np.mean(hit[bounded])) if width.size else None,
        "median_width": float(np.median(width)) if width.size else None,
        "mean_width": float(np.mean(width)) if width.size else None,
    }


def main():
    parser = argparse.ArgumentParser(description="Coverage of the critical point's interval.")
    parser.add_argument("--sims", type=int, default=100, help="simulated tables per design")
    parser.add_argument("--n-boot", type=int, default=1_000)
    parser.add_argument("--designs", choices=tuple(DESIGNS), default="chosen")
    parser.add_argument("--seed", type=int, help="other than the set's own")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)

    layouts, ratios, spreads, seed = DESIGNS[arguments.designs]
    seed = seed if arguments.seed is None else arguments.seed
    designs = [
        (layout, ratio, offset, spread)
        for layout in layouts
        for ratio in ratios
        for offset in (0.0, 0.03)
        for spread in spreads
    ]
    rows, start = [], time.perf_counter()
    if not arguments.json:
        print(f"{arguments.sims} tables per design, Monte Carlo error of .95 is", end=" ")
        print(f"{np.sqrt(0.95 * 0.05 / arguments.sims):.3f}; widths in decades, of bounded ones")
        print(f"{'design':52s} {'method':21s} cover unbnd c|bnd median  mean")
    for number, (layout, ratio, offset, spread) in enumerate(designs):
        x, family = layout_sizes(layout)
        generator = np.random.default_rng([seed, number])
        drawn = np.array(
            [
                intervals(
                    x,
                    simulate(generator, x, family, ratio=ratio, offset=offset, spread=spread),
                    family,
                    n_boot=arguments.n_boot,
                )
                for _ in range(arguments.sims)
            ]
        )
        label = f"{layout}, 1:{ratio:.2f}, offsets {100 * offset:.0f} pp, spread {spread:.1f}"
        for place, method in enumerate(METHODS):
            row = cover(drawn[:, place, 0], drawn[:, place, 1])
            design = {"layout": layout, "ratio": ratio, "offset": offset, "spread": spread}
            rows.append({**design, "method": method, **row})
            if not arguments.json:
                cells = [f"{v:5.3f}" if v is not None else "    -" for v in row.values()]
                print(f"{label if place == 0 else '':52s} {method:21s} {' '.join(cells)}")
        sys.stdout.flush()
    seconds = time.perf_counter() - start
    if arguments.json:
        print(json.dumps({"sims": arguments.sims, "seconds": seconds, "designs": rows}))
    else:
        print(f"{seconds:.0f} s")


if __name__ == "__main__":
    main()
