"""Simulated families along log10 N, on the sizes of real ones, with a known mean vertex.

A family's score is an offset, a curvature per side times the squared distance from its own vertex,
and noise of 1 pp. The mean vertex lies at log10 N = 9.54; the spread of the families' vertices
about it and the sd of the offsets are the design. The curvature is 4 pp per squared decade, the
geometric mean of both sides: about that of Pythia from 70M to 12B if its vertex is taken at 3.5B.
"""

from functools import cache

import numpy as np

from nullcline import dynamics

MEAN_VERTEX = 9.54
CURVATURE = 0.04
NOISE = 0.01
#: The first two are those that the pooled minimum was chosen on.
CHOSEN = 2

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


@cache
def layout_sizes(name: str) -> tuple[np.ndarray, np.ndarray]:
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


def simulate(
    generator: np.random.Generator,
    x: np.ndarray,
    family: np.ndarray,
    *,
    ratio: float,
    offset: float,
    spread: float,
) -> np.ndarray:
    """Scores as fractions of one set of families; `ratio` is right over left curvature."""
    count = int(family.max()) + 1
    vertex = MEAN_VERTEX + spread * generator.standard_normal(count)
    level = 0.38 + offset * generator.standard_normal(count)
    d = x - vertex[family]
    steepness = CURVATURE * np.where(d < 0, ratio**-0.5, ratio**0.5)
    return level[family] + steepness * d * d + NOISE * generator.standard_normal(x.size)
