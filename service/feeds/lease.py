"""Only one pull of a source at a time, and a pull whose process died does not block the next.

The run's row holds the source (``running_key`` is unique). Every batch confirms the hold in its own transaction, so that a run
that was taken for dead can write nothing more.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from service import clock
from service.db import Database
from service.errors import Conflict, Refusal
from service.feeds.haul import Cursor
from service.feeds.models import FeedCursor, FeedRun
from service.feeds.report import Report
from service.jobs.models import FEED_RUN

SILENT = timedelta(seconds=120)
"""A run that has not confirmed its hold for this long is dead."""
BEAT_SECONDS = 20.0
"""How often a run says that it goes on while it asks, reads and judges: a slow page alone may take minutes."""
LONGEST_SECONDS = 2 * 3600
"""A run that goes on for longer hangs: it says so no more, and the next one takes its place."""
log = structlog.get_logger()


def take(database: Database, report: Report, action: str = "pull", *, rolls_back: int | None = None) -> int:
    """Begin a run and hold the source; the run's id. ``rolls_back``: the run that it is going to take back.

    Raises Conflict ``feed_running`` while another pull of it goes on, and ``feed_rollback_unfinished`` while half of a run is
    taken back: nothing is built on that.
    """
    moment = clock.now()
    key = report.source_key
    try:
        with database.write_session() as session:
            other = session.scalars(select(FeedRun).where(FeedRun.running_key == key).with_for_update()).one_or_none()
            if other is not None:
                if _alive(other, moment):
                    raise _busy(key, other.run_id, other.started_at)
                other.running_key, other.status, other.finished_at = None, "abandoned", moment
                other.message = "进程中断，由后面一次导入接着完成"
                session.flush()
            half = _half_rolled_back(session, key)
            if half not in {None, rolls_back}:
                raise Conflict(
                    "feed_rollback_unfinished",
                    f"来源 {key} 第 {half} 次导入的撤回还没有做完，请先对第 {half} 次再撤回一遍，把它做完。",
                )
            run = FeedRun(
                source_key=key,
                action=action,
                running_key=key,
                status="running",
                host=socket.gethostname()[:128],
                process=os.getpid(),
                started_at=moment,
                heartbeat_at=moment,
                file_name=report.file_name[:256],
                report={},
            )
            session.add(run)
            session.flush()
            return run.run_id
    except IntegrityError as wrong:  # the other one was quicker between our look and our insert
        raise _busy(key, None, moment) from wrong


def confirm(session: Session, run_id: int, key: str) -> None:
    """Say that this run still goes on; what the session does to jobs from here on bears the run's number in their history.

    Raises Conflict ``feed_taken_over`` when another run holds the source now.
    """
    done = session.execute(
        update(FeedRun).where(FeedRun.run_id == run_id, FeedRun.running_key == key).values(heartbeat_at=clock.now())
    )
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise Conflict("feed_taken_over", f"来源 {key} 已由另一次导入接手，这一次停止，没有再写入。")
    session.info[FEED_RUN] = run_id


@contextmanager
def kept(database: Database, run_id: int, key: str) -> Iterator[None]:
    """Say every few seconds, from a thread, that this run still goes on, whatever it is busy with. When another run holds the
    source all the same, the next batch is told (``confirm``); this thread only falls silent."""
    over, began = threading.Event(), time.monotonic()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS) and time.monotonic() - began < LONGEST_SECONDS:
            try:
                with database.write_session() as session:
                    confirm(session, run_id, key)
            except Conflict:
                return
            except SQLAlchemyError as away:  # the next beat may come through: several fit into the silence that is allowed
                log.warning("feed_heartbeat_failed", run_id=run_id, error=type(away).__name__)

    beating = threading.Thread(target=beat, name="feed-heartbeat", daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def give_back(
    database: Database,
    run_id: int,
    *,
    status: str,
    message: str,
    report: Report,
    file_hash: str = "",
    cursor: Cursor | None = None,
) -> None:
    """End a run and let go of the source; ``cursor`` is where the next one goes on, in the same transaction. A run that was taken
    over keeps what the taker wrote."""
    with database.write_session() as session:
        run = session.get(FeedRun, run_id)
        if run is not None and run.running_key is not None:
            run.running_key, run.status, run.finished_at, run.message = None, status, clock.now(), message[:512]
            run.report, run.file_hash = report.as_json(), file_hash
            if cursor is not None:
                row = FeedCursor(source_key=run.source_key, since=cursor.since, etag=cursor.etag, updated_at=clock.now())
                row.last_modified, row.full_at = cursor.last_modified, cursor.full_at
                session.merge(row)


def why_ended(wrong: BaseException) -> str:
    """Why a run broke off, as people read it; what only a maintainer understands goes to the log."""
    if isinstance(wrong, Refusal):
        return wrong.message
    log.error("feed_run_broke_off", error=type(wrong).__name__)
    return "中断：程序出错或被停止，维护人员请看日志。"


def let_go(database: Database, run_id: int, *, status: str, message: str) -> None:
    """End a run that has kept its own report, and let go of the source."""
    with database.write_session() as session:
        run = session.get(FeedRun, run_id)
        if run is not None and run.running_key is not None:
            run.running_key, run.status, run.finished_at, run.message = None, status, clock.now(), message[:512]


def _half_rolled_back(session: Session, key: str) -> int | None:
    """The run of a source whose taking back was begun and not ended."""
    target = aliased(FeedRun)
    return session.scalar(
        select(target.run_id)
        .join(FeedRun, FeedRun.rolls_back_id == target.run_id)
        .where(FeedRun.source_key == key, target.rolled_back_at.is_(None))
        .limit(1)
    )


def _alive(run: FeedRun, moment: datetime) -> bool:
    if run.host == socket.gethostname()[:128] and not _process_lives(run.process):
        return False
    return moment - run.heartbeat_at < SILENT


def _process_lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _busy(key: str, run_id: int | None, since: datetime) -> Conflict:
    which = f"第 {run_id} 次，" if run_id else ""
    return Conflict("feed_running", f"来源 {key} 正在导入（{which}{clock.show_minute(since)} 开始），请等它结束后再试。")
