"""Read an .xlsx or .xls. Only ever in a process of its own (``apart.py``): the reader of sheets keeps every cell up to the last
one that a file names, so that a file of 2 kB can ask for more memory than there is, in more ways than can be told beforehand.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from service.errors import Invalid
from service.sheets.cells import Grid, Limits, Sheet, cap, text_of

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SEALED = "EncryptedPackage".encode("utf-16-le")
"""The part of a compound file in which a workbook with a password is kept."""
_OTHER_ARCHIVES = (
    (r"xl/workbook\.bin", " .xlsb"), (r"content\.xml", " .ods 一类的文件"), (r"word/.*", " Word 文档"), (r"ppt/.*", "幻灯片"),
)  # fmt: skip
"""What an archive is that is no .xlsx, by what lies in it."""


def sheets_of(data: bytes, name: str, limits: Limits) -> tuple[Sheet, ...]:
    """Every sheet. Raises Invalid: ``_too_big _cut _format`` behind ``limits.code``."""
    if data.startswith(XLSX):
        _check_zip(data, name, limits)
    locked = f"表格 {name} 设了打开密码，请去掉密码再导入。"
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            if len(book.sheets_metadata) > limits.sheets:
                raise Invalid(f"{limits.code}_too_big", f"表格 {name} 的工作表超过 {limits.sheets} 个，请拆成几个再导入。")
            found: list[Sheet] = []
            left = limits.cells
            for at, about in enumerate(book.sheets_metadata):
                grid = _grid(book, at, name, limits, left)
                left -= len(grid) * len(grid[0]) if grid else 0
                found.append(Sheet(about.name, grid, about.visible != SheetVisibleEnum.Visible))
            return tuple(found)
    except PasswordError as wrong:
        raise Invalid(f"{limits.code}_format", locked) from wrong
    except (CalamineError, OSError, ValueError) as wrong:
        if _SEALED in data:
            raise Invalid(f"{limits.code}_format", locked) from wrong
        # The reader does not tell an old .xls with a password from a broken one.
        perhaps = "" if data.startswith(XLSX) else "如果设了打开密码，请先去掉；"
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
                # Any part may be a sheet, whatever its name: the workbook says which.
                widest = max(widest, _rectangle(content))
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError) as wrong:
        raise Invalid(f"{limits.code}_cut", f"表格 {name} 打不开，可能没有下载完整，请重新下载或另存一次。") from wrong
    if max(unpacked, sum(entry.file_size for entry in entries)) > limits.plain_bytes:
        raise Invalid(f"{limits.code}_too_big", f"表格 {name} 展开后超过 {limits.plain_bytes // 2**20} MB，请拆成几个再导入。")
    if widest > limits.cells:
        raise _too_wide(name, limits)
    parts = [entry.filename.lower() for entry in entries]
    for pattern, kind in _OTHER_ARCHIVES:
        if any(re.fullmatch(pattern, part) for part in parts):
            raise Invalid(
                f"{limits.code}_format", f"文件 {name} 其实是{kind}，不是 .xlsx；请用 Excel 或 WPS 打开，另存为 .xlsx 再导入。"
            )
    if any(part.endswith("vbaproject.bin") for part in parts):
        raise Invalid(f"{limits.code}_format", f"表格 {name} 里有宏，为了安全不打开，请另存为不含宏的 .xlsx。")


def _too_wide(name: str, limits: Limits) -> Invalid:
    return Invalid(
        f"{limits.code}_too_big", f"表格 {name} 的范围太大（最后一格离开头太远），请删掉多余的空行空列，另存后再导入。"
    )


_LOCAL_HEADER = struct.Struct("<4s22xHH")


def _unpacked(data: bytes, entry: zipfile.ZipInfo, most: int) -> bytes:
    """What an entry really holds, at most ``most`` bytes and one. ``zipfile`` stops where the entry says that it ends, other
    readers do not: the size that counts is the one that comes out. Raises BadZipFile for what spreadsheets do not use."""
    mark, name_length, extra_length = _LOCAL_HEADER.unpack_from(data, entry.header_offset)
    begin = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    packed = data[begin : begin + entry.compress_size]
    if mark != XLSX or entry.flag_bits & 1:
        raise zipfile.BadZipFile
    if entry.compress_type == zipfile.ZIP_STORED:
        return packed[: most + 1]
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile
    content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1)
    if len(content) <= most and len(content) != entry.file_size:
        raise zipfile.BadZipFile
    return content


_REFERENCE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{1,7})(\d{1,9})\s*["']""")


def _rectangle(sheet: bytes) -> int:
    """How many cells the rectangle up to the last row and the last column of a worksheet holds, as far as it is written plainly.
    It serves the sentence that names the cause; what is written otherwise ends at the bound of memory."""
    rows = columns = 0
    for letters, digits in _REFERENCE.findall(sheet):
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        rows, columns = max(rows, int(digits)), max(columns, column)
    return rows * columns


def _grid(book: CalamineWorkbook, at: int, name: str, limits: Limits, left: int) -> Grid:
    """``left``: how many cells may still come."""
    sheet = book.get_sheet_by_index(at)
    if sheet.height == 0:
        return []
    rows, columns = sheet.total_height + 1, sheet.total_width + 1  # the two say where the last cell is, from 0
    cap(rows, columns, name, limits)
    if rows * columns > left:
        raise _too_wide(name, limits)
    grid = [[text_of(cell) for cell in cells] for cells in sheet.to_python(skip_empty_area=False)]
    # The workbook itself says which cells are merged: each of them means what the first one says. Nothing is guessed.
    for (top, left_most), (last_row, last_column) in sheet.merged_cell_ranges or ():
        covered = range(top, min(last_row, len(grid) - 1) + 1), range(left_most, min(last_column, len(grid[0]) - 1) + 1)
        left -= len(covered[0]) * len(covered[1])
        if left < 0:
            raise _too_wide(name, limits)
        for row in covered[0]:
            for column in covered[1]:
                grid[row][column] = grid[top][left_most]
    return grid
