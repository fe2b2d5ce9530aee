"""Steered generation against plain generation and other tools; directions against forward passes.

    python benchmarks/steering_speed.py [--layers 12] [--width 768] [--new-tokens 64] [--repeats 7]
        [--statements 2000] [--threads 1] [--peer-python PATH] [--json]

A GPT-2 of random weights that never ends a text. Routes are timed in turn, round by round, in one
process; a ratio is the median over the rounds of plain seconds over the route's seconds, so 1 is as
fast as HuggingFace's own `generate`:

- `steered`: `interp.generate` inside `interp.steer`; `baked`: the vector as a bias, plain generate.
- `transformer_lens`: its bridge's `generate` with a hook that adds the same vector.

The peers that need an older stack (repeng, steering-vectors) run in an environment of their own,
`--peer-python`, on the same weights; their ratio is to plain generation of the same run there.

Directions: the states of all hook points at the last position of every statement and the mass-mean
directions from them, over the time of the forward passes alone in the same batches.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch

from nullcline import interp
from nullcline.interp._questions.tokens import batches
from nullcline.interp._steering.bake import _with_bias
from nullcline.interp._truth.linear import mass_mean
from nullcline.interp._truth.states import states_at

WORDS = 400
PROMPT_WORDS = 32


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


def generation(model, vector, prompt, new_tokens, repeats):
    """Seconds of every route, round by round, and the tokens of each."""
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

    routes = {
        "plain": lambda: plainly(model.network),
        "steered": steered,
        "baked": lambda: plainly(baked),
        "transformer_lens": lens,
    }
    seconds = {name: [] for name in routes}
    texts = {name: route() for name, route in routes.items()}
    for _ in range(repeats):
        for name, route in routes.items():
            begin = time.perf_counter()
            route()
            seconds[name].append(time.perf_counter() - begin)
    return seconds, texts


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

    pairs = []
    found()
    for _ in range(repeats):
        begin = time.perf_counter()
        forward()
        middle = time.perf_counter()
        found()
        pairs.append((middle - begin, time.perf_counter() - middle))
    return pairs


def peers(python, model, vector, prompt, new_tokens, repeats, threads):
    """What the other environment measured."""
    with tempfile.TemporaryDirectory() as folder:
        model.network.save_pretrained(folder)
        np.save(Path(folder) / "addition.npy", vector.addition().numpy())
        np.save(Path(folder) / "prompt.npy", np.array(model.encode(prompt)))
        done = subprocess.run(
            [python, str(Path(__file__).parent / "_steering_peers.py"), folder,
             str(vector.hook_point.layer), str(new_tokens), str(repeats), str(threads)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def ratio(seconds, base="plain"):
    """Median over rounds of plain seconds over each route's."""
    return {
        name: statistics.median(p / s for p, s in zip(seconds[base], values, strict=True))
        for name, values in seconds.items()
    }


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
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = make_model(options.layers, options.width)
    vector = make_vector(model)
    rng = np.random.default_rng(1)
    prompt = " ".join(f"w{number}" for number in rng.integers(1, WORDS, PROMPT_WORDS))
    seconds, texts = generation(model, vector, prompt, options.new_tokens, options.repeats)
    out = {
        "ratio": ratio(seconds),
        "tokens_per_second": {
            name: options.new_tokens / statistics.median(values) for name, values in seconds.items()
        },
        "same_tokens": {name: texts[name] == texts["steered"] for name in texts},
    }
    if options.peer_python:
        theirs = peers(
            options.peer_python, model, vector, prompt, options.new_tokens, options.repeats,
            options.threads,
        )  # fmt: skip
        out["peer_ratio"] = ratio(theirs["seconds"])
        out["peer_tokens_per_second"] = {
            name: options.new_tokens / statistics.median(values)
            for name, values in theirs["seconds"].items()
        }
        out["peer_same_tokens"] = {
            name: tokens == texts["steered"] for name, tokens in theirs["tokens"].items()
        }
    pairs = directions(model, options.statements, max(3, options.repeats // 2))
    out["directions_over_forward"] = statistics.median(b / a for a, b in pairs)
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
