"""What makes the shares of heads a sum: norms that are linear, and reasons where they are not."""

import numpy as np
import pytest
import torch
from planted_heads import PAIRS, planted_model
from torch import nn

from nullcline import interp
from nullcline.interp._heads.norms import read_norm


@pytest.mark.parametrize("width", [2, 3, 5, 32, 33])
@pytest.mark.parametrize("kind", [nn.LayerNorm, nn.RMSNorm])
def test_a_norm_is_read_off_what_it_does(kind, width):
    generator = torch.Generator().manual_seed(width)
    norm = kind(width).double()
    for parameter in norm.parameters():
        parameter.data = torch.randn(width, generator=generator, dtype=torch.float64)
    found = read_norm(norm, width)
    assert found.centred == (kind is nn.LayerNorm)
    # The norm's epsilon (1e-5) stands beside entries of a thousand.
    torch.testing.assert_close(found.weight, norm.weight.data, rtol=1e-9, atol=1e-9)
    bias = norm.bias.data if kind is nn.LayerNorm else torch.zeros(width).double()
    torch.testing.assert_close(found.bias, bias, rtol=1e-9, atol=1e-9)
    inputs, direction = torch.randn(2, 6, width, generator=generator, dtype=torch.float64)
    outputs = norm(inputs).detach()
    pulled = found.pull_back(direction, inputs, outputs)
    torch.testing.assert_close(
        (pulled * inputs).sum(-1), (direction * (outputs - bias)).sum(-1), rtol=1e-8, atol=1e-8
    )
    # It is linear: with the scale as it was, the shares of two parts of the input are a sum.
    part = torch.randn(6, width, generator=generator, dtype=torch.float64)
    scale = 1 / (inputs.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    if kind is nn.RMSNorm:
        scale = 1 / (inputs.square().mean(-1, keepdim=True) + torch.finfo(inputs.dtype).eps).sqrt()
    centred = part - part.mean(-1, keepdim=True) if kind is nn.LayerNorm else part
    by_hand = (direction * norm.weight.data * centred * scale).sum(-1)
    torch.testing.assert_close((pulled * part).sum(-1), by_hand, rtol=1e-7, atol=1e-7)


def changed(model, monkeypatch, change):
    """The model with other logits than its parts say."""
    forward = model.network.forward

    def another(*args, **kwargs):
        found = forward(*args, **kwargs)
        found.logits = change(found.logits)
        return found

    monkeypatch.setattr(model.network, "forward", another)


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("do_layer_norm_before", False, "norm the residual stream after each addition"),
        ("logit_scale", 0.5, "scales its logits after the unembedding"),
        ("logits_scaling", 2.0, "scales its logits after the unembedding"),
        ("residual_multiplier", 0.5, "scales what each block adds"),
        ("residual_multiplier", 1.0, "is not linear"),
        ("do_layer_norm_before", True, "is not linear"),
        ("word_embed_proj_dim", 16, "a projection stands between"),
        ("word_embed_proj_dim", 32, "is not linear"),
    ],
)
def test_what_breaks_the_sum_is_named(monkeypatch, setting, value, says):
    model = planted_model()
    changed(model, monkeypatch, lambda logits: -logits)
    monkeypatch.setattr(model.network.config, setting, value, raising=False)
    with pytest.raises(interp.InterpError, match=says) as refused:
        interp.attribute_heads(model, PAIRS)
    assert "planted (GPT2LMHeadModel): the shares of heads, MLPs" in str(refused.value)


def test_a_coarse_number_format_is_named(monkeypatch):
    model = planted_model()
    model.network.to(torch.bfloat16)
    changed(model, monkeypatch, lambda logits: -10 * logits)
    with pytest.raises(interp.InterpError, match="bfloat16 is too coarse for it"):
        interp.attribute_heads(model, PAIRS)


def test_a_soft_cap_is_undone_and_one_that_saturates_is_named(monkeypatch):
    model = planted_model()
    plain = interp.attribute_heads(model, PAIRS)
    changed(model, monkeypatch, lambda logits: 5.0 * torch.tanh(logits / 5.0))
    with pytest.raises(interp.InterpError, match="is not linear"):
        interp.attribute_heads(model, PAIRS)
    monkeypatch.setattr(model.network.config, "final_logit_softcapping", 5.0, raising=False)
    capped = interp.attribute_heads(model, PAIRS)
    np.testing.assert_allclose(capped.truth.shares.total, plain.truth.shares.total)
    changed(model, monkeypatch, lambda logits: 5.0 * torch.sign(logits))
    with pytest.raises(interp.InterpError, match="a soft cap on the logits saturates"):
        interp.attribute_heads(model, PAIRS)


def test_how_far_the_sum_may_be_off_grows_with_the_difference_and_the_number_format():
    from nullcline.interp._heads.completeness import tolerance

    model = planted_model()
    assert [tolerance(model, scale) for scale in (0.1, 1.0, 30.0)] == [1e-3, 1e-3, 3e-2]
    model.network.to(torch.bfloat16)
    assert [tolerance(model, scale) for scale in (0.1, 30.0)] == [0.1, 3.0]


def test_a_few_parts_in_a_thousand_are_an_error_and_rounding_is_none(monkeypatch):
    for factor, fails in ((1.0005, False), (1.02, True)):
        with monkeypatch.context() as patch:
            model = planted_model()
            changed(model, patch, lambda logits, factor=factor: factor * logits)
            if fails:
                with pytest.raises(interp.InterpError, match="miss the model's own"):
                    interp.attribute_heads(model, PAIRS)
            else:
                interp.attribute_heads(model, PAIRS)
