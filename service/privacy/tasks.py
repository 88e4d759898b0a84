"""The background work of privacy: erasing who has left, and what is past its day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.privacy.leave import ERASE, erase
from service.privacy.limits import limits
from service.privacy.retention import BATCH, PEOPLE, forget_old, leave_inactive, notice_inactive
from service.search.log import forget_old as forget_old_searches
from service.tasks import enqueue, every, handler

RETENTION = "privacy.retention"
SEARCHES = "search.forget"
every(RETENTION, daily_at="03:50")
every(SEARCHES, daily_at="03:55")


@handler(ERASE)
def erase_person(session: Session, payload: dict[str, Any], now: datetime) -> None:
    """Empty the rows of a person who left. Under a legal hold nothing is done; lifting it asks again."""
    erase(session, int(payload["erasure_id"]), now)


@handler(RETENTION)
def keep_no_longer(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """One batch of what is past its day, then another task for the rest, so that no transaction holds the database for long."""
    gone = forget_old(session, now)
    noticed = notice_inactive(session, now)
    left = leave_inactive(session, now)
    if gone >= BATCH or len(noticed) >= PEOPLE or left >= PEOPLE:
        enqueue(session, RETENTION, {})


@handler(SEARCHES)
def forget_searches(session: Session, _payload: dict[str, Any], now: datetime) -> None:
    """Counts of searches are past their day, too."""
    forget_old_searches(session, now - limits()["search_logs"].kept)
