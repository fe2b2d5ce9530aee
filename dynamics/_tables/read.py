"""One entry for every format that holds scores."""

from pathlib import Path

import pandas as pd

from .problems import TableError
from .raw import RawTable
from .read_csv import read_csv
from .read_results import read_results
from .scores import ScoreTable
from .validate import validate


def read_scores(path: str | Path | pd.DataFrame, *, name: str | None = None) -> ScoreTable:
    """Read scores from `path`, whichever of the known formats its content has.

    - A CSV of the user's own (`family, model, params` and any benchmark columns), percent or
      fractions, or ObsScaling's.
    - A folder of lm-evaluation-harness results, of any depth, or of the first Open LLM
      Leaderboard's; `models.csv` in it may state families and sizes.
    - A single results file of either: a table of one model, to look at.
    - A DataFrame with the columns of such a CSV; `row` counts its rows from 2, as in the file that
      it would make.

    Raises TableError, one line that names the file, the row and the mend.
    """
    if isinstance(path, pd.DataFrame):
        content = path.to_csv(index=False).encode("utf-8")
        return validate(read_csv(Path("DataFrame"), content), name)
    path = Path(path)
    try:
        return validate(_read(path), name)
    except OSError as error:
        why = error.strerror or type(error).__name__
        mend = "check the path and its permissions"
        raise TableError(error.filename or path, f"not readable ({why})", mend) from None


def as_table(source: ScoreTable | str | Path | pd.DataFrame) -> ScoreTable:
    """A table as it is, or what `read_scores` reads."""
    return source if isinstance(source, ScoreTable) else read_scores(source)


def _read(path: Path) -> RawTable:
    if "\0" in str(path) or not path.exists():
        raise TableError(path, "there is no such file or folder", "check the path")
    if path.is_dir():
        return read_results(path)
    content = path.read_bytes()
    is_json = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return read_results(path) if is_json else read_csv(path, content)
