"""Run in an environment with repeng and steering-vectors: their steered generation in turns.

    python _steering_peers.py FOLDER LAYER NEW_TOKENS THREADS

FOLDER holds a GPT-2, `addition.npy` and `prompt.npy`. Says the tokens of plain generation, repeng
and steering-vectors, then generates once more for each line of stdin.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from _side_by_side.measure import serve_turns
from repeng import ControlModel, ControlVector  # pyright: ignore[reportMissingImports]
from steering_vectors import SteeringVector  # pyright: ignore[reportMissingImports]
from transformers import GPT2LMHeadModel

warnings.filterwarnings("ignore")


def main(folder, layer, new_tokens, threads):
    torch.set_num_threads(threads)
    ids = torch.from_numpy(np.load(Path(folder) / "prompt.npy"))[None]
    addition = np.load(Path(folder) / "addition.npy")
    plain, wrapped, hooked = (GPT2LMHeadModel.from_pretrained(folder).eval() for _ in range(3))
    control = ControlModel(wrapped, [layer])
    control.set_control(ControlVector(model_type="gpt2", directions={layer: addition}), 1.0)
    vector = SteeringVector(layer_activations={layer: torch.from_numpy(addition)})

    def text(model):
        with torch.no_grad():
            out = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=new_tokens,
                do_sample=False,
                eos_token_id=50256,
                pad_token_id=0,
            )
        return out[0, ids.shape[1] :].tolist()

    def steering_vectors():
        with vector.apply(hooked):
            return text(hooked)

    routes = {
        "plain": lambda: text(plain),
        "repeng": lambda: text(control),
        "steering_vectors": steering_vectors,
    }
    tokens = {name: route() for name, route in routes.items()}
    serve_turns(routes, {"tokens": tokens})


main(sys.argv[1], *map(int, sys.argv[2:5]))
