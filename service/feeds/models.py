"""Runs and records of the feeds. Nothing of a file is thrown away: what was not published is kept with its reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.crypto.sealed import Sealed, SealedRow
from service.db import BIG_ID, Base, UtcDateTime

RUN_STATUSES = ("running", "done", "stopped", "failed", "abandoned")
"""``stopped``: the guard stood in the way and nothing was written; ``failed``: broke off, batches before it stay; ``abandoned``:
the process died, and a later run took its place."""
RUN_NAMES = {"running": "正在导入", "done": "完成", "stopped": "已停止", "failed": "失败", "abandoned": "中断"}
OUTCOMES = ("published", "unchanged", "held", "rejected")
"""Each record of a file is in exactly one of these after a run."""
STEPS = ("fetched", "parsed", "normalised", "placed", "classified", "checked", "deduplicated", "published")
"""What each record goes through, in this order (docs/feeds.md)."""
ACTIONS = ("pull", "replay", "rollback")
ROLLED_BACK = "rolled_back"
"""The reason of a record whose run was taken back: it waits for what the source says next."""


class FeedRun(Base):
    """One pull of one source that was meant to write, one replay of what was pulled, or the taking back of such a run
    (``action``). ``report`` holds the counts by outcome and by reason.

    ``rolls_back_id`` is the run that a rollback takes back, once it has begun to write; ``rolled_back_at`` is set on that run
    when all of it is taken back.
    """

    __tablename__ = "feed_run"

    run_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    source_key: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(8), default="pull", server_default="pull")
    running_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    """The source while the run goes on, empty afterwards: two pulls of one source cannot both hold it."""
    status: Mapped[str] = mapped_column(String(16), default="running")
    host: Mapped[str] = mapped_column(String(128), default="")
    process: Mapped[int] = mapped_column(Integer, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file_name: Mapped[str] = mapped_column(String(256), default="")
    file_hash: Mapped[str] = mapped_column(String(64), default="")
    message: Mapped[str] = mapped_column(String(512), default="")
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    rolls_back_id: Mapped[int | None] = mapped_column(BigInteger)
    rolled_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("status in ('running', 'done', 'stopped', 'failed', 'abandoned')", name="status"),
        Index("ix_feed_run_source_key_run_id", "source_key", "run_id"),
    )


class FeedRecord(SealedRow, Base):
    """One record of a source, as it was last seen.

    ``copy`` is 0 for the first record of an id in the file, 1 and up for its duplicates. ``run_id`` is the run that saw it last,
    ``row_no`` its line in that file (data rows counted from 1). ``parsed`` is empty where the record could not be read into
    an advert at all. ``vanished_at`` is set when a later file no longer had it. ``steps`` maps each of :data:`STEPS` that was
    reached to [result, code, sentence]; ``stopped_at`` is the step that ended it, empty when it went through. ``contact`` is the
    number and the name that were lifted out, on two lines; it goes with the record when that vanishes.
    """

    __tablename__ = "feed_record"

    record_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    source_key: Mapped[str] = mapped_column(String(32))
    original_id: Mapped[str] = mapped_column(String(128))
    copy: Mapped[int] = mapped_column(Integer, default=0)
    run_id: Mapped[int] = mapped_column(ForeignKey("feed_run.run_id"), index=True)
    row_no: Mapped[int] = mapped_column(Integer)
    raw: Mapped[dict[str, Any]] = mapped_column(JSON)
    parsed: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    content_hash: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    reason_code: Mapped[str] = mapped_column(String(32), default="")
    reason: Mapped[str] = mapped_column(String(512), default="")
    steps: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))
    stopped_at: Mapped[str] = mapped_column(String(16), default="", server_default="")
    contact_sealed: Mapped[str | None] = mapped_column(Text)
    contact = Sealed("contact")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.job_id", ondelete="SET NULL"), index=True)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("source_key", "original_id", "copy"),
        CheckConstraint("outcome in ('published', 'unchanged', 'held', 'rejected')", name="outcome"),
        Index("ix_feed_record_source_key_outcome", "source_key", "outcome", "reason_code"),
    )


class FeedCursor(Base):
    """How far a source was read, written only after a pull that brought everything it should.

    ``since`` is the server's own mark for the next delta, ``etag`` and ``last_modified`` say which version of its list we have,
    ``full_at`` is when the whole list was last seen.
    """

    __tablename__ = "feed_cursor"

    source_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    since: Mapped[str] = mapped_column(String(128), default="")
    etag: Mapped[str] = mapped_column(String(256), default="")
    last_modified: Mapped[str] = mapped_column(String(64), default="")
    full_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FeedDigest(Base):
    """How one source stood on the morning of a day (Beijing): ``counts`` of its last run, and what was out of its habit.

    One row a day and source. ``oddities`` is a list of :class:`service.feeds.habits.Oddity` as plain mappings.
    """

    __tablename__ = "feed_digest"

    digest_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    source_key: Mapped[str] = mapped_column(String(32))
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    shown: Mapped[int] = mapped_column(Integer)
    runs: Mapped[int] = mapped_column(Integer)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    oddities: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("day", "source_key"),)
