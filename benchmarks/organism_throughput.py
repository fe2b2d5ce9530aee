"""Training throughput of the organisms against a plain PyTorch loop of the same model.

    python benchmarks/organism_throughput.py [--recipe web] [--steps 50] [--json FILE]

Both train the same architecture at the same sizes on the same rows with AdamW and clipped
gradients; they take turns, several rounds each, so that a busy machine slows both alike. The
ratio is PyTorch's time over ours, the median of the rounds; PyTorch may choose between one thread
and all of them in each, and ours trains as many models at once as there are cores. Compilation is
left out and shown apart.
"""

import argparse
import dataclasses
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as functional
from _side_by_side.measure import in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows
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


def with_threads(run, threads):
    """The run with so many threads of PyTorch."""

    def limited():
        torch.set_num_threads(threads)
        run()

    return limited


def measure(recipe, *, steps, rounds, workers):
    """What `main` prints, and rows for docs/benchmarks.md."""
    corpus = organisms.make_corpus(recipe.corpus, seed=0)
    rows = stretch_rows(corpus, recipe, done=0, count=steps, steps=steps)
    tokens = steps * recipe.batch * recipe.context
    thread_counts = sorted({1, torch.get_num_threads()})
    found, lines = [], []
    for width in recipe.widths:
        seeds = [ours(recipe, width, rows, seed=seed) for seed in range(workers)]
        torch_run = plain_torch(recipe, width, rows)
        routes = {"one": seeds[0], "together": at_once(seeds)}
        routes |= {f"torch {n}": with_threads(torch_run, n) for n in thread_counts}
        timings = in_turn(routes, rounds)
        single, together = timings["one"].seconds, timings["together"].seconds
        peers = [timings[f"torch {n}"] for n in thread_counts]
        best = [min(turn) for turn in zip(*(peer.seconds for peer in peers), strict=True)]
        work = f"{steps} steps of {recipe.name}-{width}"
        their_mb = max(peer.peak_mb for peer in peers)
        lines += [
            Row(
                f"{work}, {workers} models at once",
                "seconds a model",
                "PyTorch loop",
                tuple(seconds / workers for seconds in together),
                tuple(best),
                our_mb=timings["together"].peak_mb,
                their_mb=their_mb,
            ),
            Row(
                f"{work}, one model",
                "seconds",
                "PyTorch loop",
                tuple(single),
                tuple(best),
                compile_s=timings["one"].compile_s,
                our_mb=timings["one"].peak_mb,
                their_mb=their_mb,
            ),
        ]
        found.append(
            {
                "width": width,
                "params": recipe.shape(width).params,
                "jax_tokens_per_second": workers * tokens / np.median(together),
                "jax_single_tokens_per_second": tokens / np.median(single),
                "torch_tokens_per_second": tokens / np.median(best),
                "ratio": 1 / float(np.median(lines[-2].ratios)),
                "single_ratio": 1 / float(np.median(lines[-1].ratios)),
                "compile_seconds": timings["one"].compile_s,
            }
        )
    total = {
        name: sum(1.0 / row[f"{name}_tokens_per_second"] for row in found)
        for name in ("jax", "jax_single", "torch")
    }
    figures = {
        "recipe": recipe.name,
        "steps": steps,
        "rounds": rounds,
        "sizes": found,
        "workers": workers,
        "family_ratio": total["torch"] / total["jax"],
        "family_single_ratio": total["torch"] / total["jax_single"],
    }
    return figures, lines


def main():
    parser = argparse.ArgumentParser(description="Training throughput against PyTorch.")
    parser.add_argument("--recipe", default="web")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--widths", type=int, nargs="+", help="of the recipe's (all)")
    parser.add_argument("--json", type=Path)
    add_rows_option(parser)
    options = parser.parse_args()
    recipe = organisms.load_recipe(options.recipe)
    if options.widths:
        recipe = dataclasses.replace(recipe, widths=tuple(options.widths))
    result, rows = measure(
        recipe,
        steps=options.steps,
        rounds=options.rounds,
        workers=options.workers,
    )
    write_rows(options, rows)
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
