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
