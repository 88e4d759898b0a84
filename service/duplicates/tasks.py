"""Background work for duplicates: after each change, when the advert that stands for others has run out, and all at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from service.duplicates.find import find
from service.duplicates.mark import mark
from service.jobs.marking import BATCH, MARK
from service.jobs.models import Job
from service.tasks import Outside, enqueue, every, handler, outside_handler

FIND: Final = "duplicates.find"
FOLLOW: Final = "duplicates.follow"
FOLLOW_SECONDS: Final = 120
AGAIN: Final = timedelta(seconds=5)

every(FIND, daily_at="01:20")
every(FOLLOW, seconds=FOLLOW_SECONDS)


@handler(MARK)
def mark_changed(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Compare what a transaction changed; what somebody holds just now, in a moment."""
    missed = mark(session, [int(job_id) for job_id in payload["job_ids"]], now).missed
    known = set(session.scalars(select(Job.job_id).where(Job.job_id.in_(missed)))) if missed else set()
    if known:
        enqueue(session, MARK, {"job_ids": sorted(known)[:BATCH]}, due_at=now + AGAIN)


@handler(FOLLOW)
def follow_the_clock(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Time passes without a change: where an advert that stands for others has run out, the next takes its place."""
    head = aliased(Job)
    orphaned = session.scalars(
        select(Job.job_id)
        .join(head, head.job_id == Job.duplicate_of_id)
        .where(
            Job.status == "open",
            Job.valid_until > now,
            or_(head.status != "open", head.valid_until <= now, head.duplicate_of_id.is_not(None)),
        )
        .order_by(Job.job_id)
        .limit(BATCH)
    ).all()
    if orphaned:
        mark(session, orphaned, now)


@outside_handler(FIND, longest_seconds=3_600)
def find_all(outside: Outside, _payload: dict[str, Any], now: datetime) -> None:
    """Compare all with all, and mend what is not so."""
    find(outside.database, now, write=True)
