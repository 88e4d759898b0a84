"""An import as whoever sent it sees it: what was understood, how far it is, what became of each line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.crypto import masking
from service.imports.judge import KIND_NAMES, OUTCOMES, kind_of
from service.imports.layout import columns_of
from service.imports.meanings import NOT_USED, names
from service.imports.models import SheetImport, SheetLine
from service.imports.owner import Owner
from service.imports.rehearse import Rehearsal
from service.imports.run import cells_of
from service.imports.said import said_by
from service.imports.settle import settle_all
from service.jobs.models import Job

STATES = {
    "preview": "等您确认：请看每一栏认得对不对",
    "running": "正在导入",
    "done": "导入完成",
    "failed": "没有做完",
    "dropped": "放得太久，已经作废",
}
SURE = {
    "word": "栏名就是这个意思", "likely": "看栏名像是", "content": "看下面的内容像是", "said": "您指定的",
    "before": "按您上次指定的", "": "没认出，不用",
}  # fmt: skip
_SAMPLES = 3


def shown(session: Session, row: SheetImport, owner: Owner, now: datetime, foreseen: Rehearsal | None = None) -> dict[str, Any]:
    """The whole of an import. Samples are read only while it waits for its confirmation; ``foreseen``: what would become of all
    its lines, when somebody asked."""
    counts = {outcome: row.counts.get(outcome, 0) for outcome in OUTCOMES}
    return {
        "import_id": row.import_id,
        "station_id": row.station_id,
        "employer_id": row.employer_id,
        "state": row.state,
        "state_text": row.message or STATES[row.state],
        "file_name": row.file_name,
        "form": row.form,
        "region_code": row.region_code,
        "rows": row.rows,
        "done": row.done,
        "counts": counts,
        "joined": _joined(session, row.import_id),
        "reasons": _reasons(session, row.import_id),
        "foreseen": foreseen,
        "sheets": [_sheet(session, row, number, sheet, owner, now) for number, sheet in enumerate(row.layout, start=1)],
        "meanings": [{"meaning": code, "name": name} for code, name in names().items()],
        "created_at": row.created_at,
        "confirmed_at": row.confirmed_at,
        "finished_at": row.finished_at,
        "rejected_file": f"/v1/imports/{row.import_id}/rejected.xlsx"
        if counts["rejected"] and row.state in {"done", "failed"} and row.cells_dropped_at is None
        else None,
    }


def lines_of(
    session: Session, import_id: int, *, outcome: str, after: int, limit: int
) -> tuple[Sequence[dict[str, Any]], int | None]:
    """What became of the lines behind ``after``, and after which to go on (None: no more)."""
    wanted = (
        select(SheetLine, Job.duplicate_of_id)
        .outerjoin(Job, Job.job_id == SheetLine.job_id)
        .where(SheetLine.import_id == import_id, SheetLine.line_no > after)
    )
    wanted = wanted.where(SheetLine.outcome == outcome) if outcome else wanted.where(SheetLine.outcome.is_not(None))
    found = session.execute(wanted.order_by(SheetLine.line_no).limit(limit)).all()
    items = [
        {name: getattr(line, name) for name in ("line_no", "sheet", "row", "outcome", "reason_code", "reason", "job_id")}
        | {"outcome_text": OUTCOMES[line.outcome or "rejected"], "joined_to": head}
        for line, head in found
    ]
    return items, found[-1][0].line_no if len(found) == limit else None


def _joined(session: Session, import_id: int) -> int:
    """How many of its lines now stand under another advert, as the same job: looked for after each batch, so a moment later."""
    joined = select(func.count()).select_from(SheetLine).join(Job, Job.job_id == SheetLine.job_id)
    return session.scalar(joined.where(SheetLine.import_id == import_id, Job.duplicate_of_id.is_not(None))) or 0


def _reasons(session: Session, import_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(SheetLine.outcome, SheetLine.reason_code, func.count(), func.min(SheetLine.reason))
        .where(SheetLine.import_id == import_id, SheetLine.outcome.is_not(None), SheetLine.reason_code != "")
        .group_by(SheetLine.outcome, SheetLine.reason_code)
        .order_by(func.count().desc(), SheetLine.reason_code)
    )
    return [{"outcome": outcome, "code": code, "count": count, "example": example} for outcome, code, count, example in rows]


def _sheet(session: Session, row: SheetImport, number: int, sheet: dict[str, Any], owner: Owner, now: datetime) -> dict[str, Any]:
    columns = columns_of(sheet)
    waits = row.state == "preview" and not sheet["skipped"]
    return {
        "sheet": number,
        "name": sheet["name"],
        "rows": sheet["rows"],
        "skipped": sheet["skipped"],
        "above": sheet["above"],
        "notes": sheet["notes"],
        "columns": [
            {
                "column": place,
                "header": column.header,
                "meaning": column.meaning,
                "meaning_name": names().get(column.meaning, ""),
                "used": bool(column.meaning) and column.meaning not in NOT_USED,
                "sure": column.sure,
                "sure_text": SURE[column.sure if column.meaning or column.sure in {"said", "before"} else ""],
            }
            for place, column in enumerate(columns, start=1)
        ],
        "samples": _samples(session, row, number, columns, owner, now) if waits else [],
    }


def _samples(session: Session, row: SheetImport, number: int, columns: Any, owner: Owner, now: datetime) -> list[dict[str, Any]]:
    """The first lines as they would be taken; the contact masked, since a preview may be shown around."""
    first = session.execute(
        select(SheetLine.row, SheetLine.cells_sealed, SheetLine.row_key)
        .where(SheetLine.import_id == row.import_id, SheetLine.sheet == number)
        .order_by(SheetLine.line_no)
        .limit(_SAMPLES)
    )
    lines = [(line.row, said_by(cells_of(line.cells_sealed, line.row_key), columns)) for line in first]
    answers = settle_all(session, [said for _, said in lines], owner, row.region_code, now, {})
    found = []
    for (place, said), settled in zip(lines, answers, strict=True):
        kind = kind_of(said, owner)
        job = Job(**settled.reading.fields) if settled.reading is not None else None
        found.append(
            {
                "row": place,
                "kind": kind,
                "kind_text": KIND_NAMES[kind],
                "outcome": settled.outcome,
                "outcome_text": OUTCOMES[settled.outcome],
                "reason": settled.reason,
                "contact_name": said.contact_name,
                "contact_phone": masking.phone(said.contact_phone) if said.contact_phone else "",
                "understood": job,
            }
        )
    return found
