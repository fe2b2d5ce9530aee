"""One entry for every format that holds scores."""

from pathlib import Path

from ._read_csv import read_csv
from ._scores import ScoreTable
from ._validate import validate
from ._warnings import TableError


def read_scores(path: str | Path, *, name: str | None = None) -> ScoreTable:
    """Read scores from `path`, whichever of the known formats it has.

    A CSV of the user's own (`family, model, params` and any benchmark columns) or ObsScaling's.
    Raises TableError, one line that names the file, the row and the mend.
    """
    path = Path(path)
    if not path.exists():
        raise TableError(path, "there is no such file or folder", "check the path")
    return validate(read_csv(path), name)
