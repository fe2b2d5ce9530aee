"""Candidate terms against their definitions."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nullcline import dynamics


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("products", [True, False])
def test_polynomials_are_the_products_that_their_names_say(degree, constant, products):
    library = dynamics.PolynomialLibrary(degree, constant, products)
    x = np.array([0.3, 0.7, 0.9])
    names = library.names(["a", "b", "c"])
    values = np.asarray(library(jnp.asarray(x)))
    scope = dict(zip("abc", x, strict=True))
    by_name = [eval(name.replace("^", "**"), {}, scope) for name in names]
    # Products of at most three factors: a few rounding errors.
    np.testing.assert_allclose(values, by_name, rtol=1e-14)
    assert library.size(3) == len(names) == len(set(names))


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_number_of_monomials_is_a_binomial_coefficient(degree):
    for dims in (1, 2, 5):
        assert dynamics.PolynomialLibrary(degree).size(dims) == math.comb(dims + degree, degree)


def test_order_is_by_degree_then_by_variable():
    names = dynamics.PolynomialLibrary(2).names(["x", "y"])
    assert names == ("1", "x", "y", "x^2", "x * y", "y^2")
    assert dynamics.PolynomialLibrary(2, products=False).names(["x", "y"]) == (
        "1",
        "x",
        "y",
        "x^2",
        "y^2",
    )


def test_joined_library_is_the_first_then_the_second():
    mine = dynamics.FunctionLibrary((lambda x: jnp.sqrt(x[0]),), ("sqrt(x)",))
    library = dynamics.PolynomialLibrary(1) + dynamics.LogisticLibrary() + mine
    assert library.names(["x", "y"]) == ("1", "x", "y", "x * (1 - x)", "y * (1 - y)", "sqrt(x)")
    values = np.asarray(library(jnp.array([0.25, 0.5])))
    np.testing.assert_allclose(values, [1, 0.25, 0.5, 0.1875, 0.25, 0.5], rtol=1e-15)


def test_derivatives_at_zero_are_finite():
    # A product with a factor 0 has a derivative that dividing by the factor would lose.
    library = dynamics.PolynomialLibrary(3)
    slope = np.asarray(jax.jacfwd(library)(jnp.zeros(2)))
    expected = np.zeros((10, 2))
    expected[1, 0] = expected[2, 1] = 1
    np.testing.assert_array_equal(slope, expected)


def test_equal_libraries_share_compiled_code():
    traced = []

    @jax.jit
    def value(library, x):
        traced.append(1)
        return library(x)

    for _ in range(2):
        value(dynamics.PolynomialLibrary(2), jnp.ones(3))
    assert len(traced) == 1


def test_refuses_what_makes_no_library():
    for degree in (0, 4):
        with pytest.raises(ValueError, match="1, 2 or 3"):
            dynamics.PolynomialLibrary(degree)
    with pytest.raises(ValueError, match="one each"):
        dynamics.FunctionLibrary((jnp.sin,), ())
    with pytest.raises(ValueError, match="same label"):
        dynamics.FunctionLibrary((jnp.sin, jnp.cos), ("f", "f"))


def test_every_monomial_occurs_once():
    factors = dynamics.PolynomialLibrary(3).factors(3)
    expected = {
        tuple(sorted(f)) for degree in range(4) for f in itertools.product(range(3), repeat=degree)
    }
    assert set(factors) == expected
    assert len(factors) == len(expected)
