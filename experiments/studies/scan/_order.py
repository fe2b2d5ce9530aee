"""The order of rows and columns in which a map of many pairs can be read."""

import numpy as np
from jaxtyping import Float
from scipy.cluster import hierarchy


def clustered(matrix: Float[np.ndarray, "rows columns"]) -> list[int]:
    """An order of the rows with alike ones beside one another (average linkage, leaves as near as
    they can be); NaN counts as zero."""
    if len(matrix) < 3:
        return list(range(len(matrix)))
    known = np.nan_to_num(matrix)
    tree = hierarchy.linkage(known, "average", optimal_ordering=True)
    return hierarchy.leaves_list(tree).tolist()
