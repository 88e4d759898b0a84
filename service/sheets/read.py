"""Read the cells of a file that people send: CSV in any Chinese encoding, .xlsx, .xls, each also gzipped.

Every way it can be broken is one clear line. What the file is, its bytes say, not its name: an .xls that is really a CSV is
common. What a cell means is for others to say (``service/feeds/tables.py``, ``service/imports``).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from service.errors import Invalid
from service.sheets import html

MAX_CELL_CHARACTERS = 20_000
_XLSX, _XLS, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"
_OTHER_KINDS = (
    (b"%PDF", " PDF"), (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"), (b"GIF8", "图片"),
    (b"Rar!", "压缩包"), (b"7z\xbc\xaf", "压缩包"), (b"{\\rtf", "文档"),
)  # fmt: skip
_SEALED = "EncryptedPackage".encode("utf-16-le")
"""The part of a compound file in which a workbook with a password is kept."""
Grid = list[list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken. ``plain_bytes``: after unpacking, since a few kilobytes of zip can hold gigabytes. ``cells``: the reader
    keeps every cell of the rectangle up to the last one, empty or not: one cell far out costs gigabytes. ``rows``: of one sheet,
    with what stands above the data. ``code`` is how the codes of the refusals begin.
    """

    code: str
    file_bytes: int
    plain_bytes: int
    rows: int
    columns: int
    cells: int
    sheets: int = 50


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its cells as a person reads them, merged cells each with what the first of them says."""

    name: str
    grid: Grid
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """A whole file and how it was read (``utf-8``, ``gb18030``, ``xlsx``, ``xlsx.gz`` ...)."""

    sheets: tuple[Sheet, ...]
    form: str


def read_book(packed: bytes, name: str, limits: Limits) -> Book:
    """Every sheet of a file; a CSV is one. ``name`` stands in the sentences.

    Raises :class:`service.errors.Invalid` with one Chinese sentence; codes, behind ``limits.code``: ``_empty _too_big _cut
    _encoding _format``.
    """
    if len(packed) > limits.file_bytes:
        raise Invalid(f"{limits.code}_too_big", f"文件 {name} 超过 {limits.file_bytes // 2**20} MB，请拆成几个再导入。")
    data, inner = (_unzip(packed, limits), True) if packed.startswith(_GZIP) else (packed, False)
    if not data.strip():
        raise Invalid(f"{limits.code}_empty", f"文件 {name} 是空的，没有读到任何内容，请检查下载或导出是否成功。")
    if data.startswith((_XLSX, _XLS)):
        form = "xlsx" if data.startswith(_XLSX) else "xls"
        sheets = _sheets(data, name, limits)
    else:
        _refuse_other_kinds(data, name, limits)
        text, form = _decode(data, name, limits)
        if html.is_page(text):
            form, sheets = "html", _page(text, name, limits)
        else:
            sheets = (Sheet("", _csv_grid(text, name, limits)),)
    return Book(sheets, f"{form}.gz" if inner else form)


def _refuse_other_kinds(data: bytes, name: str, limits: Limits) -> None:
    """What is no table at all, by how it begins: who sent it is told so, and not that a header is missing."""
    kind = next((said for begin, said in _OTHER_KINDS if data.startswith(begin)), "")
    if not kind and data[:4096].lstrip().startswith(b"<?xml"):
        kind = " XML"
    if kind:
        raise Invalid(
            f"{limits.code}_format", f"文件 {name} 其实是{kind}，不是表格；请用 Excel 或 WPS 打开，另存为 .xlsx 再导入。"
        )


def _page(text: str, name: str, limits: Limits) -> tuple[Sheet, ...]:
    """The tables of a web page that an office's system gave out as an .xls."""
    found: list[Sheet] = []
    try:
        read = html.tables(text, limits.cells)
    except html.TooManyCells:
        raise Invalid(f"{limits.code}_too_big", f"表格 {name} 的格子太多，请拆成几个再导入。") from None
    for table in read:
        for at, cells in enumerate(table):
            _cap(at, len(cells), name, limits)
        found.append(Sheet(f"表{len(found) + 1}", [[_text(cell) for cell in cells] for cells in table]))
    if not found:
        raise Invalid(f"{limits.code}_format", f"文件 {name} 是网页，里面没有表格；请用 Excel 或 WPS 打开，另存为 .xlsx 再导入。")
    if len(found) > limits.sheets:
        raise Invalid(f"{limits.code}_too_big", f"表格 {name} 的工作表超过 {limits.sheets} 个，请拆成几个再导入。")
    return tuple(found)


