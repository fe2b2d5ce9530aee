"""Equations as text, LaTeX and sympy, from terms and coefficients."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .terms import Term

if TYPE_CHECKING:
    import sympy


@dataclasses.dataclass(frozen=True)
class Equation:
    """d `state`/dt = the sum of `terms`, name -> coefficient (`1` for the constant)."""

    state: str
    terms: dict[str, float]


def term_name(term: Term, names: Sequence[str]) -> str:
    """`1`, `prey`, `prey*predator`, `x^2*sin(y)`, `x/(0.5 + |x|)`: readable and parseable."""
    parts = [n + (f"^{p}" if p > 1 else "") for n, p in zip(names, term.powers, strict=True) if p]
    if term.factor is not None:
        parts.append(_factor_name(term, names))
    return "*".join(parts) or "1"


def _factor_name(term: Term, names: Sequence[str]) -> str:
    factor = term.factor
    assert factor is not None
    x, rate = names[factor.state], factor.rate
    if factor.name in ("hill1", "hill2"):
        half = f"{1 / rate:.4g}"
        return f"{x}/({half} + abs({x}))" if factor.name == "hill1" else f"{x}^2/({half}^2 + {x}^2)"
    if factor.name == "abs":
        return f"abs({x})"
    return f"{factor.name}({x})" if abs(rate - 1) < 1e-9 else f"{factor.name}({rate:.4g}*{x})"


def as_text(equation: Equation, time: str = "t", digits: int = 4) -> str:
    """`d prey/dt = 1.1 prey - 0.4 prey*predator`."""
    parts = []
    for term, value in equation.terms.items():
        size = f"{abs(value):.{digits}g}" + ("" if term == "1" else f" {term}")
        sign = "-" if value < 0 else "+"
        parts.append(f"{sign} {size}" if parts else f"{'-' if value < 0 else ''}{size}")
    return f"d {equation.state}/d{time} = {' '.join(parts) or '0'}"


def as_sympy(
    equation: Equation, terms: Sequence[Term], names: Sequence[str], weights: Sequence[float]
) -> sympy.Equality:
    """The equation in sympy, states as functions of `t`."""
    import sympy

    t = sympy.Symbol("t", real=True)
    x = [sympy.Function(_identifier(name))(t) for name in names]
    left = sympy.Derivative(x[list(names).index(equation.state)], t)
    made = sympy.Equality(left, _right_side(terms, x, weights, 6), evaluate=False)
    assert isinstance(made, sympy.Equality)
    return made


def _right_side(terms, x, weights, digits: int) -> sympy.Expr:
    import sympy

    parts = [
        sympy.Float(w, digits) * _sympy_term(term, x)
        for term, w in zip(terms, weights, strict=True)
        if w != 0
    ]
    return sympy.Add(*parts)


def _sympy_term(term: Term, x: Sequence) -> sympy.Expr:
    import sympy

    out = sympy.Integer(1)
    for state, power in zip(x, term.powers, strict=True):
        out = out * state**power
    if term.factor is None:
        return out
    one, rate = x[term.factor.state], term.factor.rate
    u = one if abs(rate - 1) < 1e-9 else sympy.Float(rate, 6) * one
    made = {
        "sin": sympy.sin,
        "cos": sympy.cos,
        "exp": sympy.exp,
        "abs": sympy.Abs,
        "hill1": lambda u: u / (1 + sympy.Abs(u)),
        "hill2": lambda u: u**2 / (1 + u**2),
    }
    return out * made[term.factor.name](u)


def as_latex(
    equation: Equation, terms: Sequence[Term], names: Sequence[str], weights: Sequence[float]
) -> str:
    """The equation in LaTeX, states without their argument."""
    import sympy

    x = [sympy.Symbol(_identifier(name)) for name in names]
    left = sympy.latex(sympy.Symbol(_identifier(equation.state)))
    right = sympy.latex(_right_side(terms, x, weights, 4))
    return rf"\frac{{d {left}}}{{d t}} = {right}"


def _identifier(name: str) -> str:
    return re.sub(r"\W+", "_", name)
