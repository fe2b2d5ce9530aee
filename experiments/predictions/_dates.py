"""When models were released, as far as a table says."""

import datetime
import re

import pandas as pd

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
# 03/04/2024 is two dates, and a bare number of days or seconds has no known origin.
_DOUBTFUL = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{5,}"


def earliest_dates(written: pd.Series) -> list[datetime.date | None]:
    """The first day that each date can mean (2025: its first), None where none can be read."""
    texts = [str(cell).strip() for cell in written]
    return [_date(text) for text in texts]


def _date(text: str) -> datetime.date | None:
    partial = _PARTIAL.fullmatch(text)
    if partial:
        year, month = int(partial[1]), int(partial[2] or 1)
        return datetime.date(year, month, 1) if year and 1 <= month <= 12 else None
    if not text or re.fullmatch(_DOUBTFUL, text):
        return None
    found = pd.to_datetime(text, errors="coerce", utc=True)
    return None if pd.isna(found) else found.date()


def parse_day(text: str) -> datetime.date:
    """A day as the user gives it. Raises ValueError for anything but YYYY-MM-DD."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"as_of={text}: give a day such as 2026-12-31") from None
