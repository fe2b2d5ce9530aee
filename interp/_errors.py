"""The error that a user can correct."""


class InterpError(ValueError):
    """A model, a file or a request that cannot be used; the message names it and the remedy."""
