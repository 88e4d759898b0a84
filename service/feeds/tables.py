"""Read a table that people send: CSV in any Chinese encoding, .xlsx, .xls, each also gzipped.

Every way it can be broken is one clear line. What the file is, its bytes say, not its name: an .xls that is really a CSV is
common. The whole file is read and judged before anybody uses a row of it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from service.errors import Invalid

MAX_FILE_BYTES = 50 * 2**20
MAX_PLAIN_BYTES = 200 * 2**20
"""After unpacking: a few kilobytes of zip can hold gigabytes."""
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 5_000_000
"""The reader keeps every cell of the rectangle up to the last one, empty or not: one cell far out costs gigabytes."""
MAX_CELL_CHARACTERS = 20_000
HEADER_SEARCH_ROWS = 20
"""Real sheets have a title, a date and a note above the header."""

_XLSX, _XLS, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"
Grid = list[list[str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a source's header is: our field to the names it may have there, and the fields without which it is no header."""

    names: Mapping[str, Sequence[str]]
    required: Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. ``number`` counts data rows from 1; ``shape`` says in Chinese what is wrong with its width, else empty."""

    number: int
    values: dict[str, str]
    shape: str = ""


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
    packed = _load(path)
    data, inner = (_unzip(packed), True) if packed.startswith(_GZIP) else (packed, False)
    if not data.strip():
        raise Invalid("feed_file_empty", f"文件 {path.name} 是空的，没有读到任何内容，请检查下载或导出是否成功。")
    if data.startswith((_XLSX, _XLS)):
        form = "xlsx" if data.startswith(_XLSX) else "xls"
        grids = _sheets(data, path.name)
    else:
        text, form = _decode(data, path.name)
        grids = [_csv_grid(text, path.name)]
    rows = _rows(grids, columns, path.name)
    return Table(rows, f"{form}.gz" if inner else form, hashlib.sha256(packed).hexdigest())


def _load(path: Path) -> bytes:
    if not path.is_file():
        raise Invalid("feed_file_missing", f"找不到文件 {path.name}，请检查路径。")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Invalid("feed_file_too_big", f"文件 {path.name} 超过 {MAX_FILE_BYTES // 2**20} MB，请拆成几个再导入。")
    return path.read_bytes()


def _unzip(packed: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            data = stream.read(MAX_PLAIN_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as wrong:
        raise Invalid("feed_file_cut", "压缩文件不完整或已损坏，请重新下载。") from wrong
    if len(data) > MAX_PLAIN_BYTES:
        raise Invalid("feed_file_too_big", f"文件解压后超过 {MAX_PLAIN_BYTES // 2**20} MB，请拆成几个再导入。")
    return data


def _decode(data: bytes, name: str) -> tuple[str, str]:
    """Text and encoding. GB18030 covers GBK and GB2312; a byte order mark settles the matter."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif data.startswith(b"\xef\xbb\xbf"):
        encodings = ("utf-8-sig",)
    else:
        encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as wrong:
            if wrong.end >= len(data) - 4 and wrong.start > len(data) - 8:
                raise Invalid("feed_file_cut", f"文件 {name} 在一个字的中间断了，没有下载完整，请重新下载。") from wrong
            continue
        if "\x00" not in text:
            return text, "utf-8" if encoding.startswith("utf-8") else encoding
    raise Invalid("feed_file_encoding", f"文件 {name} 的文字编码认不出来，请另存为“CSV UTF-8”或 .xlsx 再导入。")


def _csv_grid(text: str, name: str) -> Grid:
    delimiter = _delimiter(text)
    grid: Grid = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            _cap(len(grid), len(cells), name)
            grid.append([_text(cell) for cell in cells])
    except csv.Error as wrong:
        if "unexpected end of data" in str(wrong):
            raise Invalid("feed_file_cut", f"文件 {name} 最后一行没有写完（引号没有关上），没有下载完整，请重新下载。") from wrong
        raise Invalid(
            "feed_file_format", f"文件 {name} 第 {len(grid) + 1} 行附近不是正确的 CSV，请另存为 .xlsx 再导入。"
        ) from wrong
    return grid


def _delimiter(text: str) -> str:
    head = text[:4096].split("\n", 1)[0]
    return max(",\t;", key=head.count)


def _sheets(data: bytes, name: str) -> list[Grid]:
    if data.startswith(_XLSX):
        _check_zip(data, name)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return [_sheet_grid(book, at, name) for at in range(len(book.sheet_names))]
    except PasswordError as wrong:
        raise Invalid("feed_file_format", f"表格 {name} 设了打开密码，请去掉密码再导入。") from wrong
    except (CalamineError, OSError, ValueError) as wrong:
        raise Invalid("feed_file_cut", f"表格 {name} 打不开，可能没有下载完整，请重新下载或另存一次。") from wrong


