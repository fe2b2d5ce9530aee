"""Families of small language models that this project trains, in which the tax phase can be
switched.

What this package exports is listed in `__init__.pyi`; a name is imported when it is first used, so
that listing organisms needs neither JAX nor flax.
"""

from ..common.public_names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
