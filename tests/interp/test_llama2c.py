"""llama2.c checkpoints: an independent forward pass, a real one's documented text, broken files."""

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from nullcline import interp
from nullcline.experiments.cli import main

DIM, HIDDEN, LAYERS, HEADS, KV, SEQ = 16, 24, 2, 4, 2, 32
WORDS = ["<unk>", "\n<s>\n", "\n</s>\n", *(f"<0x{byte:02X}>" for byte in range(256))]
WORDS += [" ", "a", "b", "c", "ab", " a", " ab", "abc"]


def write_checkpoint(folder, *, shared=True, seed=0):
    """A random checkpoint and its tokens, in the layout of llama2.c; returns the arrays too."""
    rng = np.random.default_rng(seed)
    kv = DIM // HEADS * KV
    shapes = {
        "tok": (len(WORDS), DIM), "an": (LAYERS, DIM), "wq": (LAYERS, DIM, DIM),
        "wk": (LAYERS, kv, DIM), "wv": (LAYERS, kv, DIM), "wo": (LAYERS, DIM, DIM),
        "fn": (LAYERS, DIM), "w1": (LAYERS, HIDDEN, DIM), "w2": (LAYERS, DIM, HIDDEN),
        "w3": (LAYERS, HIDDEN, DIM), "norm": (DIM,), "freq": (2, SEQ, DIM // HEADS // 2),
    }  # fmt: skip
    if not shared:
        shapes["cls"] = (len(WORDS), DIM)
    arrays = {name: rng.normal(0, 0.4, shape).astype("<f4") for name, shape in shapes.items()}
    vocabulary = len(WORDS) if shared else -len(WORDS)
    header = struct.pack("<7i", DIM, HIDDEN, LAYERS, HEADS, KV, vocabulary, SEQ)
    weights, tokens = folder / "model.bin", folder / "tok.bin"
    weights.write_bytes(header + b"".join(a.tobytes() for a in arrays.values()))
    encoded = [word.encode() for word in WORDS]
    pieces = [struct.pack("<fi", -float(n), len(w)) + w for n, w in enumerate(encoded)]
    tokens.write_bytes(struct.pack("<i", max(map(len, encoded))) + b"".join(pieces))
    return weights, tokens, arrays


def forward(arrays, tokens):
    """Logits as llama2.c computes them: neighbouring pairs turn, one position at a time."""

    def norm(x, weight):
        return weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)

    def turn(x):
        out = x.copy()
        for position in range(len(x)):
            for pair in range(x.shape[-1] // 2):
                angle = position / 10000 ** (2 * pair / x.shape[-1])
                a, b = x[position, :, 2 * pair], x[position, :, 2 * pair + 1]
                out[position, :, 2 * pair] = a * np.cos(angle) - b * np.sin(angle)
                out[position, :, 2 * pair + 1] = a * np.sin(angle) + b * np.cos(angle)
        return out

    p = {name: array.astype(np.float64) for name, array in arrays.items()}
    x = p["tok"][tokens]
    count, size = len(tokens), DIM // HEADS
    for layer in range(LAYERS):
        h = norm(x, p["an"][layer])
        q = turn((h @ p["wq"][layer].T).reshape(count, HEADS, size))
        k = turn((h @ p["wk"][layer].T).reshape(count, KV, size))
        v = (h @ p["wv"][layer].T).reshape(count, KV, size)
        mixed = np.zeros((count, HEADS, size))
        for head in range(HEADS):
            group = head // (HEADS // KV)
            for at in range(count):
                scores = k[: at + 1, group] @ q[at, head] / np.sqrt(size)
                share = np.exp(scores - scores.max())
                mixed[at, head] = share / share.sum() @ v[: at + 1, group]
        x = x + mixed.reshape(count, DIM) @ p["wo"][layer].T
        h = norm(x, p["fn"][layer])
        gate = h @ p["w1"][layer].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ p["w3"][layer].T)) @ p["w2"][layer].T
    return norm(x, p["norm"]) @ p.get("cls", p["tok"]).T


