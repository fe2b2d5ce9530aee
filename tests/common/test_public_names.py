"""What a package exports is imported when it is used, or says what to install."""

import importlib
import sys

import pytest


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A package that exports a number, what needs a package that is missing, and what is broken."""
    folder = tmp_path / "pets"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from nullcline.common.public_names import public_names\n"
        "__getattr__, __dir__, __all__ = public_names(__name__, __file__)\n"
    )
    (folder / "__init__.pyi").write_text(
        "from ._one import one as one\n"
        "from ._two import two as two\n"
        "from ._three import three as three\n"
    )
    (folder / "_one.py").write_text("one = 1\n")
    (folder / "_two.py").write_text("import gguf\ntwo = 2\n")
    (folder / "_three.py").write_text("import nobodys_module\nthree = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "gguf", None)  # as if it were not installed
    yield importlib.import_module("pets")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pets"]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_used(pets):
    assert sorted(pets.__all__) == sorted(dir(pets)) == ["one", "three", "two"]
    assert "pets._one" not in sys.modules
    assert pets.one == 1
    with pytest.raises(AttributeError, match="four"):
        pets.four  # noqa: B018


def test_a_missing_package_is_named_with_the_extra_that_brings_it(pets):
    with pytest.raises(ModuleNotFoundError) as error:
        pets.two  # noqa: B018
    wanted = "pets.two: this needs the package gguf; pip install 'nullcline[export]'"
    assert (str(error.value), error.value.name) == (wanted, "gguf")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nobodys_module'"):
        pets.three  # noqa: B018
