"""A model with a planted truth feature: made by hand, known to the last weight.

Values carry a code that no linear map can read: true ones have equal signs on two axes, false ones
opposite signs. The MLP of layer 1 turns the code into the *truth axis*, +1 or -1. A head of layer 2
looks at the word `is` and, where the truth axis is set there, writes what makes true values
likelier. So after layer 1, and only there, the difference of true and false statements is the truth
axis, and adding it makes the model answer truly; at other hook points the difference does nothing.
Every false value is preferred at first: two of three by a little, the third by more than any
addition within reach can undo.
"""

from typing import TYPE_CHECKING, cast

import torch
from tiny_models import word_tokenizer

from nullcline import interp

if TYPE_CHECKING:
    from transformers.models.gpt2.modeling_gpt2 import GPT2Block

FACTS = 48
WIDTH = 64
# Axes in pairs of opposite signs: their sum is zero, so that a norm's centring mixes none.
TRUTH, ANSWER, IS, CODE = (60, 63), (61, 59), 62, (56, 57)
FLIPPABLE = 2 / 3
HOOK_POINT = interp.HookPoint(1, "block")


def planted_truth(seed=0):
    """The model, `(Model, TruthSets)`."""
    from transformers import GPT2Config, GPT2LMHeadModel

    names = [f"{kind}{n}" for kind in ("s", "t", "f") for n in range(FACTS)]
    fillers = [f"w{n}" for n in range(20)]
    tokenizer = word_tokenizer(" ".join([*names, *fillers, "is"]))
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=WIDTH,
        n_layer=3,
        n_head=4,
        n_positions=16,
        bos_token_id=0,
        eos_token_id=0,
        activation_function="relu",
        tie_word_embeddings=False,
    )
    network = GPT2LMHeadModel(config).eval()
    generator = torch.Generator().manual_seed(seed)

    def token(word):
        return tokenizer.convert_tokens_to_ids(word)

    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        blocks = cast("list[GPT2Block]", network.transformer.h)  # torch types them as modules
        for norm in (network.transformer.ln_f, *(n for b in blocks for n in (b.ln_1, b.ln_2))):
            norm.weight.fill_(1.0)
        embedding = network.transformer.wte.weight
        noise = torch.randn(len(tokenizer), 48, generator=generator)
        embedding[token("is"), IS] = 4.0
        for fact in range(FACTS):
            sign = 1.0 if fact % 2 else -1.0
            for word, second in ((f"t{fact}", sign), (f"f{fact}", -sign)):
                embedding[token(word), CODE[0]] = 3.0 * sign
                embedding[token(word), CODE[1]] = 3.0 * second
            # What is preferred at first: the false value, by a little or by far too much.
            network.lm_head.weight[token(f"f{fact}"), IS] = 0.4 if fact % 9 < 6 else 40.0
            for axis, by in zip(ANSWER, (1.0, -1.0), strict=True):
                network.lm_head.weight[token(f"t{fact}"), axis] = by
                network.lm_head.weight[token(f"f{fact}"), axis] = -by
        embedding[:, :48] = noise - (noise.sum(1) + embedding.sum(1))[:, None] / 48
        mlp = blocks[1].mlp
        for unit, (a, b, out) in enumerate(((1, 1, 1), (-1, -1, 1), (1, -1, -1), (-1, 1, -1))):
            mlp.c_fc.weight[CODE[0], unit] = float(a)
            mlp.c_fc.weight[CODE[1], unit] = float(b)
            mlp.c_proj.weight[unit, TRUTH[0]] = 4.0 * out
            mlp.c_proj.weight[unit, TRUTH[1]] = -4.0 * out
        attention = blocks[2].attn
        # Queries are constant, keys are the word `is`: that is where the head looks.
        attention.c_attn.bias[0] = 10.0
        attention.c_attn.weight[IS, WIDTH] = 10.0
        attention.c_attn.weight[TRUTH[0], 2 * WIDTH] = 1.0
        attention.c_attn.weight[TRUTH[1], 2 * WIDTH] = -1.0
        attention.c_proj.weight[0, ANSWER[0]] = 1.0
        attention.c_proj.weight[0, ANSWER[1]] = -1.0
    return interp.build_model(network, tokenizer, name="planted"), planted_sets(seed)


def truth_axis():
    """The planted direction, of length one."""
    axis = torch.zeros(WIDTH)
    axis[TRUTH[0]], axis[TRUTH[1]] = 0.5**0.5, -(0.5**0.5)
    return axis


def planted_sets(seed=0):
    """The facts as statements and two-option questions, a third of them per split."""
    statements = [
        interp.Statement(text=f"s{n} is {kind}{n}", label=kind == "t", topic=f"topic {n % 2}")
        for n in range(FACTS)
        for kind in ("t", "f")
    ]
    questions = [
        interp.Question(prompt=f"s{n} is", options=(f"t{n}", f"f{n}"), right=(True, False), best=0)
        for n in range(FACTS)
    ]
    draw = torch.Generator().manual_seed(seed)
    neutral = [
        " ".join(f"w{n}" for n in torch.randint(0, 20, (8,), generator=draw).tolist())
        for _ in range(12)
    ]
    return interp.truth_sets(statements, questions, neutral=neutral, cue="w0")
