"""Shipped data: score tables with their origin, facts, trained organisms, records."""

from importlib import resources
from pathlib import Path


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, in a checkout as in an installed package."""
    return Path(str(resources.files(__name__))).joinpath(*parts)