@pytest.mark.parametrize("shared", [True, False])
def test_an_imported_checkpoint_computes_what_llama2c_does(tmp_path, shared):
    weights, tokens, arrays = write_checkpoint(tmp_path, shared=shared)
    model = interp.load_model(str(interp.import_llama2c(weights, tokens, tmp_path / "hf")))
    read = [1, 5, 200, 263, 264, 77, 5]
    with torch.no_grad():
        logits = model.network(torch.tensor([read])).logits[0].numpy()
    # float32 against float64.
    np.testing.assert_allclose(logits, forward(arrays, read), atol=2e-4)


def test_texts_become_tokens_by_the_likeliest_merge(tmp_path):
    weights, tokens, _ = write_checkpoint(tmp_path)
    model = interp.load_model(str(interp.import_llama2c(weights, tokens, tmp_path / "hf")))
    names = [WORDS[token] for token in model.encode("abc é ab")]
    # 'ab' is likelier than ' a', and ' ab' is likelier than 'abc', so ' ab' then 'c'.
    assert names == ["\n<s>\n", " ab", "c", " ", "<0xC3>", "<0xA9>", " ab"]
    assert model.decode(model.encode("abc é ab")) == "abc é ab"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data[:-4], "cut short"),
        (lambda data: data + b"\0", "another layout"),
        (lambda data: data[:20], "only 20 bytes"),
        (lambda data: b"\xff" * 28 + data[28:], "version 0"),
    ],
)
def test_a_broken_checkpoint_leaves_nothing_behind(tmp_path, change, says):
    weights, tokens, _ = write_checkpoint(tmp_path)
    weights.write_bytes(change(weights.read_bytes()))
    with pytest.raises(interp.InterpError, match=says):
        interp.import_llama2c(weights, tokens, tmp_path / "hf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.bin", "tok.bin"]


def test_tokens_that_do_not_fit_are_refused(tmp_path):
    weights, tokens, _ = write_checkpoint(tmp_path)
    tokens.write_bytes(tokens.read_bytes()[:-3])
    with pytest.raises(interp.InterpError, match="does not hold the 267 tokens"):
        interp.import_llama2c(weights, tokens, tmp_path / "hf")
    (tmp_path / "there").mkdir()
    with pytest.raises(interp.InterpError, match="there already"):
        interp.import_llama2c(weights, tokens, tmp_path / "there")


# A trained model of 260,000 parameters that is not ours to ship: in a folder beside the checkout,
# or wherever the variable says.
STORIES = Path(
    os.environ.get("NULLCLINE_STORIES")
    or Path(__file__).parents[3] / "shared" / "data" / "stories260k"
)


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """The folder that its import writes; the sources are only read."""
    return interp.import_llama2c(
        STORIES / "stories260K.bin",
        STORIES / "tok512.bin",
        tmp_path_factory.mktemp("stories") / "hf",
    )


needs_stories = pytest.mark.skipif(
    not (STORIES / "stories260K.bin").is_file(),
    reason="no stories260K.bin here; NULLCLINE_STORIES may name the folder that holds it",
)


@needs_stories
def test_the_stories_model_tells_its_documented_story(stories):
    """The greedy text that the model's own page documents."""
    model = interp.load_model(str(stories))
    assert model.parity < 5e-5
    with torch.no_grad():
        written = model.network.generate(torch.tensor([[1]]), max_new_tokens=256, do_sample=False)
    text = model.decode(written[0])
    documented = (STORIES / "stories260K.md").read_text(encoding="utf-8")
    told = documented[documented.index("Once upon a time") :].partition("\n```")[0]
    assert text.strip() == told.strip()


@needs_stories
def test_heads_of_the_stories_model_are_attributed(stories, capsys, tmp_path):
    """From a checkpoint of grouped-query attention that others trained to the printed page."""
    pairs = tmp_path / "pairs.csv"
    rows = ["Lily saw a big,dog,was", "Once upon a,time,day", "She was very,happy,tree"]
    pairs.write_text("\n".join(["prompt,true,false", *rows * 4]) + "\n")
    assert main(["heads", str(stories), "--pairs", str(pairs), "--json", "--count", "24"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"]["architecture"] == "LlamaForCausalLM"
    assert len(found["heads"]) == found["model"]["n_layers"] * found["model"]["n_heads"] == 40
    assert found["completeness"]["residual"] < 1e-4
    # It has learnt how stories go on.
    assert found["logit_difference"]["truth"] > 1.0
