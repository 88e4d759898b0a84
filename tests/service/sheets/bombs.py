"""Small files at which a reader of workbooks asks for more memory than there is, or for hours."""

from __future__ import annotations

import io
import struct
import zipfile

_NS = "http://schemas.openxmlformats.org"
_CELL = '<c r="A1" t="inlineStr"><is><t>x</t></is></c>'


def archive(cell: str = _CELL, part: str = "xl/worksheets/sheet1.xml", *, after: str = "") -> bytes:
    """A workbook of one sheet whose second row holds ``cell``. ``part``: where the sheet lies; ``after``: what stands behind
    its cells."""
    main, package = f"{_NS}/spreadsheetml/2006/main", f"{_NS}/package/2006"
    office = f"{_NS}/officeDocument/2006/relationships"
    sheet = (
        f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
        f"<row>{cell}</row></sheetData>{after}</worksheet>"
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">'
        '<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="{part.removeprefix("xl/")}"/></Relationships>',
        part: sheet,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def cell(reference: str) -> str:
    """A cell that says where it is as ``reference`` has it, with the name of the attribute."""
    return f'<c {reference} t="inlineStr"><is><t>y</t></is></c>'


def merged(times: int) -> bytes:
    """A full sheet of 200 lines that says again and again that all of it is one cell."""
    lines = "".join(f"</row><row>{_filled(at)}" for at in range(200))
    return archive(lines, after="<mergeCells>" + '<mergeCell ref="A1:T200"/>' * times + "</mergeCells>")


def _filled(at: int) -> str:
    return f'<c r="A{at + 3}"><v>1</v></c><c r="T{at + 3}"><v>1</v></c>'


def open_document() -> bytes:
    """An .ods in which a few bytes stand for a thousand million cells."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0"'
        f' xmlns:text="{names}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="a"><table:table-row table:number-rows-repeated="100000">'
        '<table:table-cell office:value-type="string" office:string-value="x" table:number-columns-repeated="10000">'
        "<text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        file.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"/>')
        file.writestr("content.xml", content)
    return out.getvalue()


def old_book(row: int, column: int) -> bytes:
    """An .xls of one sheet (BIFF8) with a number at the top left and one at ``row`` and ``column``, counted from 0."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def number(row: int, column: int) -> bytes:
        return record(0x0203, struct.pack("<HHHd", row, column, 0, 1.0))

    def begin(what: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, what, 0, 0, 0, 0))

    end = record(0x000A, b"")
    name = struct.pack("<BB", 1, 0) + b"a"
    globals_size = len(begin(5)) + len(record(0x0085, bytes(6) + name)) + len(end)
    sheet = record(0x0085, struct.pack("<IH", globals_size, 0) + name)
    return compound("Workbook", begin(5) + sheet + end + begin(0x10) + number(0, 0) + number(row, column) + end)


def compound(stream: str, content: bytes = b"") -> bytes:
    """The smallest compound file: a header, one sector of the table of sectors, one of the directory, eight of content."""
    none, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    mark = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header = struct.pack("<8s16x5H6x9I", mark, 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[none] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        said = name.encode("utf-16-le") + b"\0\0"
        return struct.pack("<64sHBBIII16xI16xIQ", said, len(said), kind, 1, none, none, child, 0, start, size)

    directory = entry("Root Entry", 5, 1, end, 0) + entry(stream, 2, none, 2, 4096)
    sectors = [fat, end, *range(3, 10), end]
    table = struct.pack("<128I", *sectors, *[none] * (128 - len(sectors)))
    return header + table + directory.ljust(512, b"\0") + content.ljust(4096, b"\0")
