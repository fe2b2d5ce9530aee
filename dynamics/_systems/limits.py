"""Signs and ranges of coefficients, as people state them."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ...common.nearest import there_are
from .equations import term_name
from .find import Scaling
from .search import Bounds
from .terms import Term

CoefficientRange = tuple[float | int | None, float | int | None]
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(
    rf"\s*(?P<state>[^:]+?)\s*:\s*(?:(?P<low>{_NUMBER})\s*<=?\s*)?"
    rf"(?P<term>[^<>=\s][^<>=]*?)\s*(?:(?P<sign><=?|>=?|=)\s*(?P<end>{_NUMBER}))?\s*"
)


def parse_bound(text: str) -> tuple[tuple[str, str], CoefficientRange]:
    """`prey: prey*predator <= 0`, or `prey: 0.5 <= prey <= 2`: of which coefficient, and its range.

    Raises ValueError for anything else.
    """
    found = _BOUND.fullmatch(text)
    if found is None or (found["low"] is None and found["sign"] is None):
        raise ValueError(
            f"bound {text!r} is not understood; write 'STATE: TERM <= 0' or "
            "'STATE: 0.5 <= TERM <= 2'"
        )
    low = None if found["low"] is None else float(found["low"])
    high, term = None, found["term"].replace(" ", "")
    if found["sign"] is None and re.fullmatch(_NUMBER, term):  # `1 <= 0`: the constant term
        return (found["state"], found["low"]), (None, float(term))
    if found["sign"] is not None:
        end = float(found["end"])
        if found["sign"] in (">", ">=", "="):
            low = end
        if found["sign"] in ("<", "<=", "="):
            high = end
    return (found["state"], term), (low, high)


def bounds_of(
    bounds: Mapping[tuple[str, str], CoefficientRange],
    names: Sequence[str],
    terms: tuple[Term, ...],
    scaling: Scaling,
) -> Bounds:
    """Bounds in the units of the search. Raises ValueError for states and terms not there."""
    labels = [term_name(term, names) for term in terms]
    shape = (len(names), len(terms))
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    for (state, term), (least, most) in bounds.items():
        if state not in names:
            raise ValueError(f"bound of {state!r}: no such state; {there_are(state, names)}")
        name = _in_order(term.replace(" ", "").replace("**", "^"), labels)
        if name not in labels:
            raise ValueError(f"bound of {term!r}: no such term; {there_are(term, labels)}")
        if least is not None and most is not None and least > most:
            raise ValueError(f"bound of {term!r}: {least:g} is above {most:g}")
        at = list(names).index(state), labels.index(name)
        low[at] = -np.inf if least is None else least
        high[at] = np.inf if most is None else most
    return Bounds(scaling.scaled(terms, low), scaling.scaled(terms, high))


def _in_order(term: str, labels: Sequence[str]) -> str:
    """The label of the same product whose factors stand in another order."""
    same = sorted(term.split("*"))
    return next((label for label in labels if sorted(label.split("*")) == same), term)
