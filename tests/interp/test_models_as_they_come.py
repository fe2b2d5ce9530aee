"""Models as they come: GGUF files, adapters, packed weights, other layouts of the same weights."""

import json
import shutil
import sys
import textwrap
import tomllib
import warnings
from pathlib import Path

import pytest
import torch
from tiny_gguf import save_gguf
from tiny_models import byte_tokenizer, save_tiny, tiny_network

from nullcline import interp

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return save_tiny("llama", tmp_path_factory.mktemp("llama"))


def test_a_gguf_is_read_as_its_own_dequantised_numbers(tmp_path):
    expected = save_gguf(tmp_path / "tiny.gguf")
    model = interp.load_model(str(tmp_path / "tiny.gguf"))
    assert model.quantisation == "Q8_0"
    assert "dequantised from Q8_0" in repr(model)
    read = dict(model.network.named_parameters())
    assert set(read) == set(expected)
    for name, value in expected.items():
        assert torch.equal(read[name], torch.from_numpy(value)), name
    assert model.encode("the city of paris") == byte_tokenizer()("the city of paris")["input_ids"]


def test_a_gguf_is_unpacked_once_per_content_and_number_format(tmp_path, own_cache, monkeypatch):
    path = tmp_path / "tiny.gguf"
    save_gguf(path)
    first = interp.load_model(str(path))
    moved = shutil.copy(path, tmp_path / "another-name.gguf")

    def never(*args, **kwargs):
        raise AssertionError("unpacked again")

    with monkeypatch.context() as patch:
        patch.setattr("nullcline.interp._models.gguf._convert", never)
        again = interp.load_model(str(moved))
    assert again.fingerprint == first.fingerprint
    assert again.quantisation == "Q8_0"
    half = interp.load_model(str(path), dtype="bfloat16")
    assert half.dtype == torch.bfloat16
    assert len(list((own_cache / "nullcline" / "gguf").iterdir())) == 2


def test_a_folder_with_one_gguf_is_that_model_and_two_are_asked_about(tmp_path):
    save_gguf(tmp_path / "a.gguf")
    assert interp.resolve_model(str(tmp_path)).gguf == tmp_path / "a.gguf"
    shutil.copy(tmp_path / "a.gguf", tmp_path / "b.gguf")
    with pytest.raises(interp.InterpError, match=r"has 2 GGUF files; name one: .*a\.gguf"):
        interp.resolve_model(str(tmp_path))


def test_a_gguf_in_an_installed_package_is_found_without_importing_it(tmp_path, monkeypatch):
    package = tmp_path / "carries_a_model"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    save_gguf(package / "m.gguf")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert interp.resolve_model("package:carries_a_model").gguf == package / "m.gguf"
    assert "carries_a_model" not in sys.modules
    with pytest.raises(interp.InterpError, match="no GGUF file"):
        interp.resolve_model("package:json")
    with pytest.raises(interp.InterpError, match="no installed package 'nobodys'"):
        interp.resolve_model("package:nobodys")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a GGUF at all, but long enough to read"])
def test_a_cut_gguf_is_one_line_and_leaves_nothing(tmp_path, own_cache, content):
    (tmp_path / "cut.gguf").write_bytes(content)
    with pytest.raises(interp.InterpError, match=r"cut\.gguf is no whole GGUF") as caught:
        interp.load_model(str(tmp_path / "cut.gguf"))
    assert "\n" not in str(caught.value)
    folder = own_cache / "nullcline" / "gguf"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_gguf_cut_in_its_weights_is_one_line(tmp_path):
    path = tmp_path / "cut.gguf"
    save_gguf(path)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(interp.InterpError, match=r"cut\.gguf") as caught:
        interp.load_model(str(path))
    assert "\n" not in str(caught.value)


def adapter(folder, base_folder, *, save_as):
    """A LoRA with random weights on a tiny Llama; returns the logits of the adapted network."""
    from peft import LoraConfig, get_peft_model

    network = tiny_network("llama")
    config = LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "down_proj"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an older name
        adapted = get_peft_model(network, config)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for name, weight in adapted.named_parameters():
            if "lora_" in name:
                weight.copy_(0.1 * torch.randn_like(weight))
    adapted.save_pretrained(folder)
    path = folder / "adapter_config.json"
    settings = json.loads(path.read_text())
    settings["base_model_name_or_path"] = save_as or str(base_folder)
    path.write_text(json.dumps(settings))
    with torch.no_grad():
        return adapted(torch.tensor([[5, 6, 7]])).logits


