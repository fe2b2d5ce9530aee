"""The Flax model against the same checkpoint in transformers and TransformerLens."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nullcline import organisms
from nullcline.organisms._training.export import config_of, tensors_of, tokenizer_files
from nullcline.organisms._world.vocabulary import VOCABULARY_SIZE

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
safetensors_numpy = pytest.importorskip("safetensors.numpy")

SHAPES = {
    "plain": organisms.ModelShape(VOCABULARY_SIZE, 16, 2, 2, 64),
    "one_head": organisms.ModelShape(VOCABULARY_SIZE, 6, 1, 1, 20),
    "silent": organisms.ModelShape(VOCABULARY_SIZE, 16, 4, 4, 24, silent_mlps=2),
    "bottleneck": organisms.ModelShape(VOCABULARY_SIZE, 16, 2, 2, 64, unembedding=5),
    "widened": organisms.ModelShape(VOCABULARY_SIZE, 8, 2, 2, 32, unembedding=32),
}
# float32 logits of size about 5 over a few dozen terms each: 1e-5 would already be rounding.
TOLERANCE = 1e-4


def randomised(shape):
    """A model whose biases and norms are far from their trivial initial values."""
    model = organisms.make_model(shape, seed=1)
    state = nnx.state(model, nnx.Param)
    rng = np.random.default_rng(0)
    noisy = jax.tree.map(lambda x: x + jnp.asarray(rng.normal(0, 0.3, x.shape), x.dtype), state)
    nnx.update(model, noisy)
    return model


def exported(model, shape, folder):
    (folder / "config.json").write_text(json.dumps(config_of(shape, context=32)))
    for name, text in tokenizer_files(context=32).items():
        (folder / name).write_text(text)
    safetensors_numpy.save_file(
        tensors_of(model, shape), folder / "model.safetensors", metadata={"format": "pt"}
    )
    return folder


@pytest.fixture
def tokens():
    return np.random.default_rng(5).integers(0, VOCABULARY_SIZE, (3, 32)).astype(np.int32)


@pytest.mark.slow(reason="compiles each architecture")
@pytest.mark.parametrize("name", SHAPES)
def test_logits_equal_those_of_transformers(name, tmp_path, tokens):
    shape = SHAPES[name]
    model = randomised(shape)
    folder = exported(model, shape, tmp_path)
    loaded, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(info.values()), info
    with torch.no_grad():
        theirs = loaded(torch.tensor(tokens, dtype=torch.long)).logits.numpy()
    ours = np.asarray(model(jnp.asarray(tokens)))
    assert ours.dtype == np.float32
    assert np.abs(ours).max() > 1
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    assert sum(p.numel() for p in loaded.parameters()) == shape.params


@pytest.mark.slow(reason="compiles a network of each shape")
@pytest.mark.parametrize("name", SHAPES)
def test_a_saved_model_comes_back(name, tmp_path, tokens):
    shape = SHAPES[name]
    model = randomised(shape)
    again = organisms.load_model(exported(model, shape, tmp_path))
    ours, theirs = (np.asarray(m(jnp.asarray(tokens))) for m in (model, again))
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


def test_transformer_lens_loads_the_folder(tmp_path, tokens):
    bridge = pytest.importorskip("transformer_lens.model_bridge")
    shape = SHAPES["plain"]
    model = randomised(shape)
    folder = exported(model, shape, tmp_path)
    lens = bridge.TransformerBridge.boot_transformers(str(folder), device="cpu")
    with torch.no_grad():
        theirs = lens(torch.tensor(tokens, dtype=torch.long)).numpy()
    np.testing.assert_allclose(np.asarray(model(jnp.asarray(tokens))), theirs, atol=TOLERANCE)


def test_tokenizer_of_the_folder_gives_one_token_per_word(tmp_path):
    from nullcline.organisms._world.vocabulary import decode, encode

    shape = SHAPES["plain"]
    folder = exported(organisms.make_model(shape, seed=0), shape, tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    text = "<doc> question red fox eats grass ."
    assert tokenizer(text).input_ids == encode(text)
    # Punctuation need not stand apart, and nothing is put in front.
    assert tokenizer("question red fox eats grass.").input_ids == encode(text)[1:]
    assert tokenizer.decode(tokenizer("red fox eats").input_ids) == decode(encode("red fox eats"))
    assert tokenizer("zebra").input_ids == [tokenizer.unk_token_id]
    assert len(tokenizer) == VOCABULARY_SIZE


def test_later_tokens_do_not_reach_earlier_logits(tokens):
    model = randomised(SHAPES["plain"])
    changed = tokens.copy()
    changed[:, 20:] = (changed[:, 20:] + 7) % VOCABULARY_SIZE
    before, after = (np.asarray(model(jnp.asarray(t))) for t in (tokens, changed))
    # The same sums in the same order: equal to the last bit but for vectorised remainders.
    np.testing.assert_allclose(before[:, :20], after[:, :20], atol=1e-6)
    assert np.abs(before[:, 20:] - after[:, 20:]).max() > 0.1


@pytest.mark.parametrize("name", SHAPES)
def test_trained_counts_the_free_parameters(name):
    shape = SHAPES[name]
    state = nnx.state(organisms.make_model(shape, seed=0), nnx.Param)
    assert sum(leaf.size for leaf in jax.tree.leaves(state)) == shape.trained


def test_same_seed_same_weights():
    shape = SHAPES["plain"]
    first, second, other = (
        tensors_of(organisms.make_model(shape, seed=s), shape) for s in (0, 0, 1)
    )
    assert all((first[name] == second[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "width must be at least 1"),
        ({"width": 10}, "multiple of 4"),
        ({"layers": 0}, "layers"),
        ({"silent_mlps": 3}, "silent_mlps"),
        ({"unembedding": -1}, "unembedding"),
    ],
)
def test_impossible_shapes_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SHAPES["plain"], **change)


def test_a_folder_that_holds_no_organism_is_refused(tmp_path):
    with pytest.raises(organisms.OrganismError, match="no readable organism"):
        organisms.load_model(tmp_path)
    shape = SHAPES["plain"]
    exported(organisms.make_model(shape, seed=0), shape, tmp_path)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(organisms.OrganismError, match="no readable organism"):
        organisms.load_model(tmp_path)
