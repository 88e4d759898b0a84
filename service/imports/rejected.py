"""The lines that were not taken, in the sheet's own columns with the reason behind them: to be mended and sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.imports.meanings import template_columns
from service.imports.models import SheetImport, SheetLine
from service.imports.run import cells_of
from service.sheets.write import Page, unquoted, write_book

REASON = "未采用原因"
_REASON_WIDTH = 60
_WIDTH = 16


def require_rejected(session: Session, row: SheetImport) -> None:
    """Raises Conflict while the import goes on and when its cells were dropped, NotFound when every line was taken."""
    if row.state in {"preview", "running"}:
        raise Conflict("import_not_done", "这次导入还没有做完，做完才有退回的行。")
    if row.cells_dropped_at is not None or row.state == "dropped":
        raise Conflict("cells_dropped", "这次导入的原表内容已经按期删除，请在自己的原表上修改后重新上传。")
    if not session.scalar(select(exists().where(SheetLine.import_id == row.import_id, SheetLine.outcome == "rejected"))):
        raise NotFound("nothing_rejected", "没有退回的行，全部采用了。")


def rejected_book(session: Session, row: SheetImport) -> bytes:
    """An .xlsx of the lines that were not taken. Raises as :func:`require_rejected`."""
    require_rejected(session, row)
    pages = [
        Page(
            name=sheet["name"] or "退回的行",
            rows=[*_header(sheet), *lines],
            header_rows=len(sheet["header"]),
            widths=(*[_WIDTH] * len(sheet["columns"]), _REASON_WIDTH),
        )
        for number, sheet in enumerate(row.layout, start=1)
        if not sheet["skipped"] and (lines := list(_lines(session, row.import_id, number, len(sheet["columns"]))))
    ]
    return write_book(pages)


def template_book() -> bytes:
    """An .xlsx with the columns that are understood best and one line as an example."""
    columns = template_columns()
    return write_book(
        [
            Page(
                name="招聘岗位",
                rows=[[column.header for column in columns], [column.example for column in columns]],
                widths=[max(_WIDTH, 2 * len(column.header)) for column in columns],
            )
        ]
    )


def _header(sheet: dict[str, Any]) -> list[list[str]]:
    width = len(sheet["columns"])
    return [[*cells, *[""] * (width - len(cells)), REASON] for cells in sheet["header"]]


def _lines(session: Session, import_id: int, sheet: int, width: int) -> Iterator[list[str]]:
    found = session.execute(
        select(SheetLine.cells_sealed, SheetLine.row_key, SheetLine.reason)
        .where(SheetLine.import_id == import_id, SheetLine.sheet == sheet, SheetLine.outcome == "rejected")
        .order_by(SheetLine.line_no)
    )
    for line in found:
        cells = [unquoted(cell) for cell in cells_of(line.cells_sealed, line.row_key)][:width]
        yield [*cells, *[""] * (width - len(cells)), line.reason]
