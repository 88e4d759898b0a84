"""The one process that writes the index: it follows the change log and swaps generations.

The position in the log is stored inside the manifest, in the same step as the data. Killed at any moment, the next follower
begins exactly where the index stands: nothing is lost, nothing is done twice. If the index is missing, damaged or newer than the
database, it is built anew from the database, and ``/status`` says so.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from matching import IndexDamaged, IndexMissing, IndexWriter
from service import clock
from service.db import Database
from service.indexing import changes
from service.indexing.rows import jobs_now, open_jobs
from service.metrics import VISIBLE_SECONDS

log = structlog.get_logger()

REBUILD_SHARE = 0.2
"""From this share of the index on, a rebuild is quicker than tombstones and small segments."""
REBUILD_LEAST = 5_000
REBUILD_EVERY = timedelta(hours=24)
"""A full rebuild a day heals whatever was missed, drops what expired and refreshes the statistics of the words."""
DAILY = "每日重建"
FUTURE = timedelta(minutes=10)
"""An index built further ahead than this was built by a clock that has been put back: it would miss its daily rebuild."""
HEARTBEAT_SECONDS = 2.0


@contextmanager
def snapshot_session(database: Database) -> Iterator[Session]:
    """A read session in which every statement sees the same moment."""
    with database.read_session() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.execute(text("SELECT 1"))
        yield session


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the follower says of itself; a small file beside the index, read by ``/status``."""

    pid: int
    at: str
    generation: int
    last_rebuild_at: str | None
    last_rebuild_reason: str | None
    last_error: str | None


class Follower:
    """Follows the log into an index folder. One at a time: the writer holds a lock."""

    def __init__(self, database: Database, index_dir: Path, *, poll_seconds: float = 0.2) -> None:
        self.database = database
        self.index_dir = index_dir
        self.poll_seconds = poll_seconds
        self.stopping = threading.Event()
        self._rebuilt_at: str | None = None
        self._rebuild_reason: str | None = None
        self._error: str | None = None
        index_dir.mkdir(parents=True, exist_ok=True)
        self.writer = IndexWriter(index_dir)
        before = read_heartbeat(index_dir)
        if before:
            self._rebuilt_at, self._rebuild_reason = before.last_rebuild_at, before.last_rebuild_reason

    def rebuild(self, reason: str) -> int:
        """Build the whole index anew from one snapshot of the database. Gives the number of jobs."""
        began = time.monotonic()
        with snapshot_session(self.database) as session:
            position = changes.present(session)
            count = self.writer.rebuild(open_jobs(session), position.dump())
        self._rebuilt_at, self._rebuild_reason = clock.show(clock.now()), reason
        log.info("index_rebuilt", reason=reason, jobs=count, seconds=round(time.monotonic() - began, 2))
        self.beat()
        return count

    def step(self) -> int:
        """Bring the index up to the database. Gives the number of jobs that changed; 0 when there was nothing to do."""
        reason = self._rebuild_needed()
        if reason:
            return self.rebuild(reason)
        try:
            with snapshot_session(self.database) as session:
                since = changes.Position.load(self.writer.position)
                found = changes.read(session, since)
                if not found.job_ids:
                    return 0
                if len(found.job_ids) > max(REBUILD_LEAST, int(self.writer.jobs * REBUILD_SHARE)):
                    upserts = None
                else:
                    upserts, deletes = jobs_now(session, found.job_ids)
        except changes.LogRewound:
            return self.rebuild("数据库比索引旧（可能恢复过备份），已按数据库重建")
        if upserts is None:
            return self.rebuild(f"一次变动 {len(found.job_ids)} 个岗位，整体重建更快")
        generation = self.writer.apply(upserts, deletes, found.position.dump())
        for moment in found.written_at:
            VISIBLE_SECONDS.observe(max(0.0, (clock.now() - moment).total_seconds()))
        log.info("index_updated", upserts=len(upserts), deletes=len(deletes), generation=generation)
        return len(found.job_ids)

    def _rebuild_needed(self) -> str | None:
        try:
            self.writer.check()
        except IndexMissing:
            return "还没有索引，第一次建立"
        except IndexDamaged as damage:
            return f"索引文件损坏，已按数据库重建：{damage}"
        age = clock.seconds(clock.now()) - self.writer.built_at
        if self.writer.built_at and age > REBUILD_EVERY.total_seconds():
            return DAILY
        if age < -FUTURE.total_seconds():
            return "索引的时间在将来（时钟被拨回过），已按数据库重建"
        return None

    def run(self) -> None:
        """Until told to stop. A database that is away is waited for; the index that stands goes on being served."""
        merging = threading.Thread(target=self._merge, name="index-merge", daemon=True)
        merging.start()
        beat_at = 0.0
        while not self.stopping.is_set():
            try:
                busy = self.step() > 0
                self._error = None
            except SQLAlchemyError as trouble:
                self._error = f"数据库暂时连不上（{type(trouble).__name__}），会自动重试"
                log.warning("database_away", error=type(trouble).__name__)
                busy = False
                self.stopping.wait(1.0)
            except OSError as trouble:
                self._error = f"写索引文件失败（{trouble.strerror}），会自动重试"
                log.exception("index_write_failed", errno=trouble.errno)
                busy = False
                self.stopping.wait(2.0)
            if busy or time.monotonic() - beat_at > HEARTBEAT_SECONDS:
                beat_at = time.monotonic()
                self.beat()
            if not busy:
                self.stopping.wait(self.poll_seconds)

    def _merge(self) -> None:
        """Keep the segments few, beside the following: new jobs never wait for a merge."""
        while not self.stopping.wait(self.poll_seconds):
            try:
                began = time.monotonic()
                if self.writer.merge():
                    log.info("index_merged", seconds=round(time.monotonic() - began, 2))
            except (IndexMissing, IndexDamaged):
                continue  # the next step sees it too, and builds the index anew
            except OSError as trouble:
                log.warning("index_merge_failed", errno=trouble.errno)
                self.stopping.wait(2.0)

    def beat(self) -> None:
        """Say that we live, and what happened last."""
        state = Heartbeat(
            pid=os.getpid(),
            at=clock.show(clock.now()),
            generation=self.writer.generation,
            last_rebuild_at=self._rebuilt_at,
            last_rebuild_reason=self._rebuild_reason,
            last_error=self._error,
        )
        fresh = self.index_dir / f"follower.{os.getpid()}.tmp"
        try:
            fresh.write_text(json.dumps(asdict(state), ensure_ascii=False), encoding="utf-8")
            fresh.replace(self.index_dir / "follower.json")
        except OSError as trouble:  # a full disk must not stop the following; /status shows the age of the last beat
            log.warning("heartbeat_failed", errno=trouble.errno)

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Finish the step at hand and leave."""
        self.stopping.set()

    def close(self) -> None:
        """Give the lock back."""
        self.writer.close()


def read_heartbeat(index_dir: Path) -> Heartbeat | None:
    """The follower's last word, or None when there is none that can be read."""
    try:
        return Heartbeat(**json.loads((index_dir / "follower.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def follow(database: Database, index_dir: Path, poll_seconds: float) -> None:
    """Run a follower in this process until SIGTERM or SIGINT, or until the process that started it is gone."""
    follower = Follower(database, index_dir, poll_seconds=poll_seconds)
    signal.signal(signal.SIGTERM, follower.stop)
    signal.signal(signal.SIGINT, follower.stop)
    try:
        follower.run()
    finally:
        follower.close()
