"""What is written is read again; archives that lie about their sizes do not get as far as the reader."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Invalid
from service.sheets.cells import Limits
from service.sheets.read import read_book
from service.sheets.write import Page, quoted, unquoted, write_book
from tests.service.sheets import bombs

LIMITS = Limits("sheet_file", file_bytes=2**20, plain_bytes=4 * 2**20, rows=1_000, columns=50, cells=20_000, sheets=5)


def book_of(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for number, cells in enumerate(rows):
            page.write_row(number, 0, cells)
    return out.getvalue()


def test_what_is_written_is_read_again() -> None:
    rows = [["岗位", "电话", "说明"], ["电焊工", "013800000001", "a<b> & “c”"], ["", "", "第二行\n还有"]]
    data = write_book([Page("岗位/表", rows, widths=(20, 14, 40)), Page("岗位/表", [["x"]]), Page("", [["y"]])])
    book = read_book(data, "a.xlsx", LIMITS)
    assert [sheet.name for sheet in book.sheets] == ["岗位 表", "岗位 表 2", "表3"]
    assert book.sheets[0].grid == [rows[0], rows[1], ["", "", "第二行 还有"]]


@given(st.text(max_size=30))
def test_no_cell_begins_like_a_formula_and_comes_back_as_it_was(text: str) -> None:
    made = quoted(text)
    assert made[:1] not in {"=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"}
    assert unquoted(made) == text or text.startswith("'")


def test_a_formula_is_a_text_in_the_file() -> None:
    data = write_book([Page("a", [['=HYPERLINK("http://x","y")', "@SUM(A1)", "-1+1"]], header_rows=0)])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == 3
    assert [cell[0] for cell in read_book(data, "a.xlsx", LIMITS).sheets[0].grid[0]] == ["'", "'", "'"]


def test_a_size_that_is_a_lie_is_found() -> None:
    """The archive says that the texts are 100 bytes long and gives their checksum; what comes out is a hundred times that."""
    plain = book_of([["岗位", "人数"], ["焊工", "3"]])
    bomb = b"<sst>" + b" " * 3 * 2**20
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            content = bomb if entry.filename == "xl/sharedStrings.xml" else before.read(entry)
            after.writestr(entry.filename, content)
    data = bytearray(out.getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        place = archive.getinfo("xl/sharedStrings.xml")
    central = data.rindex(b"xl/sharedStrings.xml") - 46
    struct.pack_into("<I", data, central + 24, 100)
    struct.pack_into("<I", data, place.header_offset + 22, 100)
    with pytest.raises(Invalid) as refused:
        read_book(bytes(data), "a.xlsx", LIMITS)
    assert refused.value.error == "sheet_file_cut"


def test_more_unpacked_than_is_taken() -> None:
    data = book_of([["岗位", "人数"], *([["焊" * 200, "工" * 300]] * 900)])
    small = Limits("sheet_file", file_bytes=2**20, plain_bytes=20_000, rows=1_000, columns=50, cells=20_000)
    with pytest.raises(Invalid) as refused:
        read_book(data, "a.xlsx", small)
    assert refused.value.error == "sheet_file_too_big"


def test_too_many_sheets() -> None:
    data = write_book([Page(f"表{number}", [["岗位"]]) for number in range(6)])
    with pytest.raises(Invalid) as refused:
        read_book(data, "a.xlsx", LIMITS)
    assert refused.value.error == "sheet_file_too_big"


def test_hidden_sheets_are_known() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet("看得见").write("A1", "x")
        hidden = book.add_worksheet("看不见")
        hidden.write("A1", "x")
        hidden.hide()
    assert [sheet.hidden for sheet in read_book(out.getvalue(), "a.xlsx", LIMITS).sheets] == [False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_table_of_a_web_page_under_the_name_of_an_xls(encoding: str) -> None:
    page = (
        "<html><head><style>td{color:red}</style></head><body><table><tr><th colspan=2>招聘表</th></tr>"
        "<tr><td>岗位</td><td>人数</td><tr><td rowspan='2'>电焊工<br>&amp;装配</td><td>3</td></tr>"
        "<tr><td>5</td></tr></table><script>x='<td>y</td>'</script></body>"
    )
    book = read_book(page.encode(encoding), "导出.xls", LIMITS)
    assert book.form == "html"
    assert [sheet.grid for sheet in book.sheets] == [
        [["招聘表", "招聘表"], ["岗位", "人数"], ["电焊工 &装配", "3"], ["电焊工 &装配", "5"]]
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html><table>" + b"<tr><td colspan=200 rowspan=200>x" * 300, "sheet_file_too_big"),
        (b"<html><body>502 Bad Gateway</body></html>", "sheet_file_format"),
        (b"%PDF-1.4 nothing", "sheet_file_format"),
        (b"\x89PNG\r\n\x1a\n nothing", "sheet_file_format"),
        (b'<?xml version="1.0"?><Workbook/>', "sheet_file_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000), "sheet_file_cut"),
    ],
)
def test_what_is_no_sheet_is_told_by_its_kind(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_book(content, "a.xls", LIMITS)
    assert refused.value.error == code
    assert refused.value.message.endswith("。")


def test_a_workbook_with_a_password_is_told_as_such() -> None:
    """A sheet that was sealed with a password is a compound file with the stream ``EncryptedPackage`` and no workbook."""
    with pytest.raises(Invalid, match="设了打开密码"):
        read_book(bombs.compound("EncryptedPackage"), "a.xlsx", LIMITS)
