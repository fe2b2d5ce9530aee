"""Steered generation against plain generation and other tools; directions against forward passes.

    python benchmarks/steering_speed.py [--layers 12] [--width 768] [--new-tokens 64] [--repeats 7]
        [--statements 2000] [--threads 1] [--peer-python PATH] [--json]

A GPT-2 of random weights that never ends a text. Routes are timed in turn, round by round; a ratio
is the median over the rounds of plain seconds over the route's seconds, so 1 is as fast as
HuggingFace's own `generate`:

- `steered`: `interp.generate` inside `interp.steer`; `baked`: the vector as a bias, plain generate.
- `transformer_lens`: its bridge's `generate` with a hook that adds the same vector.

The peers that need an older stack (repeng, steering-vectors) run in an environment of their own,
`--peer-python`, on the same weights, in the same turns; their ratio is to plain generation there.

Directions: the states of all hook points at the last position of every statement and the mass-mean
directions from them, over the time of the forward passes alone in the same batches.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from _side_by_side.measure import PeerProcess, in_turn
from _side_by_side.rows import Row, add_rows_option, write_rows

from nullcline import interp
from nullcline.interp._questions.tokens import batches
from nullcline.interp._steering.bake import _with_bias
from nullcline.interp._truth.linear import mass_mean
from nullcline.interp._truth.states import states_at

WORDS = 400
PROMPT_WORDS = 32
#: Routes of the other environment.
OTHERS = ("plain", "repeng", "steering_vectors")


def make_model(layers, width):
    """A GPT-2 with the real one's vocabulary, a tokenizer of one token per word, and no end."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    words = {"<end>": 0} | {f"w{number}": number for number in range(1, WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2Config(n_layer=layers, n_embd=width, n_head=width // 64)).eval()
    network.generation_config.eos_token_id = 50256  # random weights do not choose it
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", bos_token="<end>")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return interp.build_model(network, fast, name="benchmark")


def make_vector(model):
    """A random direction after the middle layer, half as long as the stream."""
    direction = torch.randn(model.d_model, generator=torch.Generator().manual_seed(0))
    return interp.TruthVector(
        direction=direction / direction.norm(),
        hook_point=interp.HookPoint(model.n_layers // 2, "block"),
        strength=0.5,
        norm=10.0,
        raw_norm=1.0,
        method="mass-mean",
        contrast="random",
        model=model.name,
        fingerprint=model.fingerprint,
    )


def generation(model, vector, prompt, new_tokens):
    """Route -> a function that generates, and gives the tokens."""
    baked = _with_bias(model, vector, vector.addition())
    ids = torch.tensor([model.encode(prompt)])
    bridge_hook = f"blocks.{vector.hook_point.layer}.hook_out"
    addition = vector.addition()

    def plainly(network):
        with torch.no_grad():
            out = network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=new_tokens,
                do_sample=False,
                eos_token_id=50256,
                pad_token_id=0,
            )
        return out[0, ids.shape[1] :].tolist()

    def steered():
        with interp.steer(model, vector):
            return list(interp.generate(model, prompt, max_new_tokens=new_tokens).tokens)

    def lens():
        with (
            torch.no_grad(),
            model.bridge.hooks(fwd_hooks=[(bridge_hook, lambda tensor, hook: tensor + addition)]),
        ):
            out = model.bridge.generate(
                ids, max_new_tokens=new_tokens, do_sample=False, stop_at_eos=False, verbose=False
            )
        return out[0, ids.shape[1] :].tolist()

    return {
        "plain": lambda: plainly(model.network),
        "steered": steered,
        "baked": lambda: plainly(baked),
        "transformer_lens": lens,
    }


