"""What a caller of `organisms` can put right."""


class OrganismError(ValueError):
    """An error that a user can correct: an unknown name, a checkpoint of another recipe, a full
    disk."""
