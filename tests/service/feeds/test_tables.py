"""Files as clerks send them: any encoding, Excel with a title above the header, and every way to be broken."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from service.errors import Invalid
from service.feeds import tables
from service.feeds.tables import Columns, Table, read_table

COLUMNS = Columns({"title": ("title", "岗位名称", "职位"), "count": ("headcount", "招聘人数")}, ("title", "count"))
TEXT = "岗位名称,招聘人数,备注\n电焊工,5,包吃住\n保安,2,\n"


def read(tmp_path: Path, data: bytes, name: str = "表.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(data)
    return read_table(path, COLUMNS)


def refused(tmp_path: Path, data: bytes, name: str = "表.csv") -> Invalid:
    with pytest.raises(Invalid) as caught:
        read(tmp_path, data, name)
    assert "\n" not in caught.value.message
    return caught.value


def sheet(fill: Callable[[Any, Any], None]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        fill(book, book.add_worksheet())
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "form"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("gbk", "gb18030"), ("utf-16", "utf-16")],
)
def test_encodings(tmp_path: Path, encoding: str, form: str) -> None:
    table = read(tmp_path, TEXT.encode(encoding))
    assert table.form == form
    assert [row.values for row in table.rows] == [{"title": "电焊工", "count": "5"}, {"title": "保安", "count": "2"}]
    assert [row.number for row in table.rows] == [1, 2]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    assert read(tmp_path, TEXT.replace(",", delimiter).encode()).rows[0].values == {"title": "电焊工", "count": "5"}


def test_gzip_is_opened_and_its_content_decides(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(TEXT.encode("gb18030"))).form == "gb18030.gz"


def test_a_csv_that_calls_itself_xls(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT.encode("gb18030"), "导出.xls").form == "gb18030"


def test_title_rows_above_the_header_and_marks_in_the_names(tmp_path: Path) -> None:
    text = "某县招聘岗位表,,\n,,\n岗位 名称*,招聘人数（人）,备注\n焊工,3,\n\n,,\n普工,10,\n"
    assert [row.values["title"] for row in read(tmp_path, text.encode()).rows] == ["焊工", "普工"]


def test_excel_with_merged_cells_numbers_and_days(tmp_path: Path) -> None:
    def fill(book: Any, page: Any) -> None:
        page.merge_range("A1:C1", "某县招聘岗位表")
        page.write_row("A2", ["岗位名称", "招聘人数", "日期"])
        page.merge_range("A3:A4", "电焊工")
        page.write("B3", 5)
        page.write("B4", 2.5)
        page.write_datetime("C3", date(2026, 11, 22), book.add_format({"num_format": "yyyy-mm-dd"}))

    columns = Columns({**COLUMNS.names, "day": ("日期",)}, COLUMNS.required)
    path = tmp_path / "a.xlsx"
    path.write_bytes(sheet(fill))
    table = read_table(path, columns)
    assert table.form == "xlsx"
    assert [row.values for row in table.rows] == [
        {"title": "电焊工", "count": "5", "day": "2026-11-22"},
        {"title": "电焊工", "count": "2.5", "day": ""},
    ]


def test_header_on_the_second_sheet(tmp_path: Path) -> None:
    def fill(book: Any, page: Any) -> None:
        page.write("A1", "填表说明")
        second = book.add_worksheet()
        second.write_row("A1", ["职位", "招聘人数"])
        second.write_row("A2", ["保洁", 1])

    assert read(tmp_path, sheet(fill), "b.xlsx").rows[0].values == {"title": "保洁", "count": "1"}


def test_a_row_wider_than_the_header_is_kept_and_marked(tmp_path: Path) -> None:
    table = read(tmp_path, "岗位名称,招聘人数\n焊工,3\n电工,二,楼,4\n普工,1\n".encode())
    assert [bool(row.shape) for row in table.rows] == [False, True, False]


def test_a_short_row_in_the_middle_is_padded(tmp_path: Path) -> None:
    table = read(tmp_path, "招聘人数,岗位名称,备注\n3,焊工\n4,电工\n".encode())
    assert [row.values["title"] for row in table.rows] == ["焊工", "电工"]


class TestBroken:
    def test_empty(self, tmp_path: Path) -> None:
        assert refused(tmp_path, b"").error == "feed_file_empty"
        assert refused(tmp_path, b" \n \n").error == "feed_file_empty"

    def test_only_a_header(self, tmp_path: Path) -> None:
        assert refused(tmp_path, "岗位名称,招聘人数\n".encode()).error == "feed_file_empty"

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid) as caught:
            read_table(tmp_path / "没有.csv", COLUMNS)
        assert caught.value.error == "feed_file_missing"

    def test_excel_without_a_header(self, tmp_path: Path) -> None:
        refusal = refused(tmp_path, sheet(lambda _book, page: page.write_row("A1", ["电焊工", 5])), "c.xlsx")
        assert refusal.error == "feed_file_no_header"
        assert "title、headcount" in refusal.message

    def test_csv_without_a_header(self, tmp_path: Path) -> None:
        assert refused(tmp_path, "电焊工,5\n保安,2\n".encode()).error == "feed_file_no_header"

    def test_cut_in_the_middle_of_a_character(self, tmp_path: Path) -> None:
        whole = (TEXT + "搬运工,3,夜班\n").encode()
        assert refused(tmp_path, whole[: whole.index("运".encode()) + 1]).error == "feed_file_cut"

    def test_cut_in_the_middle_of_a_row(self, tmp_path: Path) -> None:
        assert refused(tmp_path, (TEXT + "搬运工").encode()).error == "feed_file_cut"

    def test_cut_inside_quotes(self, tmp_path: Path) -> None:
        assert refused(tmp_path, (TEXT + '"搬运工,3,夜').encode()).error == "feed_file_cut"

    def test_half_a_gzip_and_half_an_excel(self, tmp_path: Path) -> None:
        packed = gzip.compress(TEXT.encode() * 50)
        assert refused(tmp_path, packed[: len(packed) // 2]).error == "feed_file_cut"
        book = sheet(lambda _book, page: page.write_row("A1", ["岗位名称", "招聘人数"]))
        assert refused(tmp_path, book[: len(book) // 2], "d.xlsx").error == "feed_file_cut"

    def test_no_encoding_fits(self, tmp_path: Path) -> None:
        assert refused(tmp_path, b"\x81\xff\xff\xff" * 20 + b"," * 30).error == "feed_file_encoding"

    def test_binary(self, tmp_path: Path) -> None:
        assert refused(tmp_path, b"\x00\x01\x02\x03" * 64).error in {"feed_file_encoding", "feed_file_no_header"}

    def test_macros(self, tmp_path: Path) -> None:
        book = io.BytesIO(sheet(lambda _book, page: page.write_row("A1", ["岗位名称", "招聘人数"])))
        with zipfile.ZipFile(book, "a") as archive:
            archive.writestr("xl/vbaProject.bin", b"x")
        assert "宏" in refused(tmp_path, book.getvalue(), "e.xlsm").message

    def test_a_zip_that_unfolds_to_gigabytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "LIMITS", replace(tables.LIMITS, plain_bytes=10_000))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000)
        assert refused(tmp_path, out.getvalue(), "f.xlsx").error == "feed_file_too_big"
        assert refused(tmp_path, gzip.compress(b" " * 20_000)).error == "feed_file_too_big"

    def test_too_many_rows_columns_bytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "MAX_ROWS", 3)
        assert refused(tmp_path, ("岗位名称,招聘人数\n" + "焊工,1\n" * 4).encode()).error == "feed_file_too_big"
        assert refused(tmp_path, (",".join("x" * 300) + "\n").encode()).error == "feed_file_format"
        monkeypatch.setattr(tables, "LIMITS", replace(tables.LIMITS, file_bytes=8))
        assert refused(tmp_path, TEXT.encode()).error == "feed_file_too_big"


@pytest.mark.parametrize("last", ["XFD1048576", "GR200000"])
def test_one_cell_far_out_does_not_cost_gigabytes(tmp_path: Path, last: str) -> None:
    row = last.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    path = tmp_path / "far.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}">'
            f'<Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{relations}">'
            f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
            f'<row r="{row}"><c r="{last}"><v>1</v></c></row></sheetData></worksheet>',
        )
    with pytest.raises(Invalid) as refused:
        read_table(path, Columns({"a": ["a"]}, ["a"]))
    assert refused.value.error == "feed_file_too_big"
