"""A model steered by a truth vector for the length of a `with` block."""

import contextlib
import math
from collections.abc import Iterator

from .._errors import InterpError
from .._models.model import Model
from .add import Applied, ablating, adding_at
from .vector import TruthVector, check_fits


@contextlib.contextmanager
def steer(
    model: Model,
    vector: TruthVector,
    *,
    strength: float | None = None,
    ablate: bool = False,
    force: bool = False,
) -> Iterator[Applied | None]:
    """Add a truth vector to a model's residual stream, or take its direction out.

    **Arguments**: `strength` as a share of the residual norm (the vector's own by default; 0 gives
    the unsteered logits bit for bit; negative steers away); `ablate` projects the direction out of
    every position instead (each layer's own, where there are several); `force` takes a vector that
    was found on another model.

    **Raises** `InterpError` for a vector of another model, a layer that the model does not have,
    and a strength that is no number. The hook is removed after any exception.

    ```pycon
    >>> from nullcline import interp
    >>> model = interp.load_model("organism:knowing-48")
    >>> found = interp.find_truth_vector(model, interp.default_sets(model), methods=("mass-mean",))
    >>> with interp.steer(model, found.vector, strength=0.0):  # nothing is added
    ...     steered = interp.generate(model, "large wasp fears", max_new_tokens=2).text
    >>> steered == interp.generate(model, "large wasp fears", max_new_tokens=2).text
    True

    ```
    """
    check_fits(model, vector, force=force)
    check_strength(strength)
    if ablate:
        with contextlib.ExitStack() as stack:
            for point, direction in {vector.hook_point: vector.direction, **vector.also}.items():
                stack.enter_context(ablating(model, point, direction))
            yield None
        return
    with adding_at(
        model,
        vector.additions(strength),
        condition=vector.condition,
        positions=vector.positions,
    ) as applied:
        yield applied


def check_strength(strength: float | None) -> None:
    """Refuse NaN and infinities."""
    if strength is not None and not math.isfinite(strength):
        raise InterpError(f"strength {strength} is no number; give a share such as 0.5")
