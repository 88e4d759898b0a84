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
from service.imports.meanings import Meaning, meaning_of
from service.live.tables import columns
from service.sheets.cells import Grid
from service.sheets.headers import HEADER_SEARCH_ROWS, header_key
from service.sheets.numerals import arabic

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


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its number from 1, its header as written, the field it was taken for (empty: not known, not used)."""

    column: int
    header: str
    field: str


@dataclass(frozen=True, slots=True)
class RunningOrder:
    """A sheet as it was understood."""

    lines: tuple[Line, ...]
    headings: tuple[Heading, ...]


def read_order(grids: Sequence[Grid], name: str) -> RunningOrder:
    """The listings of the first sheet that has a header. Raises Invalid when none has one, or nothing stands below it."""
    for grid in grids:
        for at, cells in enumerate(grid[:HEADER_SEARCH_ROWS]):
            places = _places(cells)
            if all(field in places for field in columns().required):
                found = _lines(grid, at, places)
                if not found:
                    raise Invalid("running_order_empty", f"文件 {name} 只有表头，没有一个岗位，请填好再提交。")
                fields = {place: field for field, where in places.items() for place in where}
                headings = tuple(Heading(place + 1, cell, fields.get(place, "")) for place, cell in enumerate(cells) if cell)
                return RunningOrder(tuple(found), headings)
    wanted = "、".join(columns().titles[field] for field in columns().required)
    raise Invalid(
        "running_order_no_header",
        f"文件 {name} 里没有找到表头：至少要有“{wanted}”两栏，栏名可以写“序号、岗位”。",
    )


def _places(cells: Sequence[str]) -> dict[str, list[int]]:
    """Which columns say each field: those that are called so, else those whose words are known from other sheets."""
    known = {header_key(word): field for field, names in columns().names.items() for word in names}
    places: dict[str, list[int]] = {}
    left: list[tuple[int, Meaning]] = []
    for at, cell in enumerate(cells):
        field = known.get(header_key(cell))
        if field is not None:
            _take(places, field, at)
        elif (meaning := meaning_of(cell)) is not None and meaning.code in columns().meanings:
            left.append((at, meaning))
    for at, meaning in (one for sure in (True, False) for one in left if one[1].sure is sure):
        field = columns().meanings[meaning.code]
        # A likely word is not enough for a header: a title above the table says 岗位 too.
        if meaning.sure or field not in columns().required:
            _take(places, field, at)
    if "title" not in places and "trade" in places:
        places["title"] = places.pop("trade")  # 工种 alone is what they look for
    return {field: sorted(where) for field, where in places.items()}


def _take(places: dict[str, list[int]], field: str, at: int) -> None:
    if field in _JOINED or field not in places:
        places.setdefault(field, []).append(at)


def _lines(grid: Grid, header: int, places: dict[str, list[int]]) -> list[Line]:
    found: list[Line] = []
    slot = ""
    for at, cells in enumerate(grid[header + 1 :], start=header + 2):
        said = {cell for cell in cells if cell}
        values = {
            field: "，".join(dict.fromkeys(cells[one] for one in where if one < len(cells) and cells[one]))
            for field, where in places.items()
        }
        if len(said) == 1 and not _NUMBER.fullmatch(arabic(next(iter(said)))):
            slot = next(iter(said))[:64]  # one text across the table: 「第一场 14:00 电子厂专场」
        elif values.get("title") or values.get("listing_no"):
            found.append(Line(at, values, values.get("slot") or slot))
    return found


def listing_no_of(text: str) -> int | None:
    """「3号链接」 and 「三号」 are 3; None when no number stands there, or more than one."""
    found = _NUMBER.findall(arabic(text))
    return int(found[0]) if len(found) == 1 and int(found[0]) > 0 else None


def headcount_of(text: str) -> int | None:
    """「20人」 and 「二十人」 are 20, 「20-30人」 is 30; None for 若干."""
    found = [int(number) for number in _HEADCOUNT.findall(arabic(text))]
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
