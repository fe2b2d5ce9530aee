"""What a user can mend."""


class InterpError(ValueError):
    """A model, a file or a request that cannot be used; the message names it and the mend."""
