"""Looking inside one model: which heads push to the truth, where truth has a direction, and what
adding it does.

What this package exports is listed in `__init__.pyi`; a name is imported when it is first used.
"""

from ..common.public_names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
