"""Training throughput of the organisms against a plain PyTorch loop of the same model.

    python benchmarks/organism_throughput.py [--recipe web] [--steps 50] [--json FILE]

Both train the same architecture at the same sizes on the same rows with AdamW and clipped
gradients; they take turns, several rounds each, so that a busy machine slows both alike. The
ratio is PyTorch's time over ours, from the fastest round of each; compilation is left out and
shown apart.
"""

import argparse
import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as functional
from flax import nnx
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

import organisms
from organisms._export import config_of
from organisms._train import _optimiser, _run_stretch, run_settings, stretch_rows


def ours(recipe, width, rows):
    """A function that trains over `rows` once more, and the seconds that compilation took."""
    settings = run_settings(recipe, width)
    graph, weights = nnx.split(organisms.make_model(recipe.shape(width), seed=0))
    carry = (weights, _optimiser(settings).init(weights))
    stretches = jnp.asarray(rows)

    def run():
        nonlocal carry
        carry, losses = _run_stretch(carry, stretches, graph=graph, settings=settings)
        jax.block_until_ready((carry, losses))

    started = time.perf_counter()
    run()
    return run, time.perf_counter() - started


def plain_torch(recipe, width, rows):
    """The same in PyTorch: the transformers model, a data tensor, a loop."""
    shape = recipe.shape(width)
    config = GPTNeoXConfig(**config_of(shape, context=recipe.context))
    model = GPTNeoXForCausalLM(config)
    rate = recipe.learning_rate * (16.0 / width) ** 0.5
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
    )
    batches = torch.tensor(rows, dtype=torch.long)

    def run():
        for batch in batches:
            logits = model(batch[:, :-1], use_cache=False).logits
            loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()

    run()
    return run


def fastest(run, best):
    started = time.perf_counter()
    run()
    return min(best, time.perf_counter() - started)


def measure(recipe, *, steps, rounds):
    corpus = organisms.make_corpus(recipe.corpus, seed=0)
    rows = stretch_rows(corpus, recipe, done=0, count=steps, steps=steps)
    tokens = steps * recipe.batch * recipe.context
    found = []
    for width in recipe.widths:
        jax_run, compilation = ours(recipe, width, rows)
        torch_run = plain_torch(recipe, width, rows)
        jax_best = torch_best = np.inf
        for _ in range(rounds):
            jax_best = fastest(jax_run, jax_best)
            torch_best = fastest(torch_run, torch_best)
        found.append(
            {
                "width": width,
                "params": recipe.shape(width).params,
                "jax_tokens_per_second": tokens / jax_best,
                "torch_tokens_per_second": tokens / torch_best,
                "ratio": torch_best / jax_best,
                "compile_seconds": compilation - jax_best,
            }
        )
    total = {
        name: sum(1.0 / row[f"{name}_tokens_per_second"] for row in found)
        for name in ("jax", "torch")
    }
    return {
        "recipe": recipe.name,
        "steps": steps,
        "rounds": rounds,
        "sizes": found,
        "family_ratio": total["torch"] / total["jax"],
    }


def main():
    parser = argparse.ArgumentParser(description="Training throughput against PyTorch.")
    parser.add_argument("--recipe", default="web")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(
        organisms.load_recipe(options.recipe), steps=options.steps, rounds=options.rounds
    )
    print(f"{'width':>5} {'params':>7} {'ours tok/s':>11} {'torch tok/s':>11} {'ratio':>6}")
    for row in result["sizes"]:
        print(
            f"{row['width']:5d} {row['params']:7d} {row['jax_tokens_per_second']:11,.0f} "
            f"{row['torch_tokens_per_second']:11,.0f} {row['ratio']:6.2f}"
        )
    print(f"whole family: {result['family_ratio']:.2f} times as fast as PyTorch")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