def _unzip(packed: bytes, limits: Limits) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            data = stream.read(limits.plain_bytes + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as wrong:
        raise Invalid(f"{limits.code}_cut", "压缩文件不完整或已损坏，请重新下载。") from wrong
    if len(data) > limits.plain_bytes:
        raise Invalid(f"{limits.code}_too_big", f"文件解压后超过 {limits.plain_bytes // 2**20} MB，请拆成几个再导入。")
    return data


def _decode(data: bytes, name: str, limits: Limits) -> tuple[str, str]:
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
                raise Invalid(f"{limits.code}_cut", f"文件 {name} 在一个字的中间断了，没有下载完整，请重新下载。") from wrong
            continue
        if "\x00" not in text:
            return text, "utf-8" if encoding.startswith("utf-8") else encoding
    raise Invalid(f"{limits.code}_encoding", f"文件 {name} 的文字编码认不出来，请另存为“CSV UTF-8”或 .xlsx 再导入。")


def _csv_grid(text: str, name: str, limits: Limits) -> Grid:
    delimiter = _delimiter(text)
    grid: Grid = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            _cap(len(grid), len(cells), name, limits)
            grid.append([_text(cell) for cell in cells])
    except csv.Error as wrong:
        if "unexpected end of data" in str(wrong):
            raise Invalid(
                f"{limits.code}_cut", f"文件 {name} 最后一行没有写完（引号没有关上），没有下载完整，请重新下载。"
            ) from wrong
        raise Invalid(
            f"{limits.code}_format", f"文件 {name} 第 {len(grid) + 1} 行附近不是正确的 CSV，请另存为 .xlsx 再导入。"
        ) from wrong
    return grid


def _delimiter(text: str) -> str:
    head = text[:4096].split("\n", 1)[0]
    return max(",\t;", key=head.count)


def _sheets(data: bytes, name: str, limits: Limits) -> tuple[Sheet, ...]:
    if data.startswith(_XLSX):
        _check_zip(data, name, limits)
    locked = f"表格 {name} 设了打开密码，请去掉密码再导入。"
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            if len(book.sheets_metadata) > limits.sheets:
                raise Invalid(f"{limits.code}_too_big", f"表格 {name} 的工作表超过 {limits.sheets} 个，请拆成几个再导入。")
            return tuple(
                Sheet(about.name, _sheet_grid(book, at, name, limits), about.visible != SheetVisibleEnum.Visible)
                for at, about in enumerate(book.sheets_metadata)
            )
    except PasswordError as wrong:
        raise Invalid(f"{limits.code}_format", locked) from wrong
    except (CalamineError, OSError, ValueError) as wrong:
        if _SEALED in data:
            raise Invalid(f"{limits.code}_format", locked) from wrong
        # The reader does not tell an old .xls with a password from a broken one.
        perhaps = "" if data.startswith(_XLSX) else "如果设了打开密码，请先去掉；"
        raise Invalid(f"{limits.code}_cut", f"表格 {name} 打不开，{perhaps}可能没有下载完整，请重新下载或另存一次。") from wrong


def _check_zip(data: bytes, name: str, limits: Limits) -> None:
    """What is in the archive, before the reader of sheets sees it: it believes what the archive says of its sizes."""
    widest, unpacked = 0, 0
    entries: list[zipfile.ZipInfo] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            for entry in entries if sum(entry.file_size for entry in entries) <= limits.plain_bytes else ():
                content = _unpacked(data, entry, limits.plain_bytes - unpacked)
                unpacked += len(content)
                if unpacked > limits.plain_bytes:
                    break
                if "worksheets/" in entry.filename.lower():
                    widest = max(widest, _rectangle(content))
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError) as wrong:
        raise Invalid(f"{limits.code}_cut", f"表格 {name} 打不开，可能没有下载完整，请重新下载或另存一次。") from wrong
    if max(unpacked, sum(entry.file_size for entry in entries)) > limits.plain_bytes:
        raise Invalid(f"{limits.code}_too_big", f"表格 {name} 展开后超过 {limits.plain_bytes // 2**20} MB，请拆成几个再导入。")
    if widest > limits.cells:
        raise Invalid(
            f"{limits.code}_too_big", f"表格 {name} 的范围太大（最后一格离开头太远），请删掉多余的空行空列，另存后再导入。"
        )
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
        raise Invalid(f"{limits.code}_format", f"表格 {name} 里有宏，为了安全不打开，请另存为不含宏的 .xlsx。")


_LOCAL_HEADER = struct.Struct("<4s22xHH")


def _unpacked(data: bytes, entry: zipfile.ZipInfo, most: int) -> bytes:
    """What an entry really holds, at most ``most`` bytes and one. ``zipfile`` stops where the entry says that it ends, other
    readers do not: the size that counts is the one that comes out. Raises BadZipFile for what spreadsheets do not use."""
    mark, name_length, extra_length = _LOCAL_HEADER.unpack_from(data, entry.header_offset)
    begin = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    packed = data[begin : begin + entry.compress_size]
    if mark != _XLSX or entry.flag_bits & 1:
        raise zipfile.BadZipFile
    if entry.compress_type == zipfile.ZIP_STORED:
        return packed[: most + 1]
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile
    content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1)
    if len(content) <= most and len(content) != entry.file_size:
        raise zipfile.BadZipFile
    return content


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


def _sheet_grid(book: CalamineWorkbook, at: int, name: str, limits: Limits) -> Grid:
    sheet = book.get_sheet_by_index(at)
    if sheet.height == 0:
        return []
    _cap(sheet.total_height + 1, sheet.total_width + 1, name, limits)  # the two say where the last cell is, from 0
    grid = [[_text(cell) for cell in cells] for cells in sheet.to_python(skip_empty_area=False)]
    # The workbook itself says which cells are merged: each of them means what the first one says. Nothing is guessed.
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top, min(bottom, len(grid) - 1) + 1):
            for column in range(left, min(right, len(grid[row]) - 1) + 1):
                grid[row][column] = grid[top][left]
    return grid


def _cap(rows: int, columns: int, name: str, limits: Limits) -> None:
    if rows > limits.rows:
        raise Invalid(f"{limits.code}_too_big", f"文件 {name} 超过 {limits.rows} 行，请拆成几个再导入。")
    if columns > limits.columns:
        raise Invalid(f"{limits.code}_format", f"文件 {name} 有 {columns} 栏，超过 {limits.columns} 栏，请检查分隔符或删掉空栏。")


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
    text = str(cell)
    if not text.isprintable():
        text = _without_unseen(text)
    return (re.sub(r" {2,}", " ", text) if "  " in text else text).strip()[:MAX_CELL_CHARACTERS]


def _without_unseen(text: str) -> str:
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Zs", "Zl", "Zp"} else c for c in text if c not in "\ufeff\u200b")
    return "".join(c for c in text if unicodedata.category(c) != "Cs")
