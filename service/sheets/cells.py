"""Cells as they are read, and how much of them is taken. Nothing here needs more than Python itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from service.errors import Invalid

MAX_CELL_CHARACTERS = 20_000
Grid = list[list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken. ``plain_bytes``: after unpacking, since a few kilobytes of zip can hold gigabytes. ``cells``: of all sheets
    together; the reader keeps every cell of the rectangle up to the last one, empty or not: one cell far out costs gigabytes.
    ``rows``: of one sheet, with what stands above the data. ``code`` is how the codes of the refusals begin. ``seconds``: how
    long reading may take.
    """

    code: str
    file_bytes: int
    plain_bytes: int
    rows: int
    columns: int
    cells: int
    sheets: int = 50
    seconds: int = 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its cells as a person reads them, merged cells each with what the first of them says."""

    name: str
    grid: Grid
    hidden: bool = False


def cap(rows: int, columns: int, name: str, limits: Limits) -> None:
    if rows > limits.rows:
        raise Invalid(f"{limits.code}_too_big", f"文件 {name} 超过 {limits.rows} 行，请拆成几个再导入。")
    if columns > limits.columns:
        raise Invalid(f"{limits.code}_format", f"文件 {name} 有 {columns} 栏，超过 {limits.columns} 栏，请检查分隔符或删掉空栏。")


def text_of(cell: Any) -> str:
    """A cell as a person reads it: whole numbers without a point, dates as ISO, no invisible characters, one space for many."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, (time, timedelta)):
        return str(cell)
    text = str(cell)
    if not text.isprintable():
        text = _without_unseen(text)
    return (re.sub(r" {2,}", " ", text) if "  " in text else text).strip()[:MAX_CELL_CHARACTERS]


def _without_unseen(text: str) -> str:
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Zs", "Zl", "Zp"} else c for c in text if c not in "\ufeff\u200b")
    return "".join(c for c in text if unicodedata.category(c) != "Cs")
