"""nullcline: phases of language-model families, their dynamics, and what steers a model to truth.

`import nullcline as nc` is light; `nc.dynamics`, `nc.interp` and `nc.organisms` are loaded when
they are first used.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import dynamics as dynamics
    from . import interp as interp
    from . import organisms as organisms

    __version__: str

_LIBRARIES = ("dynamics", "interp", "organisms")
__all__ = ["__version__", "dynamics", "interp", "organisms"]

_here = Path(__file__).parent
if not (_here / "dynamics").is_dir():
    # A checkout: the packages stand at its top, and in a wheel beside this file.
    __path__.append(str(_here.parents[1]))


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if name in _LIBRARIES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LIBRARIES])
