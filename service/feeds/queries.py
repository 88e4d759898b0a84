"""What the tables say about sources: the last run, what is shown, and why the rest is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.feeds.models import FeedRecord, FeedRun
from service.jobs.models import Job


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source now. ``shown`` adverts are open, within their validity and no other's copy; ``outcomes``
    counts the records of the last file."""

    source_key: str
    last_run: FeedRun | None
    shown: int
    first_end: datetime | None
    outcomes: dict[str, int]


def source_state(session: Session, key: str, now: datetime) -> SourceState:
    """How a source stands. ``first_end`` is when the first of its shown adverts runs out."""
    last = session.scalars(
        select(FeedRun).where(FeedRun.source_key == key).order_by(FeedRun.run_id.desc()).limit(1)
    ).one_or_none()
    shown, first_end = session.execute(
        select(func.count(), func.min(Job.valid_until)).where(
            Job.source_key == key, Job.status == "open", Job.duplicate_of_id.is_(None), Job.valid_until > now
        )
    ).one()
    outcomes = session.execute(
        select(FeedRecord.outcome, func.count())
        .where(FeedRecord.source_key == key, FeedRecord.vanished_at.is_(None))
        .group_by(FeedRecord.outcome)
    )
    return SourceState(key, last, shown, first_end, {row[0]: row[1] for row in outcomes})


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many records of the last file ended with one reason."""

    outcome: str
    code: str
    count: int
    example: str


def reasons(session: Session, key: str) -> list[ReasonCount]:
    """The reasons of everything not published, most frequent first."""
    rows = session.execute(
        select(FeedRecord.outcome, FeedRecord.reason_code, func.count(), func.min(FeedRecord.reason))
        .where(FeedRecord.source_key == key, FeedRecord.reason_code != "", FeedRecord.vanished_at.is_(None))
        .group_by(FeedRecord.outcome, FeedRecord.reason_code)
        .order_by(func.count().desc(), FeedRecord.reason_code)
    )
    return [ReasonCount(*row) for row in rows]


def unpublished(session: Session, key: str, *, code: str | None, limit: int) -> list[FeedRecord]:
    """Records that were not published, in the order of the file; with ``code`` only those of one reason."""
    asked = select(FeedRecord).where(
        FeedRecord.source_key == key, FeedRecord.outcome.in_(("held", "rejected")), FeedRecord.vanished_at.is_(None)
    )
    if code:
        asked = asked.where(FeedRecord.reason_code == code)
    return list(session.scalars(asked.order_by(FeedRecord.row_no).limit(limit)))
