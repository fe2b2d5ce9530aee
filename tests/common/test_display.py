"""A result shows itself on one line, and in a notebook as a page of all its fields."""

import dataclasses
import inspect
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from nullcline import dynamics, interp, organisms
from nullcline.common.display import brief, one_line, shown


@dataclasses.dataclass(frozen=True)
class _Part:
    name: str
    value: float


@shown
@dataclasses.dataclass(frozen=True)
class _Result:
    scores: np.ndarray
    parts: tuple[_Part, ...]
    verdict: Literal["tax", "bonus"]
    where: str = "<b>"
    empty: None = None


_RESULT = _Result(np.zeros((3, 4)), (_Part("a", 1 / 3), _Part("b", 2.0)), "tax")


def test_a_line_says_shapes_and_numbers_of_parts():
    assert repr(_RESULT) == (
        "_Result(scores=float64[3, 4], parts=2 _Part, verdict='tax', where='<b>', empty=None)"
    )


def test_a_long_line_is_cut_and_says_so():
    line = one_line(dataclasses.replace(_RESULT, where="x" * 500, verdict="bonus"))
    assert "\n" not in line
    assert len(line) <= 150
    many = dataclasses.make_dataclass("Many", [(f"field_{i}", str) for i in range(30)])
    line = one_line(many(*["word"] * 30))
    assert line.endswith(", …)")
    assert len(line) <= 150


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (("a", "b"), "('a', 'b')"),
        (["a"] * 9, "9 str"),
        ((), "()"),
        ({"a": 1}, "1 entries"),
        (np.float32(2.5), "2.5"),
        (jnp.asarray(2), "2"),
        (np.bool_(True), "True"),
        ("two\nlines", "'two lines'"),
        (len, "len"),
    ],
)
def test_a_value_in_a_few_characters(value, text):
    assert brief(value) == text


def test_a_page_has_every_field_and_escapes_text():
    page = _RESULT._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
    assert all(f">{field.name}<" in page for field in dataclasses.fields(_RESULT))
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<td>0.3333</td>" in page


def test_an_equinox_module_is_shown_too():
    @shown
    class Module(eqx.Module):
        weights: jnp.ndarray

    assert repr(Module(jnp.zeros(3))).startswith("Module(weights=float")


def _public_results():
    for library in (dynamics, interp, organisms):
        for name in library.__all__:
            one = getattr(library, name)
            if isinstance(one, type) and dataclasses.is_dataclass(one):
                yield pytest.param(one, id=f"{library.__name__}.{name}")


# A field of these kinds makes the generated `repr` run over several lines, or pages.
_LONG = ("Float", "Int[", "Bool[", "Array", "ndarray", "DataFrame", "dict", "Mapping", "tuple[")


@pytest.mark.parametrize("result", list(_public_results()))
def test_public_results_with_long_fields_show_one_line(result):
    kinds = " ".join(str(field.type) for field in dataclasses.fields(result))
    if any(word in kinds for word in _LONG):
        # The generated ones come from reprlib or equinox.
        assert "nullcline" in inspect.getmodule(result.__repr__).__name__  # pyright: ignore


def test_results_of_shipped_data_show_one_line():
    table = dynamics.load_table("uniform").select(["Pythia", "OPT", "BLOOM"])
    diagnosis = dynamics.diagnose(table, n_boot=100)
    for result in (diagnosis, diagnosis.families[0], table, organisms.list_organisms()[0]):
        assert "\n" not in repr(result)
        assert len(repr(result)) <= 150
        assert result._repr_html_().startswith("<")  # pyright: ignore
