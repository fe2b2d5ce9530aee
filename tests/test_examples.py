"""The examples in the docstrings of public functions are what Python says."""

import doctest
import subprocess
import sys
import types

import pytest

from nullcline import dynamics, interp

#: Imported by none of the light examples: they run where no extra is installed.
_HEAVY = ("torch", "flax", "transformers")


def examples(package):
    """Name -> doctest of each public function whose docstring has one."""
    found = {}
    for name in dir(package):
        function = getattr(package, name)
        text = function.__doc__ or ""
        if not isinstance(function, types.FunctionType) or ">>>" not in text:
            continue
        text = text.replace("```pycon", "").replace("```", "")
        found[name] = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    return found


LIGHT, HEAVY = examples(dynamics), examples(interp)


def wrong(example):
    said = []
    doctest.DocTestRunner().run(example, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("name", LIGHT)
def test_an_example_of_the_dynamics_is_right(name):
    assert wrong(LIGHT[name]) == ""


@pytest.mark.parametrize("name", HEAVY)
def test_an_example_of_a_model_is_right(name):
    assert wrong(HEAVY[name]) == ""


def test_the_main_functions_have_one():
    main = "read_scores combine_tables diagnose scan fit_ode hold_out extend"
    assert set(main.split()) <= set(LIGHT)
    assert {"load_model", "attribute_heads", "find_truth_vector", "steer"} <= set(HEAVY)


def test_a_wrong_example_is_seen():
    example = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "sum", None, None)
    assert "Expected" in wrong(example)


@pytest.mark.slow(reason="imports in a process of its own")
def test_light_examples_need_no_extra():
    code = "import sys\nfrom nullcline import dynamics\n"
    code += "".join(f"dynamics.{name}\n" for name in LIGHT)
    code += f"print(sorted(set({_HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
