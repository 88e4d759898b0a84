"""Read a host's running order out of a sheet: which row is the header, which rows open a slot, what each listing says.

Nothing of a database is known here; what cannot be read is said row by row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from service.clock import BEIJING
from service.errors import Invalid
from service.live.tables import columns
from service.sheets.cells import Grid
from service.sheets.headers import HEADER_SEARCH_ROWS, header_key

_NUMBER = re.compile(r"\d{1,4}")
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:：点时](\d{2})?")
_DAY = re.compile(r"(?<![\d:：])(?:(\d{4})[-年/.])?(\d{1,2})[-月/.](\d{1,2})(?![\d:：])")
_HEADCOUNT = re.compile(r"\d{1,6}")
_JOINED = ("description",)


@dataclass(frozen=True, slots=True)
class Line:
    """One listing of the sheet: the row it stands in (from 1, as the program shows it), its values as written."""

    row: int
    values: dict[str, str]
    slot: str


def lines_of(grids: Sequence[Grid], name: str) -> list[Line]:
    """The listings of the first sheet that has a header. Raises Invalid when none has one, or nothing stands below it."""
    for grid in grids:
        for at, cells in enumerate(grid[:HEADER_SEARCH_ROWS]):
            places = _places(cells)
            if all(field in places for field in columns().required):
                found = _lines(grid, at, places)
                if not found:
                    raise Invalid("running_order_empty", f"文件 {name} 只有表头，没有一个岗位，请填好再提交。")
                return found
    wanted = "、".join(columns().names[field][0] for field in columns().required)
    raise Invalid("running_order_no_header", f"文件 {name} 里没有找到表头：至少要有“{wanted}”两栏。")


def _places(cells: Sequence[str]) -> dict[str, list[int]]:
    words = {field: {header_key(word) for word in names} for field, names in columns().names.items()}
    places: dict[str, list[int]] = {}
    for at, cell in enumerate(cells):
        key = header_key(cell)
        for field, known in words.items():
            if key and key in known and (field in _JOINED or field not in places):
                places.setdefault(field, []).append(at)
    return places


def _lines(grid: Grid, header: int, places: dict[str, list[int]]) -> list[Line]:
    found: list[Line] = []
    slot = ""
    for at, cells in enumerate(grid[header + 1 :], start=header + 2):
        said = {cell for cell in cells if cell}
        values = {
            field: "，".join(dict.fromkeys(cells[one] for one in where if one < len(cells) and cells[one]))
            for field, where in places.items()
        }
        if len(said) == 1 and not _NUMBER.fullmatch(next(iter(said))):
            slot = next(iter(said))[:64]  # one text across the table: 「第一场 14:00 电子厂专场」
        elif values.get("title") or values.get("listing_no"):
            found.append(Line(at, values, values.get("slot") or slot))
    return found


def listing_no_of(text: str) -> int | None:
    """「3号链接」 is 3; None when no number stands there, or more than one."""
    found = _NUMBER.findall(unicodedata.normalize("NFKC", text))
    return int(found[0]) if len(found) == 1 and int(found[0]) > 0 else None


def headcount_of(text: str) -> int | None:
    """「20人」 is 20, 「20-30人」 is 30; None for 若干."""
    found = [int(number) for number in _HEADCOUNT.findall(unicodedata.normalize("NFKC", text))]
    return max(found) if found and max(found) > 0 else None


def moment_of(text: str, begins: datetime) -> datetime | None:
    """When a slot begins: a time of the day of the stream (the next day when it runs past midnight), with or without the day.
    None when no time can be read."""
    said = unicodedata.normalize("NFKC", text)
    found = _TIME.search(said)
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
        return None
    first = begins.astimezone(BEIJING)
    day = first.date()
    dated = _DAY.search(said)
    if dated is not None:
        try:
            day = date(int(dated[1] or first.year), int(dated[2]), int(dated[3]))
        except ValueError:
            return None
    moment = datetime.combine(day, time(int(found[1]), int(found[2] or 0)), BEIJING)
    if dated is None and moment < first - timedelta(hours=12):
        moment += timedelta(days=1)
    return moment
