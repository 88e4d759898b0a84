"""Whoever sent the sheet says that it was understood, or what its columns really mean; then the work begins in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts.caller import Caller
from service.audit import trail
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.imports.layout import columns_of, meanings_twice, with_meanings
from service.imports.meanings import names
from service.imports.models import SheetImport, SheetLine
from service.imports.owner import Owner, owner_of
from service.tasks import enqueue

RUN = "imports.run"
MISSING = ("import_not_found", "没有这次导入，请检查编号。")
_NOT_WAITING = {
    "running": "这次导入正在进行，不用再确认。",
    "done": "这次导入已经完成；改过的表请重新上传。",
    "failed": "这次导入没有做完，请重新上传同一个文件，已经发布的不会重复。",
    "dropped": "这次导入放得太久，已经作废，请重新上传。",
}


def task_key(import_id: int) -> str:
    """The key of the task that works an import off."""
    return f"import-{import_id}"


def locked(session: Session, import_id: int) -> SheetImport:
    """The row, held until the transaction ends. Raises NotFound."""
    row = session.scalars(select(SheetImport).where(SheetImport.import_id == import_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(*MISSING)
    return row


def confirm(session: Session, row: SheetImport, said: Mapping[str, Any], caller: Caller, now: datetime) -> None:
    """Begin a locked import. ``said``: ``sheets`` with corrected columns or ``skip``, ``region`` where all jobs lie.

    Raises Conflict (not a preview any more, another import of the owner goes on), Invalid (columns) or Forbidden (suspended).
    """
    require_waiting(row)
    owner = owner_of(session, row, now, lock=True)
    if owner.refused:
        raise Forbidden("employer_refused", owner.refused)
    row.layout = corrected(row.layout, said.get("sheets", ()))
    row.region_code = said.get("region") or row.region_code
    _leave_out(session, row)
    _begin(session, row, owner)
    row.confirmed_by, row.confirmed_at = caller.account_id, now
    enqueue(session, RUN, {"import_id": row.import_id}, key=task_key(row.import_id))
    trail.record(session, caller, "import.confirm", "import", row.import_id, region_code=owner.region_code)
    session.flush()


def require_waiting(row: SheetImport) -> None:
    """Raises Conflict when it is not a preview any more."""
    if row.state != "preview":
        raise Conflict("import_not_waiting", _NOT_WAITING[row.state])


def corrected(layout: list[dict[str, Any]], corrections: Any) -> list[dict[str, Any]]:
    """How the sheets are to be read after what somebody said. Raises Invalid for what is not there or cannot be used."""
    changed = [dict(sheet) for sheet in layout]
    for correction in corrections:
        number = correction["sheet"]
        if number > len(changed):
            raise Invalid("sheet_unknown", f"文件里没有第 {number} 张工作表。", errors={"sheets": ["没有这张工作表。"]})
        sheet = changed[number - 1]
        if correction.get("skip"):
            sheet["skipped"] = sheet["skipped"] or "您选择不用这张工作表。"
            continue
        columns = columns_of(sheet)
        told = {one["column"] - 1: one["meaning"] for one in correction.get("columns", ())}
        if any(place >= len(columns) for place in told):
            raise Invalid("column_unknown", f"第 {number} 张工作表没有这一栏。", errors={"sheets": ["没有这一栏。"]})
        sheet["columns"] = [asdict(column) for column in with_meanings(columns, told)]
    for number, sheet in enumerate(changed, start=1):
        if not sheet["skipped"]:
            _require_usable(number, sheet)
    return changed


def _require_usable(number: int, sheet: dict[str, Any]) -> None:
    columns = columns_of(sheet)
    twice = meanings_twice(columns)
    if twice:
        raise Invalid(
            "columns_twice",
            f"第 {number} 张工作表有两栏都当作“{names()[twice[0]]}”，请只留一栏。",
            errors={"sheets": [f"“{names()[twice[0]]}”只能有一栏。"]},
        )
    if not {"title", "trade"} & {column.meaning for column in columns}:
        raise Invalid(
            "title_column_missing",
            f"第 {number} 张工作表没有哪一栏是岗位名称，请指定一栏，或者不用这张工作表。",
            errors={"sheets": ["请指定岗位名称是哪一栏。"]},
        )


def _leave_out(session: Session, row: SheetImport) -> None:
    out = [number for number, sheet in enumerate(row.layout, start=1) if sheet["skipped"]]
    session.execute(delete(SheetLine).where(SheetLine.import_id == row.import_id, SheetLine.sheet.in_(out)))
    row.rows = session.scalar(select(func.count()).where(SheetLine.import_id == row.import_id)) or 0
    if row.rows == 0:
        raise Invalid("nothing_left", "这样就一行也不剩了，请至少留一张工作表。", errors={"sheets": ["至少留一张工作表。"]})


def _begin(session: Session, row: SheetImport, owner: Owner) -> None:
    """Hold the owner: two of its imports at once could make one job twice."""
    going_on = select(SheetImport.import_id).where(SheetImport.running_key == owner.key)
    before = session.scalar(going_on)
    if before is None:
        try:
            with session.begin_nested():
                row.state, row.running_key = "running", owner.key
        except IntegrityError:
            before = session.scalar(going_on)
            if before is None:
                raise
        else:
            return
    raise Conflict(
        "import_running",
        f"第 {before} 号导入正在进行，等它做完再确认这一个。",
        headers={"Location": f"/v1/imports/{before}", "Retry-After": "10"},
        details={"import_id": before},
    )
