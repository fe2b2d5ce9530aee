"""The licence and origin of every shipped table, from the file beside it.

python tests/helpers/licences.py    # writes data/LICENSES.md
"""

import json
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
PAGE = DATA / "LICENSES.md"
_HEAD = """# Licences of the shipped tables

Made by `python tests/helpers/licences.py` from the file beside each table, which says more.

| Table | Licence | Origin |
| --- | --- | --- |
"""


def page(data: Path = DATA) -> str:
    """A row for each table; raises ValueError that names a table without licence or origin."""
    return _HEAD + "".join(_row(path) for path in sorted(data.glob("*.csv")))


def _row(path: Path) -> str:
    beside = path.with_suffix(".json")
    about = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    cells = [about.get(key) for key in ("licence", "origin")]
    if not all(cells):
        raise ValueError(f"{path.name} has no licence or origin; say both in {beside.name}")
    said = [" ".join(str(cell).split()).replace("|", "\\|") for cell in cells]
    return f"| `{path.name}` | {said[0]} | {said[1]} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
