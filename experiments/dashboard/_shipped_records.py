"""Records that come with the project, for the view inside a model."""

from pathlib import Path


def shipped_records() -> Path | None:
    """Their folder, None where there is none: inside an installed package, or in a checkout."""
    root = Path(__file__).parent.parent.parent
    folders = (root / "dynamics" / "data" / "records", root / "data" / "records")
    return next((folder for folder in folders if folder.is_dir()), None)
