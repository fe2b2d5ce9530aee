"""Arrays of NumPy or of JAX in annotations, without the import of JAX."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from jax import Array

    AnyArray: TypeAlias = np.ndarray | Array
else:
    AnyArray = Any  # jaxtyping then takes whatever has the shape and the kind of number