def _check_zip(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            small = sum(entry.file_size for entry in entries) <= MAX_PLAIN_BYTES
            sheets = [entry for entry in entries if small and "worksheets/" in entry.filename.lower()]
            widest = max((_rectangle(archive.read(entry)) for entry in sheets), default=0)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as wrong:
        raise Invalid("feed_file_cut", f"表格 {name} 打不开，可能没有下载完整，请重新下载或另存一次。") from wrong
    if sum(entry.file_size for entry in entries) > MAX_PLAIN_BYTES:
        raise Invalid("feed_file_too_big", f"表格 {name} 展开后超过 {MAX_PLAIN_BYTES // 2**20} MB，请拆成几个再导入。")
    if widest > MAX_CELLS:
        raise Invalid("feed_file_too_big", f"表格 {name} 的范围太大（最后一格离开头太远），请删掉多余的空行空列，另存后再导入。")
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
        raise Invalid("feed_file_format", f"表格 {name} 里有宏，为了安全不打开，请另存为不含宏的 .xlsx。")


_REFERENCE = re.compile(rb"""\br=["']([A-Za-z]{1,7})(\d{1,9})["']""")


def _rectangle(sheet: bytes) -> int:
    """How many cells the rectangle up to the last row and the last column of a worksheet holds."""
    rows = columns = 0
    for letters, digits in _REFERENCE.findall(sheet):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        rows, columns = max(rows, int(digits)), max(columns, column)
    return rows * columns


def _sheet_grid(book: CalamineWorkbook, at: int, name: str) -> Grid:
    sheet = book.get_sheet_by_index(at)
    if sheet.total_height == 0:
        return []
    _cap(sheet.total_height, sheet.total_width, name)
    grid = [[_text(cell) for cell in cells] for cells in sheet.to_python(skip_empty_area=False)]
    # The workbook itself says which cells are merged: each of them means what the first one says. Nothing is guessed.
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top, min(bottom, len(grid) - 1) + 1):
            for column in range(left, min(right, len(grid[row]) - 1) + 1):
                grid[row][column] = grid[top][left]
    return grid


def _cap(rows: int, columns: int, name: str) -> None:
    if rows > MAX_ROWS + HEADER_SEARCH_ROWS:
        raise Invalid("feed_file_too_big", f"文件 {name} 超过 {MAX_ROWS} 行，请拆成几个再导入。")
    if columns > MAX_COLUMNS:
        raise Invalid("feed_file_format", f"文件 {name} 有 {columns} 栏，超过 {MAX_COLUMNS} 栏，请检查分隔符或删掉空栏。")


def _text(cell: Any) -> str:
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
    text = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zs", "Zl", "Zp"} else c for c in str(cell) if c not in "\ufeff\u200b"
    )
    text = "".join(c for c in text if unicodedata.category(c) != "Cs")
    return re.sub(r" {2,}", " ", text).strip()[:MAX_CELL_CHARACTERS]


def _rows(grids: list[Grid], columns: Columns, name: str) -> tuple[Row, ...]:
    for grid in grids:
        found = _header(grid, columns)
        if found is not None:
            at, places = found
            return tuple(_data_rows(grid[at + 1 :], len(grid[at]), places, name))
    wanted = "、".join(columns.names[field][0] for field in columns.required)
    raise Invalid("feed_file_no_header", f"文件 {name} 里没有找到表头：请在第一行写上栏名（至少要有：{wanted}），再导入。")


def _header(grid: Grid, columns: Columns) -> tuple[int, dict[str, int]] | None:
    names = {field: {_key(name) for name in known} for field, known in columns.names.items()}
    for at, cells in enumerate(grid[:HEADER_SEARCH_ROWS]):
        keys = [_key(cell) for cell in cells]
        places = {field: keys.index(key) for field, known in names.items() for key in keys if key and key in known}
        if all(field in places for field in columns.required):
            return at, places
    return None


def _key(name: str) -> str:
    """A column name as it is compared: 「招聘 人数（人）*」 is 招聘人数."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"\(.*?\)|[\s*:：]", "", plain)


def _data_rows(grid: Grid, width: int, places: dict[str, int], name: str) -> Iterator[Row]:
    filled = [cells for cells in grid if any(cells)]
    if not filled:
        raise Invalid("feed_file_empty", f"文件 {name} 只有表头，没有一行数据，请检查导出是否成功。")
    if len(filled) > MAX_ROWS:
        raise Invalid("feed_file_too_big", f"文件 {name} 超过 {MAX_ROWS} 行，请拆成几个再导入。")
    if len(filled[-1]) < width and all(len(cells) >= width for cells in filled[:-1]):
        raise Invalid(
            "feed_file_cut",
            f"文件 {name} 最后一行只有 {len(filled[-1])} 栏，应有 {width} 栏，没有下载完整，请重新下载。",
        )
    for number, cells in enumerate(filled, start=1):
        shape = "" if len(cells) == width or not any(cells[width:]) else f"这一行有 {len(cells)} 栏，表头只有 {width} 栏"
        values = {field: cells[at] if at < len(cells) else "" for field, at in places.items()}
        yield Row(number, values, shape)
