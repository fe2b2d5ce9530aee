"""A model whose heads write what a test says, and the pairs that this decides."""

from typing import TYPE_CHECKING, cast

import torch
from tiny_models import word_tokenizer

from nullcline import interp

if TYPE_CHECKING:
    from transformers.models.gpt2.modeling_gpt2 import GPT2Block

PAIRS = (
    interp.Pair("the city of paris is in", "france", "winter"),
    interp.Pair("the river runs to the", "sea", "cold"),
    interp.Pair("copper has the symbol", "cu", "fe"),
    interp.Pair("a metal is", "heavy", "light"),
)
REASONING = (
    interp.Pair("seven is larger than", "five", "twelve"),
    interp.Pair("twelve is larger than", "nine", "birds"),
    interp.Pair("nine is larger than", "seven", "birds"),
    interp.Pair("and five is larger than", "seven", "twelve"),
)


def planted_model(*, truth=0.8, against=-0.5, reasoning=0.6, seed=0):
    """A GPT-2 of 2 layers and 4 heads in which two heads write, by hand, along what tells the true
    from the false answers: head 1.2 with weight `truth`, head 0.3 with weight `against` on the
    truth pairs and `reasoning` on the reasoning pairs. All other heads and the MLPs write nothing.
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = word_tokenizer()
    config = GPT2Config(
        vocab_size=320, n_embd=32, n_layer=2, n_head=4, n_positions=64, tie_word_embeddings=False
    )
    generator = torch.Generator().manual_seed(seed)
    network = GPT2LMHeadModel(config).eval()
    # Each axis sums to zero, so the centring of the final norm mixes no axis into another.
    axis = {"truth": (30, 28), "reasoning": (31, 29)}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        blocks = cast("list[GPT2Block]", network.transformer.h)  # torch types them as modules
        for norm in (network.transformer.ln_f, *(b.ln_1 for b in blocks)):
            norm.weight.fill_(1.0)
        # A text is recognised by nothing but its embedding: constant noise, so scales differ.
        network.transformer.wte.weight[:, :28] = torch.randn(320, 28, generator=generator)
        for name, pairs in (("truth", PAIRS), ("reasoning", REASONING)):
            for pair in pairs:
                for answer, sign in ((pair.true, 1.0), (pair.false, -1.0)):
                    (token,) = tokenizer(answer).input_ids
                    for dimension, value in zip(axis[name], (sign, -sign), strict=True):
                        network.lm_head.weight[token, dimension] = value
        for layer, head, writes in (
            (1, 2, {30: truth}),
            (0, 3, {30: against, 31: reasoning}),
        ):
            attention = blocks[layer].attn
            # The value is a constant (a bias), so the head writes the same whatever it looks at.
            attention.c_attn.bias[64 + head * 8] = 1.0
            for where, weight in writes.items():
                attention.c_proj.weight[head * 8, where] = weight
    return interp.build_model(network, tokenizer, name="planted")
