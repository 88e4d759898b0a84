"""Run steps again on what was pulled before, without asking the source: after a rule, a table or a parser has changed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.errors import Invalid
from service.feeds import lease
from service.feeds.dedupe import mark_written
from service.feeds.models import ROLLED_BACK, STEPS, FeedRecord
from service.feeds.record import from_json
from service.feeds.records import Record, assembled, record_of
from service.feeds.report import Report
from service.feeds.source import FeedSource
from service.feeds.tables import Row
from service.feeds.trail import Trail, place_of
from service.feeds.write import Progress, contact_of, write_all

AT_ONCE = 2_000
"""Records in memory at a time."""
FROM_RAW = ("parsed", "normalised")
REPLAYED = tuple(step for step in STEPS if step != "fetched")


def replay(
    database: Database,
    source: FeedSource,
    *,
    step: str,
    now: datetime,
    write: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Settle every record that the source still has anew, from ``step`` on. What the steps before it found stands.

    From ``parsed`` or ``normalised`` the kept rows are cleaned and parsed again; from a later step the kept fields are read.
    A record whose parse failed before can therefore only be mended by one of the first two. Nothing vanishes by a replay.
    Raises Invalid ``feed_step_unknown``, Conflict ``feed_running``.
    """
    if step not in REPLAYED:
        raise Invalid("feed_step_unknown", f"没有“{step}”这一步，可以从这些步骤重新开始：{'、'.join(REPLAYED)}。")
    started = time.monotonic()
    report = Report(source.key, source.name, f"从 {step} 重新处理", form="已取到的记录", written=write)
    report.mode = "replay"
    if not write:
        _settle_all(database, source, step, report, now=now, run_id=None, progress=progress)
        report.seconds = time.monotonic() - started
        return report
    run_id = report.run_id = lease.take(database, report, "replay")
    try:
        with lease.kept(database, run_id, source.key):
            _settle_all(database, source, step, report, now=now, run_id=run_id, progress=progress)
    except BaseException as wrong:
        message = lease.why_ended(wrong)
        lease.give_back(database, run_id, status="failed", message=message, report=report)
        raise
    report.seconds = time.monotonic() - started
    lease.give_back(database, run_id, status="done", message="", report=report)
    return report


def _settle_all(
    database: Database,
    source: FeedSource,
    step: str,
    report: Report,
    *,
    now: datetime,
    run_id: int | None,
    progress: Progress | None,
) -> None:
    written: dict[int, bool] = {}
    for records in _kept(database, source, step):
        report.read += len(records)
        written |= write_all(database, source, records, report, now=now, run_id=run_id, progress=progress, again=True)
    if run_id is not None:
        everything = step == "deduplicated"
        report.duplicates = mark_written(database, source.key, written, run_id=run_id, now=now, again=everything)


def _kept(database: Database, source: FeedSource, step: str) -> Iterator[Sequence[Record]]:
    """The first records of each id, in the order of their numbers, a part at a time. Copies have nothing to be settled."""
    after = 0
    while True:
        with database.read_session() as session:
            rows = _part(session, source.key, after)
            if not rows:
                return
            after = rows[-1].record_id
            found = [record for row in rows if (record := _record(row, source, step)) is not None]
        yield found


def _part(session: Session, key: str, after: int) -> list[FeedRecord]:
    return list(
        session.scalars(
            select(FeedRecord)
            .where(
                FeedRecord.source_key == key,
                FeedRecord.copy == 0,
                FeedRecord.vanished_at.is_(None),
                FeedRecord.reason_code != ROLLED_BACK,
                FeedRecord.record_id > after,
            )
            .order_by(FeedRecord.record_id)
            .limit(AT_ONCE)
        )
    )


def _record(row: FeedRecord, source: FeedSource, step: str) -> Record | None:
    """The record as ``step`` finds it; None when an earlier step had ended it, or its cells stood in wrong places."""
    if row.reason_code == "row_shape":
        return None
    contact = contact_of(row.contact_sealed, row.row_key)
    if step in FROM_RAW:
        values = {name: str(value) for name, value in row.raw.items()}
        again = Row(row.row_no, values, place=place_of(row.steps))
        return record_of(again, source, _form(row.steps), kept=contact, original_id=row.original_id)
    if row.parsed is None:
        return None
    return assembled(
        source,
        row_no=row.row_no,
        original_id=row.original_id,
        raw={name: str(value) for name, value in row.raw.items()},
        parsed=from_json(row.parsed),
        contact=contact,
        trail={before: row.steps[before] for before in ("fetched", "parsed", "normalised") if row.steps and before in row.steps},
    )


def _form(steps: Trail | None) -> str:
    said = (steps or {}).get("fetched", [])
    return said[1] if len(said) > 1 else ""
