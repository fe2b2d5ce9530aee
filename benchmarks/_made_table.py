"""How a shipped table is written: rows as CSV, and beside them where they come from."""

import hashlib
import json
from pathlib import Path

import pandas as pd

#: Where shipped tables lie.
DATA = Path(__file__).parent.parent / "data"


def write_table(name: str, frame: pd.DataFrame, origin: dict, *, folder: Path = DATA) -> None:
    """Write `NAME.csv` and `NAME.json`, with the number of rows and the digest, into `folder`."""
    text = frame.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    about = {
        "table": f"{name}.csv",
        **origin,
        "rows": len(frame),
        "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
    }
    content = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    (folder / f"{name}.json").write_text(content, encoding="utf-8")
    print(f"{name}.csv: {len(frame)} rows, {len(frame.columns)} columns")
