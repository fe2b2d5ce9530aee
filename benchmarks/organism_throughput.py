"""Training throughput of the organisms against a plain PyTorch loop of the same model.

    python benchmarks/organism_throughput.py [--recipe web] [--steps 50] [--json FILE]

Both train the same architecture at the same sizes on the same rows with AdamW and clipped
gradients; they take turns, several rounds each, so that a busy machine slows both alike. The
ratio is PyTorch's time over ours, from the fastest round of each; PyTorch may choose between one
thread and all of them, and ours trains as many models at once as there are cores. Compilation is
left out and shown apart.
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as functional
from flax import nnx
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from nullcline import organisms
from nullcline.organisms._training.export import config_of
from nullcline.organisms._training.train import _optimiser, _run_stretch, run_settings, stretch_rows


def ours(recipe, width, rows, *, seed):
    """A function that trains one seed over `rows` once more."""
    settings = run_settings(recipe, width)
    graph, weights = nnx.split(organisms.make_model(recipe.shape(width), seed=seed))
    carry = (weights, _optimiser(settings).init(weights))
    stretches = jnp.asarray(rows)

    def run():
        nonlocal carry
        carry, losses = _run_stretch(carry, stretches, graph=graph, settings=settings)
        jax.block_until_ready((carry, losses))

    return run


def at_once(runs):
    """A function that runs all of them in threads, as `organisms.train(workers=...)` does."""

    def run():
        with ThreadPoolExecutor(max_workers=len(runs)) as pool:
            for future in [pool.submit(each) for each in runs]:
                future.result()

    return run


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


def measure(recipe, *, steps, rounds, workers):
    corpus = organisms.make_corpus(recipe.corpus, seed=0)
    rows = stretch_rows(corpus, recipe, done=0, count=steps, steps=steps)
    tokens = steps * recipe.batch * recipe.context
    thread_counts = sorted({1, torch.get_num_threads()})
    found = []
    for width in recipe.widths:
        started = time.perf_counter()
        seeds = [ours(recipe, width, rows, seed=seed) for seed in range(workers)]
        seeds[0]()
        compilation = time.perf_counter() - started
        together = at_once(seeds)
        torch_run = plain_torch(recipe, width, rows)
        single_best = together_best = torch_best = np.inf
        for _ in range(rounds):
            single_best = fastest(seeds[0], single_best)
            together_best = fastest(together, together_best)
            for threads in thread_counts:
                torch.set_num_threads(threads)
                torch_best = fastest(torch_run, torch_best)
        found.append(
            {
                "width": width,
                "params": recipe.shape(width).params,
                "jax_tokens_per_second": workers * tokens / together_best,
                "jax_single_tokens_per_second": tokens / single_best,
                "torch_tokens_per_second": tokens / torch_best,
                "ratio": workers * torch_best / together_best,
                "single_ratio": torch_best / single_best,
                "compile_seconds": compilation - single_best,
            }
        )
    total = {
        name: sum(1.0 / row[f"{name}_tokens_per_second"] for row in found)
        for name in ("jax", "jax_single", "torch")
    }
    return {
        "recipe": recipe.name,
        "steps": steps,
        "rounds": rounds,
        "sizes": found,
        "workers": workers,
        "family_ratio": total["torch"] / total["jax"],
        "family_single_ratio": total["torch"] / total["jax_single"],
    }


def main():
    parser = argparse.ArgumentParser(description="Training throughput against PyTorch.")
    parser.add_argument("--recipe", default="web")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = measure(
        organisms.load_recipe(options.recipe),
        steps=options.steps,
        rounds=options.rounds,
        workers=options.workers,
    )
    print(f"{options.workers} models at once, tokens per second; 'one' is a single model of ours")
    print(f"{'width':>5} {'params':>7} {'ours':>9} {'one':>9} {'torch':>9} {'ratio':>6} {'one':>6}")
    for row in result["sizes"]:
        print(
            f"{row['width']:5d} {row['params']:7d} {row['jax_tokens_per_second']:9,.0f} "
            f"{row['jax_single_tokens_per_second']:9,.0f} {row['torch_tokens_per_second']:9,.0f} "
            f"{row['ratio']:6.2f} {row['single_ratio']:6.2f}"
        )
    print(
        f"whole family: {result['family_ratio']:.2f} times as fast as PyTorch, "
        f"{result['family_single_ratio']:.2f} times with one model at a time"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
