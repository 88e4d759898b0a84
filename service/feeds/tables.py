"""Read a table that people send: where its header is, and what stands below each name. ``service/sheets`` reads the cells.

The whole file is read and judged before anybody uses a row of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from service.errors import Invalid
from service.sheets.cells import Grid, Limits, Sheet
from service.sheets.headers import HEADER_SEARCH_ROWS, header_key
from service.sheets.read import read_book

MAX_ROWS = 200_000
LIMITS = Limits(
    "feed_file",
    file_bytes=50 * 2**20,
    plain_bytes=200 * 2**20,
    rows=MAX_ROWS + HEADER_SEARCH_ROWS,
    columns=200,
    cells=5_000_000,
    seconds=300,
)


@dataclass(frozen=True, slots=True)
class Columns:
    """What a source's header is: our field to the names it may have there, and the fields without which it is no header."""

    names: Mapping[str, Sequence[str]]
    required: Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. ``number`` counts data rows from 1; ``shape`` says in Chinese what is wrong with its width, else empty.

    ``place`` is where people find it again: file, sheet and line, empty where a row has none. ``series`` is whose numbers its
    own number is one of, where several who send have their own: each counts from 1.
    """

    number: int
    values: dict[str, str]
    shape: str = ""
    place: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file: its rows, how it was read (``utf-8``, ``gb18030``, ``xlsx`` ...) and the SHA-256 of its bytes."""

    rows: tuple[Row, ...]
    form: str
    file_hash: str


def read_table(path: Path, columns: Columns) -> Table:
    """Read a file whole. Raises :class:`service.errors.Invalid` with one Chinese sentence when it cannot be used.

    Codes: ``feed_file_missing feed_file_empty feed_file_too_big feed_file_cut feed_file_encoding feed_file_format
    feed_file_no_header``.
    """
    return table_of(_load(path), path.name, columns)


def table_of(packed: bytes, name: str, columns: Columns) -> Table:
    """The same for the bytes of a file."""
    book = read_book(packed, name, LIMITS)
    rows = _rows(book.sheets, columns, name)
    return Table(rows, book.form, hashlib.sha256(packed).hexdigest())


def _load(path: Path) -> bytes:
    if not path.is_file():
        raise Invalid("feed_file_missing", f"找不到文件 {path.name}，请检查路径。")
    if path.stat().st_size > LIMITS.file_bytes:
        raise Invalid("feed_file_too_big", f"文件 {path.name} 超过 {LIMITS.file_bytes // 2**20} MB，请拆成几个再导入。")
    return path.read_bytes()


def _rows(sheets: Sequence[Sheet], columns: Columns, name: str) -> tuple[Row, ...]:
    """The rows of every sheet that has the header and is not hidden. The numbers in further sheets are those of their sheet."""
    rows: list[Row] = []
    headers = 0
    for sheet in sheets:
        found = None if sheet.hidden else _header(sheet.grid, columns)
        if found is None:
            continue
        headers += 1
        read = _data_rows(sheet, *found, name)
        rows += [replace(row, number=len(rows) + at, series=sheet.name if headers > 1 else "") for at, row in enumerate(read, 1)]
    if not headers:
        wanted = "、".join(columns.names[field][0] for field in columns.required)
        raise Invalid("feed_file_no_header", f"文件 {name} 里没有找到表头：请在第一行写上栏名（至少要有：{wanted}），再导入。")
    if not rows:
        raise Invalid("feed_file_empty", f"文件 {name} 只有表头，没有一行数据，请检查导出是否成功。")
    if len(rows) > MAX_ROWS:
        raise Invalid("feed_file_too_big", f"文件 {name} 超过 {MAX_ROWS} 行，请拆成几个再导入。")
    return tuple(rows)


def _header(grid: Grid, columns: Columns) -> tuple[int, dict[str, int]] | None:
    names = {field: {header_key(name) for name in known} for field, known in columns.names.items()}
    for at, cells in enumerate(grid[:HEADER_SEARCH_ROWS]):
        keys = [header_key(cell) for cell in cells]
        places = {field: keys.index(key) for field, known in names.items() for key in keys if key and key in known}
        if all(field in places for field in columns.required):
            return at, places
    return None


def _data_rows(sheet: Sheet, header: int, places: dict[str, int], name: str) -> Iterator[Row]:
    width = len(sheet.grid[header])
    filled = [(at, cells) for at, cells in enumerate(sheet.grid[header + 1 :], start=header + 2) if any(cells)]
    if filled and len(filled[-1][1]) < width and all(len(cells) >= width for _, cells in filled[:-1]):
        raise Invalid(
            "feed_file_cut",
            f"文件 {name} 最后一行只有 {len(filled[-1][1])} 栏，应有 {width} 栏，没有下载完整，请重新下载。",
        )
    where = f"{name}，工作表“{sheet.name}”" if sheet.name else name
    for number, (at, cells) in enumerate(filled, start=1):
        shape = "" if len(cells) == width or not any(cells[width:]) else f"这一行有 {len(cells)} 栏，表头只有 {width} 栏"
        values = {field: cells[at] if at < len(cells) else "" for field, at in places.items()}
        yield Row(number, values, shape, f"{where}，第 {at} 行")
