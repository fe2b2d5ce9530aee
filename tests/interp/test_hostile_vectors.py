"""Vector files with values that no vector has: one line of `InterpError` that names the file."""

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_models import byte_tokenizer, tiny_network
from tiny_vectors import vector_for

from nullcline import interp


@pytest.fixture(scope="module")
def model():
    return interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny")


@pytest.fixture(scope="module")
def vector(model):
    plain = vector_for(model)
    return dataclasses.replace(
        plain,
        also={interp.HookPoint(0, "block"): plain.direction / 3},
        heads={(0, 1): plain.direction[:8].clone()},
        condition=interp.Condition(plain.direction.clone(), 0.5, 0.9),
    )


def refused(path, says):
    with pytest.raises(interp.InterpError, match=says) as caught:
        interp.read_vector(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def spoiled(vector, path, *, metadata=None, tensors=None):
    """The vector's own file with some metadata or tensors changed; None leaves one away."""
    interp.save_vector(vector, path)
    with safe_open(str(path), framework="pt") as file:
        said = (file.metadata() or {}) | (metadata or {})
        held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    held |= tensors or {}
    save_file(
        {name: value for name, value in held.items() if value is not None},
        path,
        metadata={key: value for key, value in said.items() if value is not None},
    )
    return path


def test_a_whole_vector_comes_back(vector, tmp_path):
    interp.save_vector(vector, tmp_path / "v.safetensors")
    found = interp.load_vector(tmp_path / "v.safetensors")
    assert found.sha256 == vector.sha256
    assert set(found.heads) == {(0, 1)}


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"layer": "-2"}, "layer or head '-2'; they are 0 to"),
        ({"layer": "1000000000"}, "layer or head '1000000000'"),
        ({"layer": "1" * 5000}, "layer or head"),
        ({"layer": "1.0"}, "layer or head '1.0'"),
        ({"layer": None}, "its layer is None"),
        ({"site": "everywhere"}, "its site is 'everywhere'"),
        ({"strength": "nan"}, "its strength is 'nan'"),
        ({"norm": "-1"}, "its norm is '-1'"),
        ({"raw_norm": "much"}, "its raw_norm is 'much'"),
        ({"condition_threshold": "nan"}, "its condition_threshold is 'nan'"),
        ({"condition_accuracy": "inf"}, "its condition_accuracy is 'inf'"),
        ({"seen": "5"}, "its seen is no list"),
        ({"seen": "[[1]]"}, "its seen is no list"),
        ({"seen": "[" * 100_000}, "its seen is no JSON .*deep"),
        ({"report": "[]"}, "its report is no object"),
        ({"report": '{"a": 1, "a": 2}'}, "'a' stands twice"),
        ({"positions": "some\nwhere"}, "no positions"),
        ({"method": None}, "its method is None"),
    ],
)
def test_metadata_that_no_vector_has(vector, tmp_path, metadata, says):
    refused(spoiled(vector, tmp_path / "v.safetensors", metadata=metadata), says)


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"direction": torch.ones(32)}, "length 5.657, and must have length one"),
        ({"direction": torch.zeros(32)}, "length 0,"),
        ({"direction": torch.full((32,), float("nan"))}, "direction' holds values that are no"),
        ({"direction": torch.eye(32)[:1]}, "direction' is no row"),
        ({"direction": torch.eye(32)[0].long()}, "direction' is no row of floating-point"),
        ({"condition": torch.full((32,), float("nan"))}, "condition' holds values that are no"),
        ({"condition": torch.ones(8)}, "condition has the width 8, its direction 32"),
        ({"also.-1.block": torch.ones(32)}, "layer or head '-1'"),
        ({"also.1000000000.block": torch.ones(32)}, "layer or head '1000000000'"),
        ({"also.1.block": torch.ones(32)}, "names layer 1, after the block twice"),
        ({"also.2.block": torch.ones(8)}, "has the width 8, not 32"),
        ({"also.2": torch.ones(32)}, "its site is ''"),
        ({"head.0.1000000000": torch.ones(8)}, "layer or head"),
        ({"head.0.2": torch.full((8,), float("inf"))}, "holds values that are no"),
    ],
)
def test_tensors_that_no_vector_has(vector, tmp_path, tensors, says):
    refused(spoiled(vector, tmp_path / "v.safetensors", tensors=tensors), says)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"addition": None}, "lacks or spoils 'addition'"),
        ({"addition": [["x"]]}, "lacks or spoils 'addition'"),
        ({"addition": [True]}, "lacks or spoils 'addition'"),
        ({"also": 5}, "lacks or spoils 'also'"),
        ({"also": [5]}, "lacks or spoils 'also'"),
        ({"heads": [{"layer": -1, "head_index": 0, "addition": [1.0]}]}, "layer or head '-1'"),
        ({"heads": [{"layer": 10**9, "head_index": 0, "addition": [1.0]}]}, "layer or head"),
        ({"condition": [1]}, "lacks or spoils 'weight'"),
        ({"condition": {"weight": [10**400]}}, "401 digits"),
        ({"x": float("nan")}, "NaN is no number"),
        ({"nullcline.vector": 5}, "no vector that this version exported"),
        ({"nullcline.vector": {"strength": [1]}}, "not as it was exported"),
        ({"nullcline.vector": {"also": "[[1]]"}}, "not as it was exported"),
    ],
)
def test_json_that_no_export_wrote(model, vector, tmp_path, values, says):
    path = tmp_path / "v.json"
    interp.export_vector(model, vector, path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | values))
    refused(path, says)


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", '{"a": 1, "a": 2}', "5", ""])
def test_json_that_is_no_export(tmp_path, text):
    path = tmp_path / "v.json"
    path.write_text(text)
    refused(path, "export")


