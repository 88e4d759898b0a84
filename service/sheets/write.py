"""Write an .xlsx: texts and numbers, a few sheets, a header that stays in sight. What nobody needs of a spreadsheet is not here.

No cell can be taken for a formula by whoever opens the file, also after it was saved as CSV: what begins like one gets an
apostrophe (OWASP, *CSV Injection*), and :func:`unquoted` takes it off when the sheet comes back.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast
from xml.sax.saxutils import escape

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = "=+-@＝＋－＠\t\r"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_A_NAME = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME = 31
_LONGEST_CELL = 32_767
_PIECE = 64 * 1024
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font>'
    '<font><b/><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf fontId="0" numFmtId="49" applyNumberFormat="1"/>'
    '<xf fontId="1" numFmtId="49" applyNumberFormat="1" applyFont="1"/>'
    '<xf fontId="0" numFmtId="0"/></cellXfs></styleSheet>'
)
"""Three looks: text, text in bold, a number. Number format 49 is "text", so that a phone typed later keeps its zeros."""


Cell = str | float | None
"""Numbers can be added up and sorted; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet: its rows, how many of them are the header, and how wide the columns are, in characters."""

    name: str
    rows: Iterable[Sequence[Cell]]
    header_rows: int = 1
    widths: Sequence[int] = ()


def quoted(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in _FORMULA and text else text


def unquoted(text: str) -> str:
    """What :func:`quoted` was given."""
    return text[1:] if text.startswith("'") and text[1:2] in _FORMULA and len(text) > 1 else text


def write_book(pages: Sequence[Page]) -> bytes:
    """The file. Names of sheets are cut to what is allowed and made different from each other."""
    out = io.BytesIO()
    for _ in _filled(out, pages):
        pass
    return out.getvalue()


def book_pieces(pages: Sequence[Page]) -> Iterator[bytes]:
    """The same file a piece at a time, for long sheets: neither the rows nor the file are held as a whole."""
    out = _Passing()
    for _ in _filled(cast("IO[bytes]", out), pages):
        if out.size >= _PIECE:
            yield out.taken()
    yield out.taken()


class _Passing(io.RawIOBase):
    """Takes what is written and gives it on; ``zipfile`` sees that it cannot go back and writes accordingly."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Keep until :meth:`taken`."""
        self._waiting.append(bytes(data))
        self.size += len(data)
        return len(data)

    def taken(self) -> bytes:
        """What has been written since the last time."""
        found, self._waiting, self.size = b"".join(self._waiting), [], 0
        return found


def _filled(out: IO[bytes], pages: Sequence[Page]) -> Iterator[None]:
    """Write the file into ``out``, with a pause after every row."""
    names = _names([page.name for page in pages])
    numbers = range(1, len(pages) + 1)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for number in numbers
        )
        archive.writestr(
            "[Content_Types].xml",
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{overrides}</Types>',
        )
        archive.writestr("_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")]))
        sheets = "".join(
            f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, names, strict=True)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        )
        parts = [(f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations([*parts, ("rIdS", "styles", "styles.xml")]))
        archive.writestr("xl/styles.xml", f"{_HEAD}{_STYLES}")
        for number, page in zip(numbers, pages, strict=True):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
                for text in _worksheet(page):
                    part.write(text.encode())
                    yield


def _relations(parts: Iterable[tuple[str, str, str]]) -> str:
    lines = "".join(f'<Relationship Id="{name}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for name, kind, target in parts)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _names(wanted: Sequence[str]) -> list[str]:
    taken: list[str] = []
    for number, name in enumerate(wanted, start=1):
        plain = _NOT_A_NAME.sub(" ", _NOT_XML.sub("", name)).strip(" '")[:_LONGEST_NAME] or f"表{number}"
        if plain.casefold() in {other.casefold() for other in taken}:
            plain = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
        taken.append(plain)
    return taken


def _worksheet(page: Page) -> Iterable[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}">'
    if page.header_rows:
        below = page.header_rows
        pane = f'<pane ySplit="{below}" topLeftCell="A{below + 1}" activePane="bottomLeft" state="frozen"/>'
        yield f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    if page.widths:
        columns = (
            f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(page.widths, start=1)
        )
        yield f"<cols>{''.join(columns)}</cols>"
    yield "<sheetData>"
    for number, cells in enumerate(page.rows, start=1):
        look = 1 if number <= page.header_rows else 0
        yield f'<row r="{number}">{"".join(_cell(at, number, look, value) for at, value in enumerate(cells))}</row>'
    yield "</sheetData></worksheet>"


def _cell(at: int, number: int, look: int, value: Cell) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return f'<c r="{_letters(at)}{number}" s="2"><v>{value:.15g}</v></c>'
    said = escape(quoted(_NOT_XML.sub("", value))[:_LONGEST_CELL])
    if not said:
        return ""
    return f'<c r="{_letters(at)}{number}" s="{look}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'


def _letters(at: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    found = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        found = chr(65 + rest) + found
    return found
