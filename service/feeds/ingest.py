"""Pull a source: raw rows, parsed records, published adverts; compare, guard, write, report.

The file is read and judged whole before anything is written. Writing goes in batches, one transaction each, so that other writers
wait seconds and not minutes; a run that dies leaves whole batches, and the next one finds them unchanged and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session, joinedload

from service.db import Database
from service.errors import Refusal
from service.feeds import lease
from service.feeds.guard import objection
from service.feeds.models import FeedRecord
from service.feeds.records import Record, records_of
from service.feeds.report import Report
from service.feeds.settle import Known, Settled, settle
from service.feeds.source import FeedSource
from service.feeds.tables import Table, read_table
from service.jobs.advert import Advert, Reading
from service.jobs.models import Job
from service.jobs.put import GONE, apply, put
from service.jobs.put_new import put_new

BATCH = 200
"""Rows in one transaction: half a second on SQLite, while every other writer waits."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decided:
    """A record beside what the tables know of it."""

    record: Record
    known: Known | None


def pull(
    database: Database,
    source: FeedSource,
    *,
    now: datetime,
    path: Path | None = None,
    write: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Bring the adverts of ``source`` to what its file says, or only say what would happen.

    ``path``: another file than the source's own. ``progress`` is told rows done and rows in all. The report's ``stopped`` is set
    when the guard stood in the way; then nothing was written. Raises :class:`service.errors.Refusal`: the file cannot be used
    (``feed_file_*``) or another pull of this source goes on (``feed_running``).
    """
    started = time.monotonic()
    file = path or source.file
    report = Report(source.key, source.name, file.name, written=write)
    if not write:
        table = read_table(file, source.columns)
        _judge(database, source, table, report, now=now, progress=progress)
        report.seconds = time.monotonic() - started
        return report
    # The source is held before its file is read: of two pulls at once the second is refused at once.
    run_id = report.run_id = lease.take(database, report)
    try:
        table = read_table(file, source.columns)
        _judge(database, source, table, report, now=now, run_id=run_id, progress=progress)
    except BaseException as wrong:
        message = wrong.message if isinstance(wrong, Refusal) else f"中断：{type(wrong).__name__}"
        lease.give_back(database, run_id, status="failed", message=message, report=report)
        raise
    report.seconds = time.monotonic() - started
    lease.give_back(
        database,
        run_id,
        status="stopped" if report.stopped else "done",
        message=report.stopped,
        report=report,
        file_hash=table.file_hash,
    )
    return report


def _judge(
    database: Database,
    source: FeedSource,
    table: Table,
    report: Report,
    *,
    now: datetime,
    run_id: int | None = None,
    progress: Progress | None = None,
) -> None:
    records = list(records_of(table, source))
    report.form, report.read = table.form, len(records)
    with database.read_session() as session:
        report.stopped = _weigh(session, source, records)
    if report.stopped:
        return
    for batch in _batches(records):
        # All that needs no lock is done before the transaction, so that other writers get their turn.
        with database.read_session() as session:
            known = _known(session, source.key, batch)
        decided = [Decided(record, known.get((record.original_id, record.copy))) for record in batch]
        settled = [settle(one.record, one.known, source, now) for one in decided]
        if run_id is not None:
            with database.write_session() as session:
                lease.confirm(session, run_id, source.key)
                settled = _write(session, source.key, decided, settled, run_id=run_id, now=now)
        for one, answer in zip(decided, settled, strict=True):
            _count(report, answer, one.known)
        if progress:
            progress(batch[-1].row_no, len(records))
    report.closed = _close_vanished(database, source, records, run_id=run_id, now=now)


def _weigh(session: Session, source: FeedSource, records: Sequence[Record]) -> str:
    coming = {record.original_id for record in records if record.unusable is None}
    shown = set(session.scalars(select(Job.original_id).where(Job.source_key == source.key, Job.status == "open")))
    return objection(source.bounds, read=len(records), publishable=len(coming), shown=len(shown), vanishing=len(shown - coming))


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[at : at + BATCH] for at in range(0, len(records), BATCH))


def _known(session: Session, key: str, batch: Sequence[Record]) -> dict[tuple[str, int], Known]:
    """What the tables hold about these records, and about jobs of theirs, by (original_id, copy)."""
    rows = session.execute(
        select(
            FeedRecord.original_id,
            FeedRecord.copy,
            FeedRecord.record_id,
            FeedRecord.content_hash,
            FeedRecord.outcome,
            FeedRecord.vanished_at,
            Job.job_id,
            Job.status,
            Job.closed_reason,
            Job.valid_until,
        )
        .outerjoin(Job, and_(Job.job_id == FeedRecord.job_id, FeedRecord.copy == 0))
        .where(FeedRecord.source_key == key, FeedRecord.original_id.in_({record.original_id for record in batch}))
    )
    return {
        (row.original_id, row.copy): Known(
            record_id=row.record_id,
            content_hash=row.content_hash,
            outcome=row.outcome,
            vanished=row.vanished_at is not None,
            job_id=row.job_id,
            job_status=row.status or "",
            job_closed_reason=row.closed_reason or "",
            job_valid_until=row.valid_until,
        )
        for row in rows
    }


def _write(
    session: Session, key: str, batch: Sequence[Decided], settled: Sequence[Settled], *, run_id: int, now: datetime
) -> list[Settled]:
    """Write one batch; what really became of each record (the table may have it already just as it is)."""
    done = _put(session, key, batch, settled, now)
    new: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for one, (answer, job_id) in zip(batch, done, strict=True):
        row = _row(one.record, answer, job_id, run_id=run_id, now=now)
        if one.known is None:
            identity = {"source_key": key, "original_id": one.record.original_id, "copy": one.record.copy}
            new.append({**row, **identity, "first_seen_at": now})
        else:
            seen.append({**row, "record_id": one.known.record_id})
    _close(session, [job_id for answer, job_id in done if answer.close and job_id is not None], now)
    session.flush()
    if new:
        session.execute(insert(FeedRecord), new)
    if seen:
        session.execute(update(FeedRecord), seen)
    return [answer for answer, _ in done]


def _put(
    session: Session, key: str, batch: Sequence[Decided], settled: Sequence[Settled], now: datetime
) -> list[tuple[Settled, int | None]]:
    """What became of each record, and its job: adverts that are not there yet all at once, the others one by one."""
    wanted = {one.record.original_id for one, answer in zip(batch, settled, strict=True) if answer.advert is not None}
    there = set(session.scalars(select(Job.original_id).where(Job.source_key == key, Job.original_id.in_(wanted))))
    done: list[tuple[Settled, int | None]] = []
    coming: dict[int, tuple[Advert, Reading]] = {}
    for place, (one, answer) in enumerate(zip(batch, settled, strict=True)):
        if answer.advert is None:
            done.append((answer, one.known.job_id if one.known else None))
        elif answer.reading is not None and one.record.original_id not in there:
            there.add(one.record.original_id)
            coming[place] = (answer.advert, answer.reading)
            done.append((answer, None))
        else:
            job, outcome = put(session, answer.advert, account_id=None, now=now, reading=answer.reading)
            done.append((Settled("unchanged") if outcome == "unchanged" else answer, job.job_id))
    for place, job_id in zip(coming, put_new(session, list(coming.values()), account_id=None, now=now), strict=True):
        done[place] = (done[place][0], job_id)
    return done


def _row(record: Record, settled: Settled, job_id: int | None, *, run_id: int, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "row_no": record.row_no,
        "raw": record.raw,
        "parsed": record.kept,
        "content_hash": record.content_hash,
        "outcome": settled.outcome,
        "reason_code": settled.code,
        "reason": settled.reason[:512],
        "job_id": job_id,
        "last_seen_at": now,
        "vanished_at": None,
    }


def _count(report: Report, answer: Settled, known: Known | None) -> None:
    report.count(answer.outcome, answer.code, answer.reason)
    if answer.outcome == "published" and (known is None or known.job_id is None):
        report.created += 1


def _close_vanished(
    database: Database, source: FeedSource, records: Iterable[Record], *, run_id: int | None, now: datetime
) -> int:
    """Close what the file no longer has; how many adverts that were. Without a run: only count them."""
    present = {(record.original_id, record.copy) for record in records}
    with database.read_session() as session:
        rows = session.execute(
            select(FeedRecord.record_id, FeedRecord.original_id, FeedRecord.copy, FeedRecord.job_id, Job.status)
            .outerjoin(Job, Job.job_id == FeedRecord.job_id)
            .where(FeedRecord.source_key == source.key, FeedRecord.vanished_at.is_(None))
        ).all()
    gone = [row for row in rows if (row.original_id, row.copy) not in present]
    open_jobs = [row.job_id for row in gone if row.copy == 0 and row.status == "open"]
    if run_id is None:
        return len(open_jobs)
    closed = 0
    for at in range(0, len(gone), BATCH):
        batch = gone[at : at + BATCH]
        with database.write_session() as session:
            lease.confirm(session, run_id, source.key)
            closed += _close(session, [row.job_id for row in batch if row.copy == 0 and row.job_id is not None], now)
            session.execute(
                update(FeedRecord).where(FeedRecord.record_id.in_([row.record_id for row in batch])).values(vanished_at=now)
            )
    return closed


def _close(session: Session, job_ids: Sequence[int], now: datetime) -> int:
    """Close those of these jobs that are open, with history and change log; how many that were."""
    if not job_ids:
        return 0
    jobs = session.scalars(
        select(Job)
        .where(Job.job_id.in_(job_ids), Job.status == "open")
        .options(joinedload(Job.gig), joinedload(Job.listing))
        .with_for_update(of=Job)
    ).all()
    for job in jobs:
        apply(session, job, {"status": "closed", "closed_reason": GONE}, action="close", account_id=None, now=now)
    return len(jobs)