@pytest.mark.parametrize("beside", [False, True])
def test_an_adapter_is_merged_onto_its_base(llama, tmp_path, beside):
    folder = tmp_path / "adapter"
    if beside:
        shutil.copytree(llama, folder)
    expected = adapter(folder, llama, save_as="nobody/nothing" if beside else None)
    model = interp.load_model(str(folder))
    got = model.network(torch.tensor([[5, 6, 7]])).logits
    plain = interp.load_model(str(llama)).network(torch.tensor([[5, 6, 7]])).logits
    # Merging adds the same float32 products in another order.
    assert torch.allclose(got, expected, atol=1e-4)
    assert (got - plain).abs().max() > 0.01
    assert "adapter merged onto" in repr(model)
    assert model.parity < 5e-5


def test_an_adapter_says_what_it_lacks(llama, tmp_path):
    adapter(tmp_path / "a", llama, save_as="../nowhere")
    with pytest.raises(interp.InterpError, match=r"adapter on '\.\./nowhere'|no model"):
        interp.load_model(str(tmp_path / "a"), offline=True)
    adapter(tmp_path / "b", llama, save_as=None)
    (tmp_path / "b" / "adapter_model.safetensors").unlink()
    with pytest.raises(interp.InterpError, match=r"has no adapter_model\.safetensors"):
        interp.load_model(str(tmp_path / "b"))


def test_without_peft_an_adapter_is_refused_by_the_extra_that_brings_it(
    llama, tmp_path, monkeypatch
):
    adapter(tmp_path / "a", llama, save_as=None)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ImportError) as caught:
        interp.load_model(str(tmp_path / "a"))
    # The command line names the extra that brings a module by this name.
    assert caught.value.name == "peft"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["peft"][0].startswith("peft")


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq", "awq"])
def test_packed_weights_are_one_line(llama, tmp_path, method):
    folder = shutil.copytree(llama, tmp_path / "packed")
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"quantization_config": {"quant_method": method}}
    path.write_text(json.dumps(config))
    with pytest.raises(interp.InterpError, match=f"quantised weights \\({method}\\)") as caught:
        interp.load_model(str(folder))
    assert "\n" not in str(caught.value)


def test_the_same_weights_in_a_second_layout_count_once(llama, tmp_path, monkeypatch):
    folder = shutil.copytree(llama, tmp_path / "twice")
    shutil.copy(folder / "model.safetensors", folder / "consolidated.safetensors")
    seen = []
    monkeypatch.setattr(
        "nullcline.interp._models.plain.check_size", lambda weights, **_: seen.append(weights)
    )
    model = interp.load_model(str(folder))
    assert seen == [sum(p.numel() for p in model.network.parameters())]


def test_a_missing_shard_is_named(llama, tmp_path):
    folder = shutil.copytree(llama, tmp_path / "shards")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    with pytest.raises(interp.InterpError, match="model-00002-of-00002"):
        interp.load_model(str(folder))


def test_a_local_folder_with_its_own_code_says_the_flag(llama, tmp_path):
    folder = shutil.copytree(llama, tmp_path / "own_code")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= {
        "model_type": "mine",
        "architectures": ["MineForCausalLM"],
        "auto_map": {
            "AutoConfig": "mine.MineConfig",
            "AutoModelForCausalLM": "mine.MineForCausalLM",
        },
    }
    path.write_text(json.dumps(config))
    (folder / "mine.py").write_text(
        textwrap.dedent("""
        from transformers import LlamaConfig, LlamaForCausalLM
        class MineConfig(LlamaConfig):
            model_type = "mine"
        class MineForCausalLM(LlamaForCausalLM):
            config_class = MineConfig
        """)
    )
    with pytest.raises(interp.InterpError, match="trust_remote_code=True") as caught:
        interp.load_model(str(folder))
    assert "\n" not in str(caught.value)


def test_memory_of_a_container_counts(tmp_path, monkeypatch, llama):
    (tmp_path / "memory.max").write_text("100000\n")
    (tmp_path / "memory.current").write_text("90000\n")
    monkeypatch.setattr("nullcline.interp._models.weights.CONTROL_GROUP", tmp_path)
    with pytest.raises(interp.InterpError, match="are free on the CPU"):
        interp.load_model(str(llama))
