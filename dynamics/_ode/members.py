"""One fit for each row of family weights, with few numbers of rows compiled."""

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array, Float

from .._precision import jax_array
from .integral import NormalEquations, weighted_sum
from .padding import pad_rows, padded_size

#: Members that are solved together, so that their sums fit in memory; a part of fewer is padded to
#: 64, 256, 1024 or 4096 rows.
_MOST, _FEWEST, _FACTOR = 4096, 64, 4


def by_members(
    solve: Callable[[NormalEquations], Float[Array, "members *rest"]],
    per_family: NormalEquations,
    weights: Float[Array | np.ndarray, "members families"],
) -> Float[Array, "members *rest"]:
    """`solve` of the sums of each row of weights, which must treat each row by itself."""
    rows = np.asarray(weights, float)
    found = []
    for part in np.split(rows, range(_MOST, len(rows), _MOST)):
        size = padded_size(len(part), least=_FEWEST, factor=_FACTOR)
        sums = weighted_sum(per_family, part)
        padded = jax.tree.map(lambda v, n=size: pad_rows(np.asarray(v), n, copies=True), sums)
        found.append(np.asarray(solve(padded))[: len(part)])
    return jax_array(np.concatenate(found))