def test_numpy_files_that_break_numpys_own_reader(tmp_path):
    path = tmp_path / "v.npy"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': " + b"(" * 4000 + b"}"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    refused(path, r"no whole \.npy file")
    path.write_bytes(b"PK\x03\x04" + b"\x00" * 40)
    refused(path, r"no whole \.npy file")
    with io.BytesIO() as held:
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("a.npy", b"")
        path.write_bytes(held.getvalue())
    refused(path, r"no whole \.npy file")
    np.save(path, np.array([1e300, 1.0]))
    refused(path, "values that are no numbers")  # of float32, which vectors are of


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"steering_coefficient": float("nan")}, "no tensor times a number"),
        ({"steering_coefficient": 10**400}, "no tensor times a number"),
        ({"steering_coefficient": 1e300}, "values that are no numbers"),
        ({"steering_vector": torch.full((32,), float("nan"))}, "values that are no numbers"),
        ({"steering_vector": torch.eye(32).to_sparse()[0]}, "no plain numbers"),
        ({"action": torch.ones(3)}, "only add is read"),
    ],
)
def test_steering_files_with_numbers_that_are_none(tmp_path, changes, says):
    path = tmp_path / "v.pt"
    entry = {"steering_vector": torch.eye(32)[0], "steering_coefficient": 1.0, "action": "add"}
    torch.save({"h.1": entry | changes}, path)
    refused(path, says)


def respoiled(vector, model, path, change):
    """An export to lm-evaluation-harness' format with a change of its one entry."""
    plain = dataclasses.replace(vector, also={}, heads={}, condition=None)
    interp.export_vector(model, plain, path)
    entries = torch.load(path, weights_only=True)
    (entry,) = entries.values()
    entry |= change(json.loads(entry["nullcline.vector"]), entry)
    torch.save(entries, path)
    return plain


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("strength", 0.5),  # a number, where the file holds texts
        ("norm", None),
        ("strength", "much"),
        ("also", "{}"),
        ("also", "[[1, 2, 3]]"),
        ("also", '["block"]'),
        ("also", '[[0, "block"]]'),  # one place more than tensors
    ],
)
def test_an_export_whose_metadata_was_changed_is_refused(model, vector, tmp_path, key, value):
    path = tmp_path / "v.pt"
    respoiled(
        vector, model, path, lambda said, _: {"nullcline.vector": json.dumps(said | {key: value})}
    )
    refused(path, r"is not as it was exported; export the vector again")


@pytest.mark.parametrize("text", ["{", "[]", "5"])
def test_an_export_whose_metadata_is_no_object_is_refused(model, vector, tmp_path, text):
    path = tmp_path / "v.pt"
    respoiled(vector, model, path, lambda *_: {"nullcline.vector": text})
    refused(path, r"is not as it was exported; export the vector again")


def test_an_export_comes_back_unless_its_numbers_were_changed(model, vector, tmp_path):
    path = tmp_path / "v.pt"
    for factor, whole in ((1.0, True), (1.00001, True), (1.01, False), (0.0, False)):
        plain = respoiled(
            vector,
            model,
            path,
            lambda _, entry, factor=factor: {"steering_vector": factor * entry["steering_vector"]},
        )
        if whole:
            back = interp.read_vector(path)
            assert isinstance(back, interp.TruthVector)
            torch.testing.assert_close(back.addition(), factor * plain.addition())
            assert (back.model, back.hook_point) == (plain.model, plain.hook_point)
        else:
            length = 2 * factor  # strength 0.5 of a norm of 4
            refused(path, rf"its vector has length {length:.4g}, exported was 2; export it again")
    away = dataclasses.replace(plain, strength=-0.5)
    interp.export_vector(model, away, path)
    back = interp.read_vector(path)
    assert isinstance(back, interp.TruthVector)
    torch.testing.assert_close(back.direction, plain.direction)
    assert back.strength == -0.5


