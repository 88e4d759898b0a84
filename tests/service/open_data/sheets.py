"""Reading back the sheets that offices get."""

from __future__ import annotations

import csv
import io

from python_calamine import CalamineWorkbook


def rows_of_csv(content: bytes) -> list[list[str]]:
    """All rows, the header first."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def rows_of_xlsx(content: bytes) -> list[list[str]]:
    """All rows of the first sheet, the header first; rows that end early are filled up."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_index(0).to_python()
    return [[f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]


def regions_of_csv(content: bytes) -> list[dict[str, str]]:
    """The division of each row."""
    return _regions(rows_of_csv(content))


def regions_of_xlsx(content: bytes) -> list[dict[str, str]]:
    """The division of each row."""
    return _regions(rows_of_xlsx(content))


def _regions(rows: list[list[str]]) -> list[dict[str, str]]:
    at = rows[0].index("地区代码")
    return [{"region_code": row[at]} for row in rows[1:]]
