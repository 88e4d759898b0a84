"""Read the cells of a file that people send: CSV in any Chinese encoding, .xlsx, .xls, each also gzipped.

Every way it can be broken is one clear line. What the file is, its bytes say, not its name: an .xls that is really a CSV is
common. What a cell means is for others to say (``service/feeds/tables.py``, ``service/imports``).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from dataclasses import dataclass

from service.errors import Invalid
from service.sheets import html
from service.sheets.apart import read_apart
from service.sheets.cells import Grid, Limits, Sheet, cap, text_of

_XLSX, _XLS, _GZIP = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"
_OTHER_KINDS = (
    (b"%PDF", " PDF"), (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"), (b"GIF8", "图片"),
    (b"Rar!", "压缩包"), (b"7z\xbc\xaf", "压缩包"), (b"{\\rtf", "文档"),
)  # fmt: skip


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
        sheets = read_apart(data, name, limits)
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
        read = html.tables(text, limits.cells, text_of)
    except html.TooManyCells:
        raise Invalid(f"{limits.code}_too_big", f"表格 {name} 的格子太多，请拆成几个再导入。") from None
    for table in read:
        for at, cells in enumerate(table):
            cap(at, len(cells), name, limits)
        found.append(Sheet(f"表{len(found) + 1}", table))
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
            cap(len(grid), len(cells), name, limits)
            grid.append([text_of(cell) for cell in cells])
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