def test_files_of_torch_with_places_that_are_none(tmp_path):
    path, row = tmp_path / "v.pt", torch.eye(32)[0]
    entry = {"steering_vector": row, "steering_coefficient": 1.0, "action": "add"}
    torch.save({"h.0": entry, 7: entry}, path)
    refused(path, r"7 names no module; make it again")
    torch.save({"h.1": entry | {"steering_coefficient": True}}, path)
    refused(path, "no tensor times a number")
    torch.save({"h.1": {"steering_vector": row, "action": "add"}}, path)
    found = interp.read_vector(path)  # a coefficient of 1 where none is said
    assert isinstance(found, interp.ForeignVector)
    torch.testing.assert_close(found.additions["h.1"], row)


@pytest.mark.parametrize("layer", [True, "1", 10_000, -10_001, None])
def test_a_layer_that_no_model_has_is_refused(tmp_path, layer):
    from nullcline.interp._steering.files.tensors import layer_number

    with pytest.raises(interp.InterpError, match=r"names layer .*; layers are 0 to 9999$"):
        layer_number(tmp_path, layer)
    assert [layer_number(tmp_path, layer) for layer in (0, 9999, -1, -10_000)] == [
        0, 9999, -1, -10_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.ones(()), "the shape"),
        (torch.ones(0), "has the shape"),
        (torch.ones(2, 3), "has the shape"),
        (torch.ones(4, 1), "has the shape"),
        (torch.ones(3, dtype=torch.bool), "is of bool"),
        (torch.ones(3, device="meta"), "no plain numbers"),
        (torch.full((3,), torch.inf), "values that are no numbers"),
    ],
)
def test_tensors_that_are_no_row_of_numbers(tmp_path, value, says):
    from nullcline.interp._steering.files.tensors import flat

    with pytest.raises(interp.InterpError, match=f"its name .*{says}"):
        flat(tmp_path, "its name", value)
    for shape in ((3,), (1, 3), (1, 1, 3), (1,)):
        row = torch.arange(1.0, 1 + shape[-1])
        found = flat(tmp_path, "a", row.reshape(shape).half())
        assert found.dtype == torch.float32
        assert torch.equal(found, row)


def test_a_file_that_is_larger_than_any_vector_is_not_read(vector, tmp_path, monkeypatch):
    from nullcline.interp._steering import loading
    from nullcline.interp._steering.files import read

    path = tmp_path / "v.safetensors"
    interp.save_vector(vector, path)
    size = path.stat().st_size
    for module, reader in ((read, interp.read_vector), (loading, interp.load_vector)):
        monkeypatch.setattr(module, "LARGEST_FILE", size)
        assert reader(path)
        monkeypatch.setattr(module, "LARGEST_FILE", size - 1)
        with pytest.raises(interp.InterpError, match="is larger than any vector; give"):
            reader(path)
        monkeypatch.undo()


def test_gguf_files_without_directions_or_without_the_package(model, vector, tmp_path, monkeypatch):
    gguf = pytest.importorskip("gguf", reason="llama.cpp's package gguf is not installed")
    path = tmp_path / "v.gguf"
    writer = gguf.GGUFWriter(path, "controlvector")
    writer.add_uint32("controlvector.layer_count", 3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    refused(path, r"holds no direction.N; give the file of a control vector")
    import sys

    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(interp.InterpError, match=r"reading gguf needs gguf; pip install"):
        interp.read_vector(path)
    plain = dataclasses.replace(vector, also={}, heads={}, condition=None)
    with pytest.raises(interp.InterpError, match=r"writing gguf needs gguf; pip install"):
        interp.export_vector(model, plain, tmp_path / "w.gguf")
    assert not (tmp_path / "w.gguf").exists()


def test_a_foreign_vector_with_infinities_is_refused(model, tmp_path):
    row = torch.ones(32)
    row[5] = torch.inf
    held = interp.ForeignVector(tmp_path / "v.npy", "plain", {1: row})
    with pytest.raises(interp.InterpError, match="layer 1 holds values that are no numbers"):
        interp.place_vector(model, held)
    twice = interp.ForeignVector(tmp_path / "v.npy", "plain", {2: row, -1: row})
    with pytest.raises(interp.InterpError, match="names layer 2 twice"):
        interp.place_vector(model, twice)
