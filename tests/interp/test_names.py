"""The closed vocabularies are those that the code knows."""

import dataclasses
import subprocess
import sys
from typing import get_args

import pytest
import torch
from tiny_models import byte_tokenizer, tiny_network

from nullcline import interp
from nullcline.interp._models.model import DTYPES
from nullcline.interp._models.weights import BYTES


def test_what_is_looked_up_by_a_word_has_all_of_them():
    assert set(interp.METHODS) == set(get_args(interp.TruthMethod))
    assert set(DTYPES) == set(BYTES) == set(get_args(interp.Dtype))
    assert interp.set_names() == get_args(interp.SetName)


def test_every_question_set_is_a_field_of_the_sets():
    fields = {field.name for field in dataclasses.fields(interp.TruthSets)}
    assert set(get_args(interp.QuestionSet)) <= fields


@pytest.mark.parametrize("change", [{"positions": "some"}, {"site": "roof"}])
def test_a_vector_file_with_another_word_is_refused(tmp_path, change):
    from safetensors.torch import load_file, save_file

    model = interp.build_model(tiny_network("gpt2"), byte_tokenizer(), name="tiny")
    vector = interp.TruthVector(
        direction=torch.ones(model.d_model) / model.d_model**0.5,
        hook_point=interp.HookPoint(1),
        strength=0.5,
        norm=4.0,
        raw_norm=2.0,
        method="mass-mean",
        contrast="by hand",
        model=model.name,
        fingerprint=model.fingerprint,
    )
    path = tmp_path / "truth.safetensors"
    interp.save_vector(vector, path)
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        metadata = file.metadata()
    save_file(load_file(path), path, metadata=metadata | change)
    ((key, word),) = change.items()
    with pytest.raises(interp.InterpError, match=f"{key}(?: is)? '{word}'"):
        interp.load_vector(path)


def test_the_words_are_light_to_import():
    script = (
        "import sys\n"
        "from nullcline.interp import _names\n"
        "assert not {'numpy', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
