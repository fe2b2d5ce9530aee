"""Hydra configuration: values only, one yaml per choice."""

from importlib import resources
from pathlib import Path


def configs(*parts: str) -> Path:
    """Path of a folder or file of the configuration, in a checkout as in an installed package."""
    return Path(str(resources.files(__name__))).joinpath(*parts)
