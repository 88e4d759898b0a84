"""Take a file in: understood and kept, its lines sealed, nothing written to the jobs yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.audit import trail
from service.crypto.sealed import sealed_row
from service.errors import Conflict, Invalid
from service.imports.layout import Laid, columns_of, lay_out
from service.imports.limits import bounds
from service.imports.models import SheetImport, SheetLine
from service.imports.owner import Owner
from service.imports.remember import remembered
from service.jobs.advert import clean
from service.jobs.contacts import without_contacts
from service.sheets.read import read_book

_LONGEST_TEXT = 120
_MOST_TEXTS = 20
_INSERTED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Understood:
    """A file as it was read: its sheets laid out, its name without contacts, how it was read, the SHA-256 of its bytes."""

    sheets: tuple[Laid, ...]
    name: str
    form: str
    file_hash: str

    @property
    def rows(self) -> int:
        """Lines of data."""
        return sum(len(sheet.lines) for sheet in self.sheets)


def understand(content: bytes, name: str, now: datetime) -> Understood:
    """Read a file. Raises Invalid ``sheet_file_*`` with one Chinese sentence when it cannot be used."""
    most = bounds(now)
    plain = _plain(name.replace("\\", "/").rpartition("/")[2]) or "未命名"
    book = read_book(content, plain, most.sheet)
    sheets = tuple(lay_out(sheet) for sheet in book.sheets)
    found = Understood(sheets, plain, book.form, hashlib.sha256(content).hexdigest())
    if found.rows > most.rows:
        raise Invalid("sheet_file_too_big", f"文件 {plain} 有 {found.rows} 行，一次最多 {most.rows} 行，请拆成几个再导入。")
    if found.rows == 0:
        why = "；".join(dict.fromkeys(sheet.skipped.rstrip("。") for sheet in sheets))
        raise Invalid("sheet_file_no_rows", f"文件 {plain} 里没有可以导入的岗位：{why}。可以先下载模板照着填。")
    return found


def take_in(session: Session, owner: Owner, found: Understood, caller: Caller, now: datetime) -> SheetImport:
    """Keep an understood file as a preview. Raises Conflict when this very file waits or is being worked off already."""
    waiting_key = f"{owner.key}:{found.file_hash}"
    waits = session.scalar(select(SheetImport.import_id).where(SheetImport.waiting_key == waiting_key))
    if waits is not None:
        raise _waits(waits)
    layout = [_kept(sheet) for sheet in found.sheets]
    before = remembered(session, owner)
    for sheet in layout:
        sheet["columns"] = [asdict(column) for column in before.read(columns_of(sheet))]
    row = SheetImport(
        station_id=owner.station_id,
        employer_id=owner.employer_id,
        created_by=caller.account_id,
        waiting_key=waiting_key,
        file_name=found.name,
        file_hash=found.file_hash,
        form=found.form,
        layout=layout,
        region_code=next((region for sheet in layout if (region := before.region(columns_of(sheet)))), ""),
        rows=found.rows,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Somebody sent it between our look and our insert.
        other = session.scalar(select(SheetImport.import_id).where(SheetImport.waiting_key == waiting_key))
        if other is None:
            raise
        raise _waits(other) from None
    for lines in _in_parts(list(_lines(row.import_id, found.sheets))):
        session.execute(insert(SheetLine), lines)
    _keep_few(session, owner, now)
    trail.record(session, caller, "import.create", "import", row.import_id, region_code=owner.region_code)
    session.flush()
    return row


def drop(session: Session, import_ids: Sequence[int]) -> None:
    """Previews that nobody confirmed: their lines go, the line of the import itself stays."""
    session.execute(delete(SheetLine).where(SheetLine.import_id.in_(import_ids)))
    session.execute(
        update(SheetImport).where(SheetImport.import_id.in_(import_ids)).values(state="dropped", waiting_key=None, layout=[])
    )


def _waits(import_id: int) -> Conflict:
    return Conflict(
        "import_waiting",
        f"这个文件已经上传过，是第 {import_id} 号导入，请接着处理它，不用再传。",
        headers={"Location": f"/v1/imports/{import_id}"},
        details={"import_id": import_id},
    )


def _kept(sheet: Laid) -> dict[str, Any]:
    return {
        "name": _plain(sheet.name),
        "header": [[_plain(cell) for cell in cells] for cells in sheet.header],
        "columns": [asdict(column) | {"header": _plain(column.header)} for column in sheet.columns],
        "rows": len(sheet.lines),
        "above": [_plain(text) for text in sheet.above[:_MOST_TEXTS]],
        "notes": [_plain(text) for text in sheet.notes[:_MOST_TEXTS]],
        "skipped": sheet.skipped,
    }


def _plain(text: str) -> str:
    return without_contacts(clean(text).replace("\n", " "))[:_LONGEST_TEXT]


def _lines(import_id: int, sheets: Sequence[Laid]) -> Iterator[dict[str, Any]]:
    line_no = 0
    for number, sheet in enumerate(sheets, start=1):
        for line in sheet.lines:
            line_no += 1
            cells = json.dumps(line.cells, ensure_ascii=False)
            yield sealed_row(
                SheetLine,
                {"import_id": import_id, "line_no": line_no, "sheet": number, "row": line.number, "cells": cells}
                | {"reason_code": "", "reason": ""},
            )


def _in_parts(lines: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    return (lines[at : at + _INSERTED_AT_ONCE] for at in range(0, len(lines), _INSERTED_AT_ONCE))


def _keep_few(session: Session, owner: Owner, now: datetime) -> None:
    """Of previews that nobody confirms only the last few of an owner stay."""
    mine = SheetImport.station_id == owner.station_id if owner.station_id else SheetImport.employer_id == owner.employer_id
    waiting = session.scalars(
        select(SheetImport.import_id).where(mine, SheetImport.state == "preview").order_by(SheetImport.import_id.desc())
    ).all()
    drop(session, waiting[bounds(now).previews :])
