"""Pull a source: raw rows, parsed records, published adverts; compare, guard, write, report.

What the source gives is read and judged whole before anything is written. Writing goes in batches (``write.py``); a run that dies
leaves whole batches, and the next one finds them unchanged and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.db import Database
from service.errors import Invalid
from service.feeds import lease
from service.feeds.dedupe import mark_written
from service.feeds.fetch import Resolve, resolve
from service.feeds.gather import gather
from service.feeds.guard import objection
from service.feeds.haul import Cursor, Haul
from service.feeds.models import FeedCursor
from service.feeds.records import Record, records_of
from service.feeds.report import Report
from service.feeds.source import FeedSource
from service.feeds.write import Progress, close_vanished, write_all
from service.jobs.models import Job


def pull(
    database: Database,
    source: FeedSource,
    *,
    now: datetime,
    path: Path | None = None,
    write: bool = False,
    full: bool = False,
    progress: Progress | None = None,
    find: Resolve = resolve,
) -> Report:
    """Bring the adverts of ``source`` to what it says, or only say what would happen.

    ``path``: a file instead of what the source gives; ``full``: the whole list although a delta would do. ``progress`` is told
    rows done and rows in all. The report's ``stopped`` is set when the guard stood in the way; then nothing was written. Raises
    :class:`service.errors.Refusal`: the source cannot be read (``feed_*``) or another pull of it goes on (``feed_running``).
    """
    started = time.monotonic()
    report = Report(source.key, source.name, _place_of(source, path), written=write)
    if not write:
        haul = _bring(database, source, now=now, path=path, full=full, find=find)
        _judge(database, source, haul, report, now=now, progress=progress)
        report.seconds = time.monotonic() - started
        return report
    # The source is held before it is read: of two pulls at once the second is refused at once.
    run_id = report.run_id = lease.take(database, report)
    try:
        with lease.kept(database, run_id, source.key):
            _require_enabled(source, path)
            haul = _bring(database, source, now=now, path=path, full=full, find=find)
            _judge(database, source, haul, report, now=now, run_id=run_id, progress=progress)
    except BaseException as wrong:
        message = lease.why_ended(wrong)
        lease.give_back(database, run_id, status="failed", message=message, report=report)
        raise
    report.seconds = time.monotonic() - started
    everything = not report.stopped and not haul.gap
    lease.give_back(
        database,
        run_id,
        status="stopped" if report.stopped else "done",
        message=report.stopped or haul.gap,
        report=report,
        file_hash=haul.file_hash,
        cursor=haul.cursor if everything else None,
    )
    return report


def _require_enabled(source: FeedSource, path: Path | None) -> None:
    """Looking is free; what is written needs somebody who has said that it may be. A file is handed in by whoever writes it."""
    if path is None and source.way.form != "file" and not source.enabled:
        raise Invalid(
            "feed_not_set_up",
            f"来源 {source.key} 还没有启用，只能试运行：看过没有问题，在它的设置里写上 enabled = true（见 docs/feeds.md）。",
        )


def _place_of(source: FeedSource, path: Path | None) -> str:
    """Where the records come from, in a word: the name of a file or a folder, or an address without what it is asked with."""
    if path is not None or source.way.form == "file":
        return (path or source.file).name
    return source.way.folder.name if source.way.folder is not None else source.way.url.partition("?")[0]


def _bring(database: Database, source: FeedSource, *, now: datetime, path: Path | None, full: bool, find: Resolve) -> Haul:
    with database.read_session() as session:
        row = session.get(FeedCursor, source.key)
        cursor = Cursor(row.since, row.etag, row.last_modified, row.full_at) if row is not None else None
    # Adverts without an end of their own are renewed by being read: a list that never changes is read all the same now and then.
    stale = cursor is None or cursor.full_at is None or now - cursor.full_at > timedelta(days=source.valid_days / 4)
    return gather(source, cursor, now=now, path=path, full=full, refresh=stale, find=find)


def _judge(
    database: Database,
    source: FeedSource,
    haul: Haul,
    report: Report,
    *,
    now: datetime,
    run_id: int | None = None,
    progress: Progress | None = None,
) -> None:
    report.form, report.read, report.mode, report.gap = haul.form, len(haul.rows), haul.mode, haul.gap
    report.repeated = haul.repeated
    if haul.mode == "same":
        return
    records = list(records_of(haul.rows, source, haul.form))
    with database.read_session() as session:
        report.stopped = _weigh(session, source, haul, records)
    if report.stopped:
        return
    written = write_all(database, source, records, report, now=now, run_id=run_id, progress=progress)
    report.closed = close_vanished(database, source, haul, records, run_id=run_id, now=now)
    if run_id is not None:
        report.duplicates = mark_written(database, source.key, written, run_id=run_id, now=now)


def _weigh(session: Session, source: FeedSource, haul: Haul, records: Sequence[Record]) -> str:
    coming = {record.original_id for record in records if record.unusable is None}
    shown = set(session.scalars(select(Job.original_id).where(Job.source_key == source.key, Job.status == "open")))
    vanishing = shown - coming if haul.whole else shown & (haul.gone - coming)
    return objection(
        source.bounds,
        read=len(records),
        publishable=len(coming),
        shown=len(shown),
        vanishing=len(vanishing),
        extent="whole" if haul.whole else "part",
    )