def directions(model, statements, repeats):
    """Seconds of forward passes alone, and of directions at all hook points."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, WORDS, 12).tolist() for _ in range(statements)]
    labels = rng.random(statements) < 0.5
    points = interp.hook_points_of(model, sites=["block"])

    def forward():
        with torch.no_grad():
            for _, tokens in batches(rows, device=model.device):
                model.network.base_model(tokens, use_cache=False)

    def found():
        return mass_mean(states_at(model, rows, points), labels)

    return in_turn({"forward": forward, "directions": found}, repeats)


@contextlib.contextmanager
def peers(options, model, vector, prompt):
    """The process in the other environment, None where none is named."""
    if not options.peer_python:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        model.network.save_pretrained(folder)
        np.save(Path(folder) / "addition.npy", vector.addition().numpy())
        np.save(Path(folder) / "prompt.npy", np.array(model.encode(prompt)))
        settings = (folder, vector.hook_point.layer, options.new_tokens, options.threads)
        with PeerProcess(options.peer_python, "_steering_peers.py", *settings) as process:
            yield process


def ratio(seconds, base="plain"):
    """Median over rounds of plain seconds over each route's."""
    return {
        name: statistics.median(p / s for p, s in zip(seconds[base], values, strict=True))
        for name, values in seconds.items()
    }


def as_rows(options, timings, found):
    """Ours beside every other route, for docs/benchmarks.md."""
    work = f"{options.new_tokens} steered tokens, {options.layers} layers of {options.width}"
    pairs = [
        ("steered", "plain", "HuggingFace generate, not steered"),
        ("baked", "plain", "HuggingFace generate, not steered"),
        ("steered", "transformer_lens", "TransformerLens, generate with a hook"),
        ("steered", "peer repeng", "repeng"),
        ("steered", "peer steering_vectors", "steering-vectors"),
    ]
    rows = [
        Row(
            work if one == "steered" else f"{work}, the vector baked in",
            "seconds",
            title,
            tuple(timings[one].seconds),
            tuple(timings[other].seconds),
            our_mb=timings[one].peak_mb,
            their_mb=timings[other].peak_mb,
        )
        for one, other, title in pairs
        if other in timings
    ]
    forward, directions = found["forward"], found["directions"]
    return [
        *rows,
        Row(
            f"directions of {options.layers} layers from {options.statements:,} statements",
            "seconds",
            "the forward passes alone",
            tuple(directions.seconds),
            tuple(forward.seconds),
            floor=True,
            our_mb=directions.peak_mb,
            their_mb=forward.peak_mb,
        ),
    ]


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--statements", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", help="an environment with repeng and steering-vectors")
    parser.add_argument("--json", action="store_true")
    add_rows_option(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = make_model(options.layers, options.width)
    vector = make_vector(model)
    rng = np.random.default_rng(1)
    prompt = " ".join(f"w{number}" for number in rng.integers(1, WORDS, PROMPT_WORDS))
    routes = generation(model, vector, prompt, options.new_tokens)
    texts = {name: route() for name, route in routes.items()}
    with peers(options, model, vector, prompt) as process:
        others = {f"peer {name}": process.route(name) for name in OTHERS} if process else {}
        timings = in_turn({**routes, **others}, options.repeats)
        tokens = process.about["tokens"] if process else {}
    seconds = {name: timings[name].seconds for name in routes}
    found = directions(model, options.statements, max(5, options.repeats // 2))
    out = {
        "ratio": ratio(seconds),
        "tokens_per_second": {
            name: options.new_tokens / statistics.median(values) for name, values in seconds.items()
        },
        "same_tokens": {name: texts[name] == texts["steered"] for name in texts},
    }
    if process:
        theirs = {name: timings[f"peer {name}"].seconds for name in OTHERS}
        out["peer_ratio"] = ratio(theirs)
        out["peer_tokens_per_second"] = {
            name: options.new_tokens / statistics.median(values) for name, values in theirs.items()
        }
        out["peer_same_tokens"] = {name: one == texts["steered"] for name, one in tokens.items()}
    pairs = zip(found["forward"].seconds, found["directions"].seconds, strict=True)
    out["directions_over_forward"] = statistics.median(b / a for a, b in pairs)
    write_rows(options, as_rows(options, timings, found))
    if options.json:
        print(json.dumps(out, indent=2))
        return
    for key, value in out.items():
        if not isinstance(value, dict):
            print(f"{key}: {value:.3f}")
            continue
        shown = (f"{n} {v if isinstance(v, bool) else round(v, 3)}" for n, v in value.items())
        print(f"{key}: {', '.join(shown)}")


if __name__ == "__main__":
    main()
