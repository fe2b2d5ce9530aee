"""Attribution to all heads over many pairs, against TransformerLens' own route.

    python benchmarks/head_attribution.py [--layers 12] [--width 768] [--pairs 512] [--length 64]
        [--repeats 5] [--default-malloc] [--json]

A GPT-2 of random weights. Peak memory is that of a process above what it holds with the model
loaded (`VmHWM`, which Linux can reset; each route in a process of its own). TransformerLens: a
bridge in compatibility mode, `run_with_cache` and `stack_head_results` at the last position or at
all, on one batch of 32 pairs. Ours: all pairs. Both give blocks of a megabyte or more back to the
system at once: glibc before 2.38 would keep holes between aligned blocks instead of filling them,
and what it keeps is no need of the route (`--default-malloc` lets it). Times are taken in turn in
one process: a plain HuggingFace forward over the same rows in the same batches, attribution to all
heads, attribution patching of all heads, one step of attribution to all edges; ratios are medians
over the repeats.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import warnings

import numpy as np
import torch
from _side_by_side.measure import above, in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import interp
from nullcline.interp._heads.contrasts import encode_contrasts
from nullcline.interp._heads.direct import direct_attribution
from nullcline.interp._questions.tokens import batches

BATCH = 32
WORDS = 400


def make_model(layers, width):
    """A GPT-2 with the vocabulary of the real one and a tokenizer of one token per word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = {"<end>": 0} | {f"w{number}": number for number in range(1, WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(n_layer=layers, n_embd=width, n_head=width // 64))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", bos_token="<end>")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return interp.build_model(network.eval(), fast, name="benchmark")


def make_pairs(count, length):
    """Pairs of random words, each with another prompt of the same length."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(count):
        words = [f"w{number}" for number in rng.integers(1, WORDS, length + 1)]
        true, false = rng.choice(np.arange(1, WORDS), 2, replace=False)
        found.append(
            interp.Pair(
                " ".join(words[:-1]),
                f"w{true}",
                f"w{false}",
                counterfactual=" ".join([words[-1], *words[1:-1]]),
            )
        )
    return found


def ours(model, pairs):
    return direct_attribution(model, encode_contrasts(model, pairs)).heads


def edges(model, pairs):
    """One step for all edges."""
    return interp.edge_attribution(model, pairs, steps=1, check_top=0)


def theirs(model, pairs, *, every_position):
    """All heads' shares of one batch by cache, stack and product."""
    tokens = torch.tensor([model.encode(pair.prompt) for pair in pairs])
    answers = [[model.encode(text)[-1] for text in (pair.true, pair.false)] for pair in pairs]
    weight = model.network.get_output_embeddings().weight
    direction = torch.stack([weight[true] - weight[false] for true, false in answers])
    with torch.no_grad():
        _, cache = model.bridge.run_with_cache(tokens)
        positions = slice(None) if every_position else -1
        results = cache.stack_head_results(layer=-1, pos_slice=positions)
        results = cache.apply_ln_to_stack(results, layer=-1, pos_slice=positions)
        if every_position:
            results = results[:, :, -1]
        return torch.einsum("cbd,bd->bc", results, direction).numpy()


def memory(route, layers, width, pairs, length):
    """One route in this process: bytes above the model, and the shares of the first batch."""
    model = make_model(layers, width)
    chosen = make_pairs(pairs, length)
    if route == "edges":
        edges(model, chosen[:2])
        used, found = above(lambda: edges(model, chosen))
        return used, np.array([found.n_edges])
    if route == "ours":
        ours(model, chosen[:2])
        used, shares = above(lambda: ours(model, chosen))
        return used, shares[:BATCH].reshape(len(chosen[:BATCH]), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.bridge.enable_compatibility_mode()
        every = route == "theirs"
        theirs(model, chosen[:2], every_position=every)
        return above(lambda: theirs(model, chosen[:BATCH], every_position=every))


def measured(route, options):
    """The same in a process of its own."""
    settings = [str(getattr(options, name)) for name in ("layers", "width", "pairs", "length")]
    kept = {} if options.default_malloc else {"MALLOC_MMAP_THRESHOLD_": str(2**20)}
    ran = subprocess.run(
        [sys.executable, __file__, "--route", route, *settings],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | kept,
    )
    found = json.loads(ran.stdout.splitlines()[-1])
    return found["bytes"], np.array(found["shares"])


def times(options):
    """Timings of every route in turn."""
    model = make_model(options.layers, options.width)
    lens = make_model(options.layers, options.width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lens.bridge.enable_compatibility_mode()  # changes its weights in place
    pairs = make_pairs(options.pairs, options.length)
    rows = encode_contrasts(model, pairs).rows

    def forward():
        with torch.no_grad():
            for _, tokens in batches(rows, device=model.device):
                model.network(tokens, use_cache=False)

    def peer():
        for first in range(0, len(pairs), BATCH):
            some = pairs[first : first + BATCH]
            theirs(lens, some, every_position=options.every_position)

    routes = {
        "forward": forward,
        "attribution": lambda: ours(model, pairs),
        "transformer_lens": peer,
        "patching": lambda: interp.attribution_patching(model, pairs, check_top=0),
        "edges": lambda: edges(model, pairs),
    }
    return in_turn(routes, options.repeats)


def as_rows(options, taken, mine, peer, last):
    """Ours beside TransformerLens and above a plain forward pass; memory as `measured`, bytes."""
    work = (
        f"all heads, {options.layers} layers of width {options.width}, {options.pairs} pairs of "
        f"{options.length} tokens"
    )
    attribution = tuple(taken["attribution"].seconds)
    where = "all positions" if options.every_position else "last position"
    lens = "TransformerLens, cache and stack_head_results"
    found = [
        Row(
            work, "seconds", f"{lens}, {where}", attribution,
            tuple(taken["transformer_lens"].seconds),
        ),
        *(
            Row(
                f"{work} (the peer: {min(BATCH, options.pairs)})",
                "peak memory above the model, MB",
                f"{lens}, {place}",
                (mine / 1e6,),
                (bytes_ / 1e6,),
                pairs="a process of its own each",
            )
            for place, bytes_ in (("all positions", peer), ("last position", last))
        ),
    ]  # fmt: skip
    floor = tuple(taken["forward"].seconds)
    for name, said in (
        ("attribution", work),
        ("patching", "attribution patching of all heads"),
        ("edges", "one step of attribution to all edges"),
    ):
        seconds = tuple(taken[name].seconds)
        found.append(Row(said, "seconds", "plain forward of the same rows", seconds, floor,
                         floor=True))  # fmt: skip
    return found


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--pairs", type=int, default=512)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--every-position", action="store_true", help="in the peer's time, too")
    parser.add_argument("--default-malloc", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--route", nargs=5, help=argparse.SUPPRESS)
    add_rows_option(parser)
    options = parser.parse_args()
    if options.route:
        route, *sizes = options.route
        used, shares = memory(route, *map(int, sizes))
        print(json.dumps({"bytes": used, "shares": np.asarray(shares).tolist()}))
        return
    mine, shares = measured("ours", options)
    peer, peer_shares = measured("theirs", options)
    last, _ = measured("theirs-last", options)
    edges_bytes, edges_count = measured("edges", options)
    timings = times(options)
    write_rows(options, as_rows(options, timings, mine, peer, last))
    taken = {name: one.seconds for name, one in timings.items()}

    def ratio(name, floor="forward"):
        pairs = zip(taken[name], taken[floor], strict=True)
        return statistics.median(a / b for a, b in pairs)

    found = {
        "settings": {n: getattr(options, n) for n in ("layers", "width", "pairs", "length")},
        "memory": {
            "ours_mb": mine / 1e6,
            "transformer_lens_mb": peer / 1e6,
            "transformer_lens_last_position_mb": last / 1e6,
            "share": mine / peer,
        },
        "largest_difference": float(np.abs(shares - peer_shares).max()),
        "seconds": {name: statistics.median(values) for name, values in taken.items()},
        "attribution_over_forward": ratio("attribution"),
        "attribution_over_transformer_lens": ratio("attribution", "transformer_lens"),
        "patching_over_forward": ratio("patching"),
        "edges": {
            "count": int(edges_count[0]),
            "memory_mb": edges_bytes / 1e6,
            "step_over_forward": ratio("edges"),
        },
    }
    if options.json:
        print(json.dumps(found, indent=2))
        return
    kept = found["memory"]
    print(
        f"memory above the model: {kept['ours_mb']:.0f} MB for {options.pairs} pairs; "
        f"run_with_cache + stack_head_results {kept['transformer_lens_mb']:.0f} MB for {BATCH} "
        f"({100 * kept['share']:.1f} %), at the last position alone "
        f"{kept['transformer_lens_last_position_mb']:.0f} MB\n"
        f"largest difference of a head's share: {found['largest_difference']:.1e}\n"
        f"plain forward {found['seconds']['forward']:.2f} s; attribution of all heads "
        f"{found['attribution_over_forward']:.2f} times "
        f"({found['attribution_over_transformer_lens']:.2f} of TransformerLens), "
        f"attribution patching "
        f"{found['patching_over_forward']:.2f} times, a step of attribution to all "
        f"{found['edges']['count']} edges {found['edges']['step_over_forward']:.2f} times, with "
        f"{found['edges']['memory_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
