"""Several score tables as one."""

from collections.abc import Sequence

from .scores import ScoreTable
from .validate import finish, rejudged


def combine_tables(tables: Sequence[ScoreTable]) -> ScoreTable:
    """One table of all rows of `tables`, in their order, checked as one.

    A model that an earlier table already holds (same family and size, any spelling) has its empty
    cells filled; where there is nothing to fill, or a score differs, the later row is left out with
    the warning `duplicate_model` or `conflicting_duplicate`. Rows keep the number that they have
    in their own file. `read_scores` of several paths does more: a source may lack families or
    sizes that another states. Raises ValueError where there is no table.

    ```pycon
    >>> from nullcline import dynamics
    >>> uniform = dynamics.load_table("uniform")
    >>> parts = [uniform.select(["Pythia"]), uniform.select(["OPT"])]
    >>> len(dynamics.combine_tables(parts).frame)
    16

    ```
    """
    if not tables:
        raise ValueError("no table to combine")
    if len(tables) == 1:
        return tables[0]
    return finish([rejudged(table) for table in tables], kind="all")
