"""Families of language models: their scores, their phases, the dynamics of their capabilities.

What this package exports is listed in `__init__.pyi`; a name is imported when it is first used, so
that reading a table does not wait for JAX. `controls`, `phases`, `ode` and `forecast` hold the
parts that the functions here are made of.
"""

from ..common.public_names import public_names

__getattr__, __dir__, __all__ = public_names(__name__, __file__)
