"""Tables in JSON: records, columns, pandas' split, a data server's rows, and JSON Lines."""

from pathlib import Path

from .columns import known_column
from .decode import plain_cell
from .json_files import as_dict, loaded
from .known_names import known_name
from .sheets import Sheet

_LABELS = ("dataset", "benchmark", "task")  # of tables with one column a model
_NESTED = ("scores", "results", "benchmarks", "metrics", "evals", "evaluations")


def json_sheet(path: Path, document: object) -> Sheet | None:
    """The table that a JSON document holds, None where it is none of models."""
    records = _records(document)
    if records is None or not _names_models(records[:50]):
        return None
    return _sheet(path, "json", records, range(2, len(records) + 2))


def lines_sheet(path: Path, text: str) -> Sheet | None:
    """The table in JSON Lines, None where a line is no object or none names a model."""
    records, numbers = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = loaded(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict):
            return None
        records.append(_flat(record))
        numbers.append(number)
    if not records or not _names_models(records[:50]):
        return None
    return _sheet(path, "json lines", records, numbers)


def _records(document: object) -> list[dict] | None:
    if isinstance(document, list):
        if document and all(isinstance(record, dict) for record in document):
            rows = [as_dict(r["row"]) if set(r) >= {"row", "row_idx"} else r for r in document]
            return [_flat(row) for row in rows]
        return None
    table = as_dict(document)
    columns, data = table.get("columns"), table.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        return [
            dict(zip(map(str, columns), row, strict=False)) for row in data if isinstance(row, list)
        ] or None
    for key in ("data", "rows", "records", "models"):
        if isinstance(table.get(key), list):
            return _records(table[key])
    return _columns(table)


def _columns(table: dict) -> list[dict] | None:
    """Column -> cells, as a list or (as pandas writes) as index -> cell; or model -> scores."""
    if table and all(isinstance(cells, dict) for cells in table.values()):
        inner = list(dict.fromkeys(str(key) for cells in table.values() for key in cells))[:2000]
        if not _names_models([table]):
            outer = [str(key) for key in table][:2000]
            if any(known_name(key) for key in inner) and not any(map(known_name, outer)):
                return [{"model": key, **cells} for key, cells in table.items()]
            if any(map(known_name, outer)) and not any(key.isdecimal() for key in inner):
                return [
                    {"model": key, **{k: c[key] for k, c in table.items() if key in c}}
                    for key in inner
                ]
    if not table or not _names_models([table]):
        return None
    if all(isinstance(cells, list) for cells in table.values()):
        length = max(len(cells) for cells in table.values())
        return [{k: c[i] for k, c in table.items() if i < len(c)} for i in range(length)]
    if all(isinstance(cells, dict) for cells in table.values()):
        rows = dict.fromkeys(row for cells in table.values() for row in cells)
        return [{k: c[row] for k, c in table.items() if row in c} for row in rows]
    return None


def _flat(record: dict) -> dict:
    """A record with the cells of `scores: {...}` and the like beside the others."""
    flat: dict[str, object] = {}
    for key, value in record.items():
        if isinstance(value, dict) and str(key).lower() in _NESTED:
            flat.update({str(inner): cell for inner, cell in value.items()})
        else:
            flat[str(key)] = value
    return flat


def _names_models(records: list[dict]) -> bool:
    keys = {str(key) for record in records for key in record}
    return any(known_column(key) == "model" or key.lower() in _LABELS for key in keys)


def _sheet(path: Path, format_: str, records: list[dict], numbers) -> Sheet:
    headings = list(dict.fromkeys(str(key) for record in records for key in record))
    rows: list[list[object]] = [list(headings)]
    for record in records:
        cells = {str(key): plain_cell(value) for key, value in record.items()}
        rows.append([cells.get(heading, "") for heading in headings])
    return Sheet(path, format_, rows, [1, *numbers])
